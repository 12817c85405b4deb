"""How does a run move? Every status change of the engine goes through `move`, and nowhere else.

What must stay true: the table in `model/status.py` is obeyed, final stays final, and the times of a run follow from its
moves (`started_at` at the first status on a cluster, `finished_at` and `duration` at the final one).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from polyaxon.engine.commands import Moved
from polyaxon.engine.flow import Node
from polyaxon.engine.turn import Turn
from polyaxon.model.run import Condition
from polyaxon.model.status import FINAL, Status, can_move

__all__ = ["end_with", "fail", "move", "remember", "seconds_between"]

_HUNDREDTH = timedelta(milliseconds=10)
_HALF = _HUNDREDTH / 2
_STARTED = frozenset({Status.SCHEDULED, Status.STARTING, Status.RUNNING, Status.PROCESSING})


def move(turn: Turn, node: Node, status: Status, reason: str, message: str = "", **fields: Any) -> bool:
    """Move the run, if the table allows it, and tell whether it did. `fields` change with it."""
    if not can_move(node.status, status):
        return False
    now = turn.now
    if status in _STARTED:
        if node.started_at is None:
            node.started_at = now
            fields["started_at"] = now
            fields["wait_time"] = seconds_between(node.created_at, now)
    elif status in FINAL:
        _finish(node, now, fields)
        turn.settled.append(node)
    node.status = status
    turn.changes.append(Moved(node.id, Condition(status, reason, message, now), fields))
    if node.listeners is not None or node.tells:
        turn.announced.append((node, status))
    return True


def fail(turn: Turn, node: Node, reason: str, message: str, **fields: Any) -> None:
    """End the run as failed."""
    move(turn, node, Status.FAILED, reason, message, **fields)


def remember(node: Node, **notes: Any) -> dict[str, Any]:
    """Put the engine's notes into the run's `meta` (None removes one) and return the field to store."""
    engine = {**node.notes, **notes}
    engine = {key: value for key, value in engine.items() if value is not None}
    meta = {key: value for key, value in node.meta.items() if key != "engine"}
    if engine:
        meta["engine"] = engine
    node.meta = meta
    return {"meta": meta}


def end_with(node: Node, status: Status, reason: str, message: str) -> dict[str, Any]:
    """Note how the run is to end once it has stopped (or its children have), and return the field to store."""
    return remember(node, ending={"status": status.value, "reason": reason, "message": message})


def seconds_between(start: datetime, end: datetime) -> float:
    """A duration as runs store it: seconds with two decimals, never negative."""
    return max(0, (end - start + _HALF) // _HUNDREDTH) / 100


def _finish(node: Node, now: datetime, fields: dict[str, Any]) -> None:
    if node.started_at is None:
        node.started_at = node.created_at
        fields["started_at"] = node.created_at
    node.finished_at = now
    fields["finished_at"] = now
    fields["duration"] = seconds_between(node.started_at, now)
    if node.pending is not None:
        node.pending = None
        fields["pending"] = None
