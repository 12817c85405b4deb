"""Which operations of a dag wait for which, or for runs elsewhere, and why: dependencies, values taken, events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from polyaxon.compiler.facts import Ref, RefError, read_ref
from polyaxon.model.status import FINAL, Status
from polyaxon.spec.component import Authored

__all__ = ["EdgeInfo", "Endless", "abroad", "awaits_start", "upstreams"]

_NO_VALUES: Mapping[str, str] = MappingProxyType({})
_NOBODY: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class EdgeInfo(NamedTuple):
    """Why one operation waits for another. `depends`: a dependency or a param, to which the trigger applies.

    `values` maps params to the path of what they take; `events` are the statuses that start it (`running`, `done`, …).
    """

    depends: bool = False
    values: Mapping[str, str] = _NO_VALUES
    events: tuple[str, ...] = ()


def upstreams(operation: Authored) -> dict[str, EdgeInfo]:
    """Return the operations of the same dag that this one waits for, and why."""
    edges = dict.fromkeys(operation.dependencies or (), _DEPENDS)
    for name, param in (operation.params or {}).items():
        upstream = _operation_of(param.ref) if param.ref is not None else None
        if upstream is not None:
            known = edges.get(upstream, _DEPENDS).values
            edges[upstream] = EdgeInfo(True, {**known, name: str(param.value)})
    for event in operation.events or ():
        upstream = _operation_of(event.ref)
        if upstream is not None:
            heard = _statuses(event.kinds)
            edge = edges.get(upstream, EdgeInfo() if heard else _DEPENDS)
            edges[upstream] = edge._replace(events=(*edge.events, *heard))
    return edges


def abroad(operation: Authored) -> Mapping[str, tuple[str, ...]]:
    """Return the runs that need not be of the same tree whose events this one waits for, and the statuses."""
    if not operation.events:
        return _NOBODY
    found: dict[str, tuple[str, ...]] = {}
    for event in operation.events:
        ref = _read(event.ref)
        if ref is not None and ref.kind == "runs":
            found[ref.name] = (*found.get(ref.name, ()), *(_statuses(event.kinds) or _WELL))
    return found


class Endless:
    """Which operations of a dag cannot start, or not end, while its services run on. To be told upstreams first."""

    def __init__(self) -> None:
        self._ends_later: set[str] = set()
        self._starts_later: set[str] = set()

    def runs_on(self, name: str) -> None:
        """Note an operation that goes on until it is stopped."""
        self._ends_later.add(name)

    def starts_later(self, name: str) -> None:
        """Note an operation that waits for the end of one that goes on."""
        self._ends_later.add(name)
        self._starts_later.add(name)

    def lets_start(self, edges: Mapping[str, EdgeInfo], trigger: str) -> bool:
        """Whether what waits for these operations may start before any service ends."""
        if not edges:
            return True
        heard = {name: edge.events for name, edge in edges.items() if edge.events}
        if heard:
            return any(
                name not in self._ends_later or (name not in self._starts_later and awaits_start(events))
                for name, events in heard.items()
            )
        some = any if trigger.startswith("one_") else all
        return some(name not in self._ends_later for name in edges)


def awaits_start(events: Iterable[str]) -> bool:
    """Whether one of the events is a status that an upstream has before its end."""
    return not _BEFORE_END.isdisjoint(events)


_BEFORE_END = frozenset(status.value for status in Status if status not in FINAL)


def _statuses(kinds: Iterable[str]) -> list[str]:
    return [kind.removeprefix(_STATUS) for kind in kinds if kind.startswith(_STATUS)]


_WELL = ("succeeded", "skipped")
_STATUS = "run_status_"
"""Events of the other kinds are sent by nobody here: naming them makes an ordinary dependency."""


_DEPENDS = EdgeInfo(True)


def _operation_of(ref: str) -> str | None:
    found = _read(ref)
    return found.name if found is not None and found.kind == "ops" else None


def _read(ref: str) -> Ref | None:
    try:
        return read_ref(ref)
    except RefError:
        return None  # the checker says so, with the place
