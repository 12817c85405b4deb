"""The decision core: (state of one root, event, now) → changes to commit and commands to carry out. Pure.

`submit` makes the row of a new root, `Flow.load` takes a tree up from its rows, `decide` draws the consequences of one
event, `Queue` admits runs over all roots of a scheduler, `explain` says why a run is where it is.
"""

from __future__ import annotations

from polyaxon.engine.commands import Decision
from polyaxon.engine.decide import decide
from polyaxon.engine.flow import Flow
from polyaxon.engine.queue import Limits, Queue, Standing
from polyaxon.engine.submit import submit, submit_copy, submit_restart
from polyaxon.engine.ticks import Timetable, timetable
from polyaxon.engine.world import CatchUp, Defaults, World

__all__ = [
    "CatchUp",
    "Decision",
    "Defaults",
    "Flow",
    "Limits",
    "Queue",
    "Standing",
    "Timetable",
    "World",
    "decide",
    "submit",
    "submit_copy",
    "submit_restart",
    "timetable",
]
