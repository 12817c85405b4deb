"""What follows from a run's end? Everything it held is given back, whoever waits for it is told.

Called once per final status, by the work list of `decide`.
"""

from __future__ import annotations

from polyaxon.engine import builds, pipelines
from polyaxon.engine.cleaning import plan_cleaning
from polyaxon.engine.commands import Dequeue, SetTimer
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import Node
from polyaxon.engine.hooks import fire_hooks
from polyaxon.engine.notifications import tell
from polyaxon.engine.slots import free
from polyaxon.engine.turn import Turn

__all__ = ["settle"]


def settle(turn: Turn, node: Node) -> None:
    """Draw the consequences of the run's end."""
    free(turn, node)
    if node.queued:
        node.queued = False
        turn.commands.append(Dequeue(node.id))
    if node.work is not None:
        for timer in sorted(node.work.timers):
            turn.commands.append(SetTimer(node.id, TimerKind(timer), None))
    plan_cleaning(turn, node)
    fire_hooks(turn, node)
    tell(turn, node, node.status)
    if node.serves is not None:
        builds.ended(turn, node)
    pipelines.child_ended(turn, node)
    _forget(node)


def _forget(node: Node) -> None:
    """Drop what only an active run needs; a resumed one builds it again."""
    node.work = None
    node.tally = None
    group = node.group
    if group is None:
        return
    group.compiled = group.preset = group.facts = group.operation = group.calendar = None
    group.ready.clear()
    group.parked.clear()
    group.lanes.clear()
    group.used = group.leaves = 0
    if group.sweep is not None:
        group.sweep.trials.clear()
        group.sweep.curves.clear()
