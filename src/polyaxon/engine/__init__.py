"""The decision core: (state of one root, event, now) → changes to commit and commands to carry out. Pure.

`submit.submit` makes the row of a new root, `Flow.load` takes a tree up from its rows, `decide` draws the consequences
of one event, `Queue` admits runs over all roots of a scheduler, `explain.explain` says why a run is where it is. Names
load on first use: the store imports the events from here and must not pay for the compiler.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyaxon.engine.commands import Decision
    from polyaxon.engine.decisions import decide
    from polyaxon.engine.explain import Neighbours
    from polyaxon.engine.flow import Flow
    from polyaxon.engine.queue import Limits, Queue, Standing
    from polyaxon.engine.ticks import Timetable, timetable
    from polyaxon.engine.world import CatchUp, Defaults, World

__all__ = [
    "CatchUp",
    "Decision",
    "Defaults",
    "Flow",
    "Limits",
    "Neighbours",
    "Queue",
    "Standing",
    "Timetable",
    "World",
    "decide",
    "timetable",
]

# No module may be called like a name here: importing it would put the module in the name's place.
_HOMES = {
    "CatchUp": "world",
    "Decision": "commands",
    "Defaults": "world",
    "Flow": "flow",
    "Limits": "queue",
    "Neighbours": "explain",
    "Queue": "queue",
    "Standing": "queue",
    "Timetable": "ticks",
    "World": "world",
    "decide": "decisions",
    "timetable": "ticks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
