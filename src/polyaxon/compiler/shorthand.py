"""The short fields of a file (`cmd`, `env`, `resources`, …) turned into the runtime section they stand for.

`lower` takes one layer: its runtime section as composed so far, and its short fields. What it cannot place it reports
through `say(path, message, suggestion)` and leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from polyaxon.compiler.kinds import map_roles
from polyaxon.compiler.merge import Nested, Strategy, combine

__all__ = ["FIELDS", "Say", "lower"]

Say = Callable[[tuple[str | int, ...], str, str | None], None]
Data = dict[str, Any]

FIELDS = ("ports", "container", "cmd", "env", "resources", "environment", "init", "connections", "sidecars", "volumes")
"""The short fields in the order in which they apply."""

_ON_DAG = frozenset({"environment", "connections", "volumes"})
_NESTED = {"container": Nested(), "environment": Nested()}
_SHELL = ["/bin/sh", "-c"]
_COUNTED = frozenset({"gpu"})


def lower(run: Mapping[str, Any] | None, layer: Mapping[str, Any], strategy: Strategy, say: Say) -> Data | None:
    """Return the runtime section with the layer's short fields in it; None when there is neither."""
    given = {name: layer[name] for name in FIELDS if layer.get(name) is not None}
    if run is None:
        kind = "service" if "ports" in given else "job" if given or "container" in layer else None
        if kind is None:
            return None
        run = {"kind": kind}
    result = dict(run)
    for name, value in given.items():
        problem = _misplaced(name, result["kind"])
        if problem is None:
            result = _LOWER[name](result, value, strategy)
        else:
            say((name,), *problem)
    return result


def _misplaced(name: str, kind: str) -> tuple[str, str | None] | None:
    if name == "ports" and kind != "service":
        return f"`ports` cannot be given to a `{kind}`", "write `kind: service` in `run`, or remove `ports`"
    if kind == "dag" and name not in _ON_DAG:
        return f"`{name}` cannot be given to a dag", f"put `{name}` on the operations that need it"
    return None


def _field(name: str) -> Callable[[Data, Any, Strategy], Data]:
    """Return how a field merges that is called the same in every role."""

    def merged(run: Data, value: Any, strategy: Strategy) -> Data:
        return map_roles(run, lambda role: {**role, name: combine(role.get(name), value, strategy, _NESTED.get(name))})

    return merged


def _ports(run: Data, value: Any, strategy: Strategy) -> Data:
    return {**run, "ports": combine(run.get("ports"), value, strategy)}


def _in_container(change: Callable[[Data, Any, Strategy], Data]) -> Callable[[Data, Any, Strategy], Data]:
    """Return how a field merges that lives in the container of every role."""

    def merged(run: Data, value: Any, strategy: Strategy) -> Data:
        def changed(role: Data) -> Data:
            container = role.get("container") or {}
            return {**role, "container": change(container, value, strategy)} if _is_sound(container) else role

        return map_roles(run, changed)

    return merged


def _is_sound(container: Any) -> bool:
    """Whether fields can be merged into the container; what is wrong with it is said when the whole is read."""
    if not isinstance(container, Mapping):
        return False
    env, resources = container.get("env"), container.get("resources")
    if isinstance(env, list) and not all(isinstance(entry, Mapping) and "name" in entry for entry in env):
        return False
    sides = [resources.get(side) for side in ("requests", "limits")] if isinstance(resources, Mapping) else [resources]
    return all(side is None or isinstance(side, Mapping) for side in sides)


def _cmd(container: Data, lines: Any, strategy: Strategy) -> Data:
    if not strategy.patch_wins and (container.get("command") or container.get("args")):
        return container
    script = [lines] if isinstance(lines, str) else lines
    return {**container, "command": list(_SHELL), "args": ["set -e\n" + "\n".join(script)]}


def _env(container: Data, values: Any, strategy: Strategy) -> Data:
    new = [{"name": name, "value": value} for name, value in values.items()]
    old = container.get("env")
    if not isinstance(old, list):
        kept = old is not None and not strategy.patch_wins
        return container if kept else {**container, "env": new}
    match strategy:
        case Strategy.REPLACE:
            entries = new
        case Strategy.ISNULL:
            entries = old
        case Strategy.POST_MERGE:
            entries = [*old, *new]
        case Strategy.PRE_MERGE:
            entries = [*new, *old]
    return {**container, "env": _last_of_each_name(entries) if strategy not in _WHOLE else entries}


_WHOLE = frozenset({Strategy.REPLACE, Strategy.ISNULL})


def _last_of_each_name(entries: list[Data]) -> list[Data]:
    last = {entry["name"]: index for index, entry in enumerate(entries)}
    return [entry for index, entry in enumerate(entries) if last[entry["name"]] == index]


def _resources(container: Data, values: Any, strategy: Strategy) -> Data:
    """Each named resource is one thing: its request and limit come from the same side."""
    native = container.get("resources") or {}
    sides = {side: dict(native.get(side) or {}) for side in ("requests", "limits")}
    for short, written in values.items():
        name = "nvidia.com/gpu" if short == "gpu" else short
        if not strategy.patch_wins and any(name in amounts for amounts in sides.values()):
            continue
        for side, amount in zip(sides, _range(short, written), strict=True):
            sides[side].pop(name, None)
            if amount is not None:
                sides[side][name] = amount
    others = {key: value for key, value in native.items() if key not in sides}
    return {**container, "resources": {**others, **{side: amounts for side, amounts in sides.items() if amounts}}}


def _range(name: str, written: Any) -> tuple[Any, Any]:
    """Return the request and the limit that `1`, `"1..2"`, `"..2"` or `"1.."` stand for."""
    counted = name in _COUNTED or "/" in name
    if isinstance(written, str) and ".." in written:
        low, high = (part.strip() or None for part in written.split("..", 1))
        if counted:
            return (int(low) if low else None), (int(high) if high else None)
        return low, high
    amount = int(written) if counted else written
    return amount, amount if counted else None


_LOWER: Mapping[str, Callable[[Data, Any, Strategy], Data]] = {
    "ports": _ports,
    "cmd": _in_container(_cmd),
    "env": _in_container(_env),
    "resources": _in_container(_resources),
    **{name: _field(name) for name in ("container", "environment", "init", "connections", "sidecars", "volumes")},
}

assert set(_LOWER) == set(FIELDS)
