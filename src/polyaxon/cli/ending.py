"""How a run ended, in lines: the result, what failed and its last words, where things are, what to do next. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import click

from polyaxon.cli.live.tree import Node, Tree
from polyaxon.cli.words import colored_status, duration, values_in_short
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.model.status import Status

__all__ = ["SUCCESSES", "Ending", "describe_ending"]

SUCCESSES = frozenset({Status.SUCCEEDED, Status.SKIPPED})
"""The final statuses that exit 0."""
FAILURES_SHOWN = 5
REASONS_READ = 20
LOG_LINES = 12


@dataclass(frozen=True, slots=True)
class Ending:
    """What describing an ending needs to read: a run's last reason, the last lines of its log, its directory."""

    reason: Callable[[str], str]
    last_lines: Callable[[str, int], Sequence[str]]
    directory: Callable[[str], str]


def describe_ending(tree: Tree, ending: Ending, now: datetime) -> Iterator[str]:
    """Yield the lines to print when the root is over."""
    root = tree.nodes[tree.root]
    run = root.run
    took = duration(root.seconds(now))
    yield "  ".join(filter(None, (colored_status(run.status), run.name or "", run.uuid, took)))
    yield from _failures(tree, root, ending)
    if run.outputs:
        yield f"outputs: {values_in_short(run.outputs)}"
    if root.reused_from:
        yield f"cached:  served from run {root.reused_from}"
    yield f"files:   {ending.directory(root.reused_from or run.uuid)}"
    yield from _next_steps(tree, root)


def _failures(tree: Tree, root: Node, ending: Ending) -> Iterator[str]:
    failed = [node for node in tree.walk() if node.run.status == Status.FAILED and not _explained_below(tree, node)]
    # Hooks and notifications change nothing of the run, but who should have been told was not.
    failed += [node for node in tree.beside() if node.run.status == Status.FAILED]
    for node in failed[:FAILURES_SHOWN]:
        name = "the run" if node is root else f"`{tree.path(node)}`"
        reason = ending.reason(node.run.uuid)
        yield ""
        yield f"{name} failed" + (f": {reason}" if reason else "")
        for line in ending.last_lines(node.run.uuid, LOG_LINES):
            yield click.style("  | ", dim=True) + line
    if len(failed) > FAILURES_SHOWN:
        yield f"and {len(failed) - FAILURES_SHOWN} more runs failed"
    unreached = [node for node in tree.walk() if node.run.status == Status.UPSTREAM_FAILED]
    by_themselves = {
        node.run.uuid: reason
        for node in unreached[:REASONS_READ]
        if (reason := ending.reason(node.run.uuid)).startswith("trigger") and not _BLAMES.search(reason)
    }
    others = [tree.path(node) for node in unreached if node.run.uuid not in by_themselves]
    if others:
        yield f"not run because of that: {', '.join(others)}"
    for node in unreached:
        if node.run.uuid in by_themselves:
            yield f"`{tree.path(node)}` was not run: {by_themselves[node.run.uuid]}"
    if failed or unreached:
        yield ""


_BLAMES = re.compile(r"` (failed|upstream_failed|stopped)\b")
"""What says of a run that another one's failure or stop kept it from running; a trigger may also fail by successes."""


def _explained_below(tree: Tree, node: Node) -> bool:
    """Whether the node failed because a run below it did, which is shown itself."""
    return any(tree.nodes[child].run.status in {Status.FAILED, Status.UPSTREAM_FAILED} for child in node.children)


def _next_steps(tree: Tree, root: Node) -> Iterator[str]:
    short = root.run.uuid[:8]
    steps = [f"polyaxon ops logs {short}"]
    if root.run.kind in {RunKind.DAG, RunKind.MATRIX}:
        steps.append(f"polyaxon ops explain {short}")
    if root.run.status in {Status.FAILED, Status.STOPPED, Status.UPSTREAM_FAILED}:
        steps.append(f"polyaxon ops resume {short}")
    if any(node.run.kind == RunKind.MATRIX for node in tree.walk()):
        steps.append("polyaxon ops ls -io")
    yield "next:    " + "   ".join(steps)
