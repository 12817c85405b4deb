"""What follows from a run's end? Everything it held is given back, whoever waits for it is told.

Called once per final status, by the work list of `decide`.
"""

from __future__ import annotations

from datetime import timedelta

from polyaxon.engine import builds, pipelines
from polyaxon.engine.commands import Clean, Dequeue, SetTimer
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import Node
from polyaxon.engine.hooks import fire_hooks
from polyaxon.engine.lifecycle import remember
from polyaxon.engine.notifications import tell
from polyaxon.engine.slots import free
from polyaxon.engine.turn import Turn

__all__ = ["clean", "settle"]


def settle(turn: Turn, node: Node) -> None:
    """Draw the consequences of the run's end."""
    free(turn, node)
    if node.queued:
        node.queued = False
        turn.commands.append(Dequeue(node.id))
    if node.work is not None:
        for timer in sorted(node.work.timers):
            turn.commands.append(SetTimer(node.id, TimerKind(timer), None))
    _plan_cleaning(turn, node)
    fire_hooks(turn, node)
    tell(turn, node, node.status)
    if node.serves is not None:
        builds.ended(turn, node)
    pipelines.child_ended(turn, node)
    _forget(node)


def _plan_cleaning(turn: Turn, node: Node) -> None:
    compiled = node.work.compiled if node.work is not None else None
    ttl = compiled.termination.ttl if compiled is not None else None
    if ttl is None or node.attempt == 0:
        return
    at = turn.now + timedelta(seconds=ttl)
    turn.update(node, **remember(node, clean_at=at.isoformat()))
    turn.commands.append(SetTimer(node.id, TimerKind.TTL, at))


def clean(turn: Turn, node: Node) -> None:
    """The time to keep a finished run is over."""
    if node.is_final and "clean_at" in node.notes:
        turn.commands.append(Clean(node.id))
        turn.update(node, **remember(node, clean_at=None))


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
