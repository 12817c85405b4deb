"""The run as plain lines, where there is no terminal: one line per status change, indented as the tree is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from polyaxon.cli.live.lines import EXPLAINED, address_of, reuse_note
from polyaxon.cli.live.tree import Move, Node, Tree
from polyaxon.cli.words import duration, in_short, values_in_short
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import FINAL, Pending, Status

__all__ = ["TOLD", "PlainView"]

TOLD = FINAL | {Status.RUNNING, Status.RETRYING, Status.WARNING, Status.UNSCHEDULABLE, Status.STOPPING, Status.RESUMING}
"""The steps on the way (compiled, queued, scheduled, starting) are told with `--watch` only."""


WAITS = {
    Pending.APPROVAL: ("waits for an approval", "`polyaxon ops approve {}`"),
    Pending.CACHE: ("waits for an equal run that goes on", "`polyaxon ops approve {}` runs it all the same"),
}
"""What holds a run until somebody acts, and how."""


class PlainView:
    """Writes a line for every change of status that matters."""

    def __init__(self, tree: Tree, write: Callable[[str], None], started_at: datetime, every_status: bool) -> None:
        self.tree = tree
        self.write = write
        self.started_at = started_at
        self.every_status = every_status
        self._waiting: set[str] = set()
        """Whose wait for somebody was told."""

    def update(self, run: Run, now: datetime) -> None:
        """Take in a row and tell what changed."""
        move = self.tree.update(run)
        if move is not None and (self.every_status or run.status in TOLD):
            self.write(self._line(move.node, run.status.value, self._details(move, now), now))
        if run.pending in WAITS and run.uuid not in self._waiting and run.status not in FINAL:
            self._waiting.add(run.uuid)
            what, hint = WAITS[run.pending]
            self.write(self._line(self.tree.nodes[run.uuid], what, [hint.format(run.uuid[:8])], now))

    def _line(self, node: Node, what: str, details: list[str], now: datetime) -> str:
        clock = f"{(now - self.started_at).total_seconds():8.1f} s"
        return "  ".join([f"{clock}  {'  ' * node.depth}{self.tree.label(node)}  {what}", *details])

    def _details(self, move: Move, now: datetime) -> list[str]:
        node = move.node
        if node.is_final:
            return [part for part in (duration(node.seconds(now)), reuse_note(node), self._result(move)) if part]
        if node.run.status == Status.RUNNING and node.run.kind == RunKind.MATRIX:
            return [f"{node.goal.total} trials"] if node.goal and node.goal.total else []
        if node.run.status in EXPLAINED:
            return [self.tree.reasons.get(node.run.uuid, "")]
        if address := address_of(node):
            return [address]
        params = self.tree.trial_params(node)
        return [values_in_short(params, width=16)] if params and node.run.status == Status.RUNNING else []

    def _result(self, move: Move) -> str:
        """Return the outputs, and for a trial how far its search is."""
        node = move.node
        parts = [values_in_short(node.run.outputs)] if node.run.outputs and node.run.kind != RunKind.DAG else []
        parent = self.tree.parent(node)
        if parent is not None and parent.run.kind == RunKind.MATRIX:
            goal = parent.goal
            of = f"/{goal.total}" if goal and goal.total else ""
            best = f", best {goal.metric}={in_short(parent.best)}" if goal and parent.best is not None else ""
            parts.append(f"[{parent.finished}{of}{best}]")
        return "  ".join(parts)
