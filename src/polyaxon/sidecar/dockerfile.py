"""The text of a Dockerfile from the fields of the `dockerfile` init step. Pure; the order of lines is the format's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["render_dockerfile"]

_WORKDIR = "/code"


def render_dockerfile(spec: Mapping[str, Any]) -> str:
    """Return the Dockerfile that the fields describe."""
    return "\n".join(_lines(spec)) + "\n"


def _lines(spec: Mapping[str, Any]) -> Iterator[str]:
    workdir = spec.get("workdir") or _WORKDIR
    yield f"FROM {spec['image']}"
    if spec.get("langEnv"):
        yield from (f"ENV {name} {spec['langEnv']}" for name in ("LC_ALL", "LANG", "LANGUAGE"))
    shell = spec.get("shell", "/bin/bash")
    if shell:
        yield f"ENV SHELL {shell}"
    yield from (f'ENV PATH="${{PATH}}:{path}"' for path in spec.get("path") or ())
    yield from (f"ENV {name} {value}" for name, value in _pairs(spec.get("env")))
    yield f"WORKDIR {workdir}"
    yield from _copies(spec.get("copy"), workdir)
    yield from (f"RUN {command}" for command in _texts(spec.get("run")))
    yield from _copies(spec.get("postRunCopy"), workdir)
    if spec.get("uid") and spec.get("gid"):
        user, uid, gid = spec.get("username") or "polyaxon", spec["uid"], spec["gid"]
        yield f"# The user `{user}`; the image's user stays what it is."
        yield f"RUN groupadd -g {gid} -r polyaxon && useradd -r -m -g polyaxon -u {uid} {user}"
    if spec.get("workdirPath"):
        yield f"COPY {spec['workdirPath']} {workdir}"


def _copies(value: Any, workdir: str) -> Iterator[str]:
    for item in [value] if isinstance(value, str) else value or ():
        source, target = (item, workdir) if isinstance(item, str) else item
        yield f"COPY {source} {target}"


def _texts(value: Any) -> Iterable[str]:
    return [value] if isinstance(value, str) else value or ()


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
        return
    for item in value or ():
        if isinstance(item, Mapping):
            yield from [(item["name"], item.get("value", ""))] if "name" in item else item.items()
        else:
            yield item[0], item[1]
