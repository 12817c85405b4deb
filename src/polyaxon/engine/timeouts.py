"""How long may a run take? Counted from its first attempt (of this life, when it was resumed), retries included."""

from __future__ import annotations

from datetime import datetime

from polyaxon.engine import compilation
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import Node
from polyaxon.engine.turn import Turn

__all__ = ["set_timeout", "started_this_life"]


def set_timeout(turn: Turn, node: Node) -> None:
    """Ask to be woken when the run's time is over, if it has a timeout."""
    timeout = compilation.compiled_of(node).termination.timeout
    if timeout:
        turn.set_timer_in(node, TimerKind.TIMEOUT, timeout, started_this_life(node))


def started_this_life(node: Node) -> datetime | None:
    """When the run first started, or when it was last resumed."""
    resumed = node.notes.get("resumed")
    return node.started_at if resumed is None else datetime.fromisoformat(resumed)
