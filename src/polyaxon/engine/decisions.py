"""What follows from an event? The one entry of the engine: (flow, event, now) → changes and commands.

Deciding mutates the flow and nothing else. An event about a run that is not known, is final already, or has moved on
leads to nothing, so events may come late, twice or in another order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from polyaxon.engine import abroad, actions, attempts, cache, pipelines, prepare
from polyaxon.engine.cleaning import clean, rejoin_cleaning
from polyaxon.engine.commands import Decision
from polyaxon.engine.dag import announce, evaluate
from polyaxon.engine.events import (
    Admitted,
    Adopted,
    Due,
    Event,
    Fetched,
    Observed,
    Reached,
    Reported,
    Requested,
    Settled,
    TimerKind,
)
from polyaxon.engine.flow import Flow, Node
from polyaxon.engine.later import later
from polyaxon.engine.notifications import tell
from polyaxon.engine.rejoin import rejoin
from polyaxon.engine.settle import settle
from polyaxon.engine.turn import Turn
from polyaxon.model.status import FINAL

__all__ = ["decide"]

_About = Observed | Reported | Admitted | Fetched | Settled | Reached | Due | Requested


def decide(flow: Flow, event: Event, now: datetime) -> Decision:
    """Draw every consequence of the event. Deterministic; the work grows with what changes, not with the tree."""
    turn = Turn(flow, now)
    if not flow.adopted:
        _adopt(turn)
        _settle_all(turn)
    elif isinstance(event, Adopted):
        _kick(turn)
    if not isinstance(event, Adopted):
        _take(turn, event)
    _settle_all(turn)
    return Decision(turn.changes, turn.commands)


def _take(turn: Turn, event: _About) -> None:
    run = event.observation.run if isinstance(event, Observed) else event.run
    node = turn.flow.nodes.get(run)
    if node is None:
        return
    above = node.pipeline
    # After a crash a pipeline may have to fetch before it is open again. What its children do must wait for that; it is
    # not lost by another crash, for a runtime that is asked again says it again.
    is_shut = above is not None and above.group is not None and not (above.group.is_open or above.is_final)
    if above is not None and is_shut and not isinstance(event, Requested):
        turn.flow.deferred.setdefault(above.id, []).append(event)
        return
    _HANDLERS[type(event)](turn, node, event)


def _settle_all(turn: Turn) -> None:
    """Draw consequences until none is left; the order is fixed, so that replays agree."""
    while True:
        if turn.announced:
            node, status = turn.announced.popleft()
            announce(turn, node, status)
            if node.tells and status not in FINAL:  # endings are told when they are settled
                tell(turn, node, status)
        elif turn.settled:
            settle(turn, turn.settled.popleft())
        elif turn.starting:
            prepare.advance(turn, turn.starting.popleft())
        elif turn.replayed:
            _take(turn, turn.replayed.popleft())
        elif turn.roomy:
            pipeline = next(iter(turn.roomy))
            del turn.roomy[pipeline]
            pipelines.look(turn, pipeline)
        else:
            return


def _adopt(turn: Turn) -> None:
    """The flow was just loaded: take up what is unfinished, from the root down."""
    turn.flow.adopted = True
    root = turn.flow.root
    rejoin(turn, root)
    for node in turn.flow.nodes.values():
        if node.serves is not None and not node.is_final:
            rejoin(turn, node)
        elif node.is_final and node is not root:
            rejoin_cleaning(turn, node)


def _kick(turn: Turn) -> None:
    """Adopted once more without a loss of state: repeat the commands whose effects may not have happened."""
    for node in list(turn.flow.nodes.values()):
        if node.work is not None and not turn.starting:
            prepare.repeat(turn, node)


def _reached(turn: Turn, node: Node, event: Reached) -> None:
    if abroad.take(turn, node, event):
        (abroad.decide_alone if node.step is None else evaluate)(turn, node)


def _due(turn: Turn, node: Node, event: Due) -> None:
    _TIMERS[event.timer](turn, node)


_reported = later("matrix", "reported")
_TIMERS: dict[TimerKind, Callable[[Turn, Node], Any]] = {
    TimerKind.TIMEOUT: attempts.timed_out,
    TimerKind.PENDING_TIMEOUT: attempts.pending_too_long,
    TimerKind.RETRY: attempts.retry_due,
    TimerKind.SCHEDULE: later("schedule", "tick"),
    TimerKind.TTL: clean,
    TimerKind.STOP_GRACE: attempts.stuck,
}

# Any: each handler takes its own event type; the table pairs them.
_HANDLERS: dict[type, Callable[[Turn, Node, Any], None]] = {
    Observed: attempts.observed,
    Reported: lambda turn, node, event: _reported(turn, node, event.metrics),
    Admitted: lambda turn, node, _event: attempts.admitted(turn, node),
    Fetched: prepare.fetched,
    Settled: lambda turn, node, event: cache.original_settled(turn, node, event.facts),
    Reached: _reached,
    Due: _due,
    Requested: actions.requested,
}
