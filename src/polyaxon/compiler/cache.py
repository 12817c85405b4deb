"""Which earlier run could stand in for this one: the cache key, and the parts it is made of.

The parts are kept beside the key, so that a miss can be explained field by field. The runtime section takes part as it
is written, before its templates are rendered: what it depends on is in the inputs, and `globals.uuid` in an argument
must not make every run unlike every other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from polyaxon.compiler.kinds import roles
from polyaxon.spec.types import plain

if TYPE_CHECKING:
    from polyaxon.compiler.compiled import Compiled

__all__ = ["cache_key"]

_CONTAINER = ("image", "command", "args", "env", "envFrom", "workingDir")
_REPLICAS = ("replicas", "minReplicas", "maxReplicas", "rayStartParams")


def cache_key(compiled: Compiled, project: str, digests: Mapping[str, str] | None = None) -> tuple[str, dict[str, Any]]:
    """Return the key, 32 hexadecimal digits, and its parts.

    `digests` names what the run reads besides its inputs (code, mounted files, the image's own digest).
    """
    parts = _parts(compiled, project, digests or {})
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return blake2b(text.encode(), digest_size=16).hexdigest(), parts


def _parts(compiled: Compiled, project: str, digests: Mapping[str, str]) -> dict[str, Any]:
    wanted, sections = compiled.cache.io, compiled.cache.sections
    parts: dict[str, Any] = {
        "project": project,
        "kind": str(compiled.kind),
        "runtime": compiled.runtime,
        "digests": dict(digests),
    }
    for name, bounds in compiled.bindings.by_section():
        kept = (bound for bound in bounds if wanted is None or bound.name in wanted)
        parts[name] = {
            bound.name: [bound.type, plain(bound.value)]
            for bound in kept
            if name == "inputs" or bound.value is not None
        }
    for section, read in _SECTIONS.items():
        if sections is None or section in sections:
            parts[section] = read(compiled.run)
    if compiled.run["kind"] == "dag":
        parts["operations"] = [compiled.run.get("operations"), compiled.run.get("components")]
    return parts


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
