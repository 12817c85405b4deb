"""Which earlier run could stand in for this one: the cache key, and the parts it is made of.

The parts are kept beside the key, so that a miss can be explained field by field. The runtime section takes part as it
is written, before its templates are rendered: what it depends on is in the inputs, and `globals.uuid` in an argument
must not make every run unlike every other. Nor must it in the value of an input, which is rendered: a path into the
run's own directory says nothing about the work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from polyaxon.compiler.kinds import roles
from polyaxon.model.json_text import encoder
from polyaxon.spec.types import plain

if TYPE_CHECKING:
    from polyaxon.compiler.compiled import Compiled
    from polyaxon.compiler.context import Bound

__all__ = ["NOT_OVER", "cache_key", "differences"]

NOT_OVER = ", not over"
"""Marks the digest of an upstream that went on when the run began."""

_CONTAINER = ("image", "command", "args", "env", "envFrom", "workingDir")
_REPLICAS = ("replicas", "minReplicas", "maxReplicas", "rayStartParams")


def cache_key(
    compiled: Compiled, project: str, digests: Mapping[str, str] | None = None, own: str = ""
) -> tuple[str, str]:
    """Return the key, 32 hexadecimal digits, and its parts as the text that it is the digest of.

    `digests` names what the run reads besides its inputs (code, mounted files, the image's own digest), `own` is its
    uuid.
    """
    texts = {
        **_parts_of_layout(compiled),
        "project": _dump(project),
        "digests": _dump(dict(digests)) if digests else "{}",
    }
    wanted = compiled.cache.io
    for name, bounds in compiled.bindings.by_section():
        texts[name] = _dump(_values(name, bounds, wanted)) if bounds else "{}"
    members = ",".join([f'"{name}":{texts[name]}' for name in sorted(texts)])
    text = f"{{{members}}}"
    if own and own in text:
        text = text.replace(own, "{{ globals.uuid }}")
    return blake2b(text.encode(), digest_size=16).hexdigest(), text


def differences(then: str, now: str) -> dict[str, tuple[Any, Any]]:
    """Return what differs between the parts of two keys: the field, as the file names it, → (then, now).

    A value that is absent is None.
    """
    before, after = _fields(json.loads(then)), _fields(json.loads(now))
    names = [name for name in dict.fromkeys((*after, *before)) if before.get(name) != after.get(name)]
    # Another value may come with another type: once is enough.
    told = (name for name in names if name.removeprefix(_TYPE_OF) == name or name.removeprefix(_TYPE_OF) not in names)
    return {name: (before.get(name), after.get(name)) for name in told}


def _parts_of_layout(compiled: Compiled) -> Mapping[str, str]:
    """Return the JSON of the parts that have no values in them: where no value decides about the sections either, they
    are written once for all operations of the layout."""
    layout = compiled.layout
    if layout.settings is not None and layout.key_parts is not None:
        return layout.key_parts
    sections = compiled.cache.sections
    parts: dict[str, Any] = {"kind": str(compiled.kind), "runtime": compiled.runtime}
    for section, read in _SECTIONS.items():
        if sections is None or section in sections:
            parts[section] = read(compiled.run)
    if compiled.run["kind"] == "dag":
        parts["operations"] = [compiled.run.get("operations"), compiled.run.get("components")]
    texts = {name: _dump(part) for name, part in parts.items()}
    if layout.settings is not None:
        layout.key_parts = texts
    return texts


def _values(section: str, bounds: Iterable[Bound], wanted: tuple[str, ...] | None) -> dict[str, Any]:
    return {
        bound.name: [bound.type, plain(bound.value)]
        for bound in bounds
        if (wanted is None or bound.name in wanted) and (section == "inputs" or bound.value is not None)
    }


_dump = encoder(str, ascii_only=True, sort=True)


def _containers(run: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = [_own(run)]
    for path, role in roles(run):
        containers = [role.get("container"), *(role.get("sidecars") or ())]
        found.append([list(path), _some(role, _REPLICAS), [_some(item, _CONTAINER) for item in containers if item]])
    return found


def _own(run: Mapping[str, Any]) -> dict[str, Any]:
    """The runtime's own scalars: how many processes, which entry point."""
    return {key: value for key, value in run.items() if not isinstance(value, (Mapping, list))}


def _some(value: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: value[key] for key in keys if key in value}


def _init(run: Mapping[str, Any]) -> list[Any]:
    return [entry for _, role in roles(run) for entry in role.get("init") or ()]


def _connections(run: Mapping[str, Any]) -> list[Any]:
    return sorted({str(name) for _, role in roles(run) for name in role.get("connections") or ()})


_SECTIONS = {"containers": _containers, "init": _init, "connections": _connections}
"""The sections that `cache.sections` names."""


# Parts by the names that fields have in the file, for explanations.


def _fields(parts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: parts.get(name) for name in ("project", "kind", "runtime", "operations")}
    for section in ("inputs", "outputs", "contexts"):
        for name, (kind, value) in (parts.get(section) or {}).items():
            found[f"{section}.{name}"] = value
            found[f"{_TYPE_OF}{section}.{name}"] = kind
    for name, digest in (parts.get("digests") or {}).items():
        found[_DIGESTS.get(name, name)] = digest
    own, *replicas = parts.get("containers") or [{}]
    found |= {f"run.{key}": value for key, value in own.items()}
    for path, settings, containers in replicas:
        role = ".".join(map(str, path)) + "." if path else ""
        found |= {f"{role}{key}": value for key, value in settings.items()}
        for place, container in enumerate(containers):
            name = f"{role}container" if place == 0 else f"{role}sidecars[{place - 1}]"
            found |= {f"{name}.{key}": value for key, value in container.items()}
    found |= {f"init[{place}]": entry for place, entry in enumerate(parts.get("init") or ())}
    if parts.get("connections"):
        found["connections"] = parts["connections"]
    return found


_TYPE_OF = "type of "
_DIGESTS = {"image": "the image that was built"}
