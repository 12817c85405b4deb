"""Which operations of a dag wait for which, and why: dependencies, values that are taken, events."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from polyaxon.compiler.facts import RefError, read_ref
from polyaxon.spec.component import Authored

__all__ = ["EdgeInfo", "upstreams"]

_NO_VALUES: Mapping[str, str] = MappingProxyType({})


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
            heard = [kind.removeprefix(_STATUS) for kind in event.kinds if kind.startswith(_STATUS)]
            edge = edges.get(upstream, EdgeInfo() if heard else _DEPENDS)
            edges[upstream] = edge._replace(events=(*edge.events, *heard))
    return edges


_STATUS = "run_status_"
"""Events of the other kinds are sent by nobody here: naming them makes an ordinary dependency."""


_DEPENDS = EdgeInfo(True)


def _operation_of(ref: str) -> str | None:
    try:
        found = read_ref(ref)
    except RefError:
        return None  # the checker says so, with the place
    return found.name if found.kind == "ops" else None
