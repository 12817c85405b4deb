"""How is an unfinished run taken up again after its scheduler's end? Its status says how far it was.

The rest is redone: compiling again gives the same, queues and runtimes know what they have, and what was decided
before (a condition passed, a cache looked up) is not decided again. A pipeline is opened before its children
are taken up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from polyaxon.engine.abroad import begin
from polyaxon.engine.cleaning import rejoin_cleaning
from polyaxon.engine.commands import Watch
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import PIPELINES, Node, Stage
from polyaxon.engine.slots import occupy, release
from polyaxon.engine.stops import stop_command
from polyaxon.engine.turn import Turn, work
from polyaxon.model.ids import RunId
from polyaxon.model.status import ON_CLUSTER, Pending, Status

__all__ = ["rejoin"]


def rejoin(turn: Turn, node: Node) -> None:
    """Take the run up where its row says it is."""
    _BY_STATUS[node.status](turn, node)


def _start_over(turn: Turn, node: Node) -> None:
    """Nothing was decided yet. Children are released by their pipeline, which knows what they wait for."""
    if node.pending is Pending.UPLOAD:
        limit = turn.flow.world.defaults.upload_timeout_seconds
        turn.set_timer_in(node, TimerKind.PENDING_TIMEOUT, limit, node.created_at)
    if node.pipeline is None and not node.released:
        begin(turn, node)


def _go_on(turn: Turn, node: Node) -> None:
    """Compiled, and held or waiting for a slot."""
    node.released = True
    state = work(node)
    if state.stage not in {Stage.NEW, Stage.CLEARED}:
        return
    if node.pending is Pending.CACHE:
        state.stage = Stage.NEW
        turn.commands.append(Watch(node.id, RunId(str(node.notes.get("waits_for")))))
    elif node.pending is None:
        release(turn, node)


def _with_its_slots(turn: Turn, node: Node) -> None:
    """In the queue, or with a runtime, or a pipeline at work: it goes through the gates without asking for slots."""
    occupy(node)
    work(node).stage = Stage.NEW
    turn.starting.append(node)


def _back_off(turn: Turn, node: Node) -> None:
    node.released = True
    due = node.notes.get("retry_at")
    turn.set_timer(node, TimerKind.RETRY, datetime.fromisoformat(due) if due else turn.now)


def _stop_again(turn: Turn, node: Node) -> None:
    if node.kind in PIPELINES:
        # Opened like one that runs: what its children do when they end (hooks) is in its operation.
        _with_its_slots(turn, node)
    elif node.attempt:
        occupy(node)
        turn.commands.append(stop_command(turn, node))
        turn.set_timer_in(node, TimerKind.STOP_GRACE, turn.flow.world.defaults.stuck_stopping_seconds)


_BY_STATUS: dict[Status, Callable[[Turn, Node], None]] = {
    **dict.fromkeys(Status, rejoin_cleaning),
    **dict.fromkeys((Status.CREATED, Status.RESUMING, Status.ON_SCHEDULE), _start_over),
    **dict.fromkeys(ON_CLUSTER | {Status.QUEUED}, _with_its_slots),
    Status.COMPILED: _go_on,
    Status.RETRYING: _back_off,
    Status.STOPPING: _stop_again,
}
