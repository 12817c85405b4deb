"""One decision in the making: what was decided so far, and which consequences are still to be drawn.

Handlers never call each other deeper and deeper: they leave runs that became final in `settled`, runs to go on with in
`starting` and pipelines that may have room in `roomy`, and `decide` draws the consequences one after another: a chain
of a hundred thousand skips is a loop and not a recursion.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any

from polyaxon.engine.commands import Change, Command, Explained, SetTimer, Updated
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import Flow, Node, Work
from polyaxon.model.status import Status

__all__ = ["Turn"]


class Turn:
    """The changes and commands of one event, and the work list."""

    __slots__ = ("announced", "changes", "commands", "flow", "now", "replayed", "roomy", "settled", "starting")

    def __init__(self, flow: Flow, now: datetime) -> None:
        self.flow = flow
        self.now = now
        self.changes: list[Change] = []
        self.commands: list[Command] = []
        self.settled: deque[Node] = deque()
        self.announced: deque[tuple[Node, Status]] = deque()
        self.starting: deque[Node] = deque()
        self.replayed: deque[Any] = deque()
        """Events that came before their pipeline was open; Any, for a turn knows no event types."""
        self.roomy: dict[Node, None] = {}

    def explain(self, node: Node, topic: str, **facts: Any) -> None:
        """Store what a decision was based on."""
        self.changes.append(Explained(node.id, topic, self.now, facts))

    def update(self, node: Node, **fields: Any) -> None:
        """Change attributes of the stored run without a status change."""
        self.changes.append(Updated(node.id, fields))

    def set_timer(self, node: Node, timer: TimerKind, at: datetime) -> None:
        """Ask to be woken."""
        work(node).timers.add(timer)
        self.commands.append(SetTimer(node.id, timer, at))

    def set_timer_in(self, node: Node, timer: TimerKind, seconds: float, since: datetime | None = None) -> None:
        """Ask to be woken `seconds` after `since` (now)."""
        self.set_timer(node, timer, (since or self.now) + timedelta(seconds=seconds))

    def cancel_timer(self, node: Node, timer: TimerKind) -> None:
        """Forget a timer, if it was set."""
        if node.work is not None and timer in node.work.timers:
            node.work.timers.discard(timer)
            self.commands.append(SetTimer(node.id, timer, None))

    def room_in(self, pipeline: Node | None) -> None:
        """Look at the pipeline again before the decision is done: a slot or a child may be free."""
        if pipeline is not None:
            self.roomy[pipeline] = None


def work(node: Node) -> Work:
    """The run's working state, made when first needed."""
    if node.work is None:
        node.work = Work()
    return node.work
