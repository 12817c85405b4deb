"""Which components a hub name means: registered on this machine, mirrored, or built in.

`<home>/hub/[<owner>/]<name>/<version>.yaml` registers one; `hub://<owner>` in the mirrors leads elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from polyaxon.errors import NotFoundError, UsageError
from polyaxon.model.record import dataclass

__all__ = [
    "BUILT_IN",
    "TUNERS",
    "Entry",
    "HubName",
    "built_in_text",
    "entries",
    "not_found",
    "parse_name",
    "registered_file",
]

PUBLIC = "polyaxon"
_IMAGE_BUILD = ("dokerizer", "dockerizer", "dockerize", "kaniko", "buildkit")
"""All names under which files in the world know the image build."""
BUILT_IN: dict[str, str] = {
    **dict.fromkeys(_IMAGE_BUILD, "image-build"),
    **dict.fromkeys(
        ("slack", "discord", "mattermost", "teams", "pagerduty", "hipchat", "webhook", "email", "notifier"),
        "notify",
    ),
    "tensorboard": "tensorboard",
    "tensorboard:path": "tensorboard-path",
    "tensorboard:multi-runs": "tensorboard-multi-runs",
    "jupyterlab": "jupyterlab",
    "notebook": "jupyterlab",
    "cleaner": "cleaner",
}
"""Name (and version, where it matters) → file of `components/`."""
TUNERS = frozenset({"hyperopt-tuner", "tpe-tuner", "bayes-tuner", "hyperband-tuner"})
"""Searches that run inside the scheduler: their component describes them and starts nothing."""

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class HubName:
    """A hub reference, taken apart."""

    owner: str
    name: str
    version: str

    def __str__(self) -> str:
        owner = "" if self.owner == PUBLIC else f"{self.owner}/"
        return f"{owner}{self.name}:{self.version}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `polyaxon hub ls`."""

    name: str
    source: str
    """`built-in`, or the file."""


def parse_name(ref: str) -> HubName:
    """Return `[owner/]name[:version]` taken apart; a dot separates owner and name like a slash."""
    path, _, version = ref.strip().partition(":")
    owner, separator, name = path.partition("/")
    if not separator:
        owner, separator, name = path.partition(".")
    if not separator:
        owner, name = PUBLIC, path
    parts = (owner, name, version or "latest")
    if not all(_PART.fullmatch(part) for part in parts):
        raise UsageError(f"`{ref}` is not the name of a component", "write `[owner/]name[:version]`")
    return HubName(*parts)


def registered_file(home: str, hub: HubName) -> Path | None:
    """Return the file that registers the component on this machine."""
    directories = [Path(home, "hub", hub.owner, hub.name)]
    if hub.owner == PUBLIC:
        directories.append(Path(home, "hub", hub.name))
    for directory in directories:
        for suffix in (".yaml", ".yml", ".json"):
            file = directory / f"{hub.version}{suffix}"
            if file.is_file():
                return file
    return None


def built_in_text(hub: HubName) -> str | None:
    """Return the built-in component of that name.

    Any version of one is the one there is; another owner's image build means the same work, so it finds it too.
    """
    if hub.name in TUNERS:
        return _read("tuner").replace("NAME", hub.name)
    if hub.owner != PUBLIC and BUILT_IN.get(hub.name) not in {"image-build", "tensorboard"}:
        return None
    file = BUILT_IN.get(f"{hub.name}:{hub.version}") or BUILT_IN.get(hub.name)
    return None if file is None else _read(file).replace("NAME", hub.name)


def not_found(home: str, hub: HubName) -> NotFoundError:
    """Return the error for a name that nothing answers to, with the nearest known one."""
    known = [entry.name for entry in entries(home)]
    versions = [name for name in known if name.split(":")[0] == hub.name]
    near = versions or get_close_matches(hub.name, known, n=1, cutoff=0.6)
    advice = f"did you mean `{near[0]}`?" if near else "`polyaxon hub ls` lists the known ones"
    return NotFoundError(f"there is no component `{hub}` in the hub", advice)


def entries(home: str) -> list[Entry]:
    """Return all components that can be referred to, by name."""
    registered = {name: Entry(name, str(file)) for name, file in _registered(Path(home, "hub"))}
    built_in = {name: Entry(name, "built-in") for name in (*BUILT_IN, *TUNERS)}
    return [entry for _, entry in sorted({**built_in, **registered}.items())]


def _registered(root: Path) -> Iterator[tuple[str, Path]]:
    if not root.is_dir():
        return
    for directory, _, names in os.walk(root):
        for name in sorted(names):
            file = Path(directory, name)
            if file.suffix in {".yaml", ".yml", ".json"}:
                component = file.parent.relative_to(root).as_posix()
                yield (component if file.stem == "latest" else f"{component}:{file.stem}"), file


def _read(name: str) -> str:
    return files("polyaxon.hub").joinpath("components", f"{name}.yaml").read_text(encoding="utf-8")
