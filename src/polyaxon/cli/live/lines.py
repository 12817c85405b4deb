"""The tree as lines of styled text that fit a height. Pure: `now` is an argument, nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from polyaxon.cli.live.tree import Node, Tree
from polyaxon.cli.words import MARKS, STATUS_COLORS, duration, in_short, values_in_short
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.model.status import Status

__all__ = ["EXPLAINED", "Line", "address_of", "progress_bar", "reuse_note", "search_note", "tree_lines"]

BAR_WIDTH = 20
LABEL_WIDTH = 32
OUTPUTS_SHOWN = 3
FAR_MORE = 10
EXPLAINED = {Status.WARNING, Status.UNSCHEDULABLE, Status.RETRYING}
"""Statuses whose reason is shown beside them."""
QUIET = {Status.SUCCEEDED, Status.SKIPPED, Status.CREATED, Status.COMPILED, Status.QUEUED, Status.ON_SCHEDULE}
"""What is summed up in one line when the tree does not fit."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the branch drawn before the label, the label, the status with its colour, and what else is known."""

    branch: str
    label: str
    mark: str = ""
    status: str = ""
    color: str = ""
    time: str = ""
    note: str = ""


def tree_lines(tree: Tree, now: datetime, height: int) -> list[Line]:
    """Return the tree in at most `height` lines: whole if it fits, else what goes on and what failed."""
    # Finished trials are not drawn, so more runs than lines may still fit; far more will not.
    compact = len(tree.nodes) > FAR_MORE * height
    lines = list(_branch(tree, tree.root, "", "", now, compact))
    if len(lines) > height and not compact:
        lines = list(_branch(tree, tree.root, "", "", now, compact=True))
    if len(lines) > height:
        hidden = len(lines) - height + 1
        lines = [*lines[: height - 1], Line("", f"… {hidden} more lines")]
    return lines


def _branch(tree: Tree, uuid: str, lead: str, below: str, now: datetime, compact: bool) -> Iterator[Line]:
    node = tree.nodes.get(uuid)
    if node is None:
        return
    yield _line(tree, node, lead, now)
    shown = list(_shown(tree, node, compact))
    rest = _summary(tree, node, shown) if len(shown) < len(node.children) and node.run.kind != RunKind.MATRIX else ""
    for place, child in enumerate(shown):
        last = place == len(shown) - 1 and not rest
        turn, pad = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _branch(tree, child, below + turn, below + pad, now, compact)
    if rest:
        yield Line(below + "└─ ", rest)


def _shown(tree: Tree, node: Node, compact: bool) -> Iterator[str]:
    is_search = node.run.kind == RunKind.MATRIX
    for uuid in node.children:
        child = tree.nodes[uuid]
        if is_search and not (child.is_busy or (child.run.status == Status.FAILED and not compact)):
            continue  # finished trials are in the bar
        if compact and child.run.status in QUIET:
            continue
        yield uuid


def _summary(tree: Tree, node: Node, shown: Sequence[str]) -> str:
    hidden = set(node.children) - set(shown)
    counts = Counter(_status_word(tree.nodes[uuid]) for uuid in hidden)
    return "… " + ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))


def _line(tree: Tree, node: Node, lead: str, now: datetime) -> Line:
    status = node.run.status
    return Line(
        branch=lead,
        label=in_short(tree.label(node), LABEL_WIDTH),
        mark=MARKS.get(status, "·"),
        status=_status_word(node),
        color=STATUS_COLORS.get(status, "bright_black"),
        time=duration(node.seconds(now)),
        note=_note(tree, node),
    )


def _status_word(node: Node) -> str:
    if node.run.pending is not None and not node.is_final:
        return f"waiting for {node.run.pending.value}"
    if node.run.status == Status.CREATED:
        return "waiting"
    return node.run.status.value.replace("_", " ")


def _note(tree: Tree, node: Node) -> str:
    if node.run.kind == RunKind.MATRIX:
        return search_note(node) if node.run.started_at or node.children else ""
    if node.run.kind == RunKind.DAG:
        return f"{node.finished}/{len(node.children)} operations" if node.children else ""
    if node.run.status in EXPLAINED:
        return tree.reasons.get(node.run.uuid, "")
    if address := address_of(node):
        return address
    params = tree.trial_params(node)
    if params:
        return values_in_short(params, width=12)
    outputs = values_in_short(dict(list(node.run.outputs.items())[:OUTPUTS_SHOWN]), width=24)
    return "  ".join(part for part in (reuse_note(node), outputs) if part)


def address_of(node: Node) -> str:
    """Return where a running service can be reached, in short; empty for anything else."""
    urls = node.run.meta.get("urls", ()) if node.run.status == Status.RUNNING else ()
    more = f" and {len(urls) - 1} more" if len(urls) > 1 else ""
    return f"{urls[0]}{more}" if urls else ""


def reuse_note(node: Node) -> str:
    """Return whose results were taken over, if any were."""
    return f"reused from {node.reused_from[:8]}" if node.reused_from else ""


def search_note(node: Node) -> str:
    """Return a search's bar, how many trials are done, and the best value so far."""
    goal = node.goal
    total = goal.total if goal and goal.total is not None else None
    parts = [progress_bar(node.finished, total)] if total else []
    parts.append(f"{node.finished}/{total}" if total else f"{node.finished} trials")
    if node.reused:
        parts.append(f"{node.reused} reused")
    if node.failed:
        parts.append(f"{node.failed} failed")
    if goal and node.best is not None:
        parts.append(f"best {goal.metric}={in_short(node.best)}")
    return "  ".join(parts)


def progress_bar(done: int, total: int, width: int = BAR_WIDTH) -> str:
    """Draw how much of `total` is done."""
    filled = min(width, done * width // total) if total else 0
    return "█" * filled + "░" * (width - filled)
