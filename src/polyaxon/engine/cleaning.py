"""When is what a runtime keeps of a finished run removed? `termination.ttl` seconds after its end.

The moment is in the run's row: while a scheduler drives the tree a timer waits for it, and afterwards whichever
scheduler of the home looks next. It moves on when the cleaning begins and goes when the runtime has done it
(`Store.cleaned`), so that one which was cut off is begun again.
"""

from __future__ import annotations

from datetime import timedelta

from polyaxon.engine.commands import Clean, SetTimer
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import Node
from polyaxon.engine.turn import Turn

__all__ = ["clean", "plan_cleaning", "rejoin_cleaning"]

_AGAIN = timedelta(minutes=1)
"""How long after its beginning a cleaning that nobody saw the end of is begun again."""


def plan_cleaning(turn: Turn, node: Node) -> None:
    """The run has ended: note when it is to be cleaned, if its file says so and a runtime had it."""
    compiled = node.work.compiled if node.work is not None else None
    ttl = compiled.termination.ttl if compiled is not None else None
    if ttl is None or node.attempt == 0:
        return
    node.clean_at = turn.now + timedelta(seconds=ttl)
    turn.update(node, clean_at=node.clean_at)
    turn.commands.append(SetTimer(node.id, TimerKind.TTL, node.clean_at))


def rejoin_cleaning(turn: Turn, node: Node) -> None:
    """Take up what a run that ended before still waits for."""
    if node.clean_at is None:
        return
    if node.clean_at <= turn.now:
        clean(turn, node)
    else:
        turn.commands.append(SetTimer(node.id, TimerKind.TTL, node.clean_at))


def clean(turn: Turn, node: Node) -> None:
    """The time to keep a finished run is over."""
    if node.is_final and node.clean_at is not None:
        node.clean_at = None
        turn.commands.append(Clean(node.id))
        turn.update(node, clean_at=turn.now + _AGAIN)
