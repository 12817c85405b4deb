"""How is a run ended before its time? Stops and skips reach every descendant.

What has not begun ends at once; what a runtime holds is `stopping` until the runtime says that it is gone; a pipeline
is `stopping` until its last child is final. `ending` says how a stopped run ends when not as `stopped`.
"""

from __future__ import annotations

from polyaxon.engine.commands import Stop
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import PIPELINES, Node
from polyaxon.engine.lifecycle import end_with, fail, move
from polyaxon.engine.turn import Turn
from polyaxon.model.record import dataclass
from polyaxon.model.run import ManagedBy
from polyaxon.model.status import FINAL, SAFE_STOP, Status

__all__ = ["Cause", "give_up", "hurry", "stop", "stop_command"]


_OF_WHAT_BEGAN = frozenset({Status.STOPPED, Status.SUCCEEDED})
"""Endings that a run which has not begun does not have."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why runs are stopped: a stable reason, a sentence, and how the run itself ends (its children end as stopped)."""

    reason: str
    message: str
    ending: Status = Status.STOPPED
    unstarted: Status = Status.STOPPED
    """How runs that have not begun end: `skipped` when the user skips a pipeline."""
    below: Status = Status.STOPPED
    """How the runs of a pipeline end that have begun."""


def stop(turn: Turn, node: Node, cause: Cause) -> None:
    """End the run and everything below it; a run that is ending already is left alone."""
    if node.is_final or node.status is Status.STOPPING:
        return
    builder = node.builder
    if builder is not None and not builder.is_final:
        _begin_stopping(turn, node, cause)
        stop(turn, builder, cause)
    elif node.status in SAFE_STOP or turn.flow.managed_by is ManagedBy.USER:
        status = cause.unstarted if cause.ending in _OF_WHAT_BEGAN else cause.ending
        move(turn, node, status, cause.reason, cause.message)
    elif node.kind in PIPELINES:
        _begin_stopping(turn, node, cause)
        reason = f"Pipeline{cause.reason.removeprefix('Pipeline')}"
        below = Cause(reason, cause.message, cause.below, cause.unstarted, cause.below)
        for child in _children(node):
            stop(turn, child, below)
        turn.room_in(node)
    else:
        _begin_stopping(turn, node, cause)
        turn.commands.append(stop_command(turn, node))
        turn.set_timer_in(node, TimerKind.STOP_GRACE, turn.flow.world.defaults.stuck_stopping_seconds)


def hurry(turn: Turn, node: Node, grace_seconds: float) -> None:
    """Ask again, with this grace, for whatever is stopping below the run."""
    if node.kind in PIPELINES:
        for child in _children(node):
            hurry(turn, child, grace_seconds)
    elif node.status is Status.STOPPING and node.attempt:
        turn.commands.append(Stop(node.id, node.attempt, grace_seconds))


def give_up(turn: Turn, node: Node, reason: str, message: str) -> None:
    """Fail the run; a pipeline whose children are at work stops them first."""
    if node.group is not None and node.group.unfinished:
        stop(turn, node, Cause(reason, message, ending=Status.FAILED))
    else:
        fail(turn, node, reason, message)


def stop_command(turn: Turn, node: Node) -> Stop:
    """Ask the runtime to end the attempt."""
    return Stop(node.id, node.attempt, turn.flow.world.defaults.grace_seconds)


def _begin_stopping(turn: Turn, node: Node, cause: Cause) -> None:
    fields = {}
    if cause.ending is not Status.STOPPED or node.kind not in PIPELINES:
        fields = end_with(node, cause.ending, cause.reason, cause.message)
    move(turn, node, Status.STOPPING, cause.reason, cause.message, **fields)


def _children(pipeline: Node) -> list[Node]:
    group = pipeline.group
    return [child for child in group.children.values() if child.status not in FINAL] if group is not None else []
