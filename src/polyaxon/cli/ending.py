"""How a run ended, in lines: the result, what failed and its last words, where things are, what to do next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import click

from polyaxon.cli.live.tree import Node, Tree
from polyaxon.cli.words import colored_status, duration, values_in_short
from polyaxon.model.record import dataclass
from polyaxon.model.run import Condition, RunKind
from polyaxon.model.status import Status
from polyaxon.model.trigger import Unmet

__all__ = ["Ending", "describe_ending"]

"""The final statuses that exit 0."""
FAILURES_SHOWN = 5
REASONS_READ = 20
LOG_LINES = 12


@dataclass(frozen=True, slots=True)
class Ending:
    """What describing an ending needs to read: a run's last condition, the last lines of its log, its directory."""

    condition: Callable[[str], Condition | None]
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
        why = _message(ending.condition(node.run.uuid))
        yield ""
        yield f"{name} failed" + (f": {why}" if why else "")
        for line in ending.last_lines(node.run.uuid, LOG_LINES):
            yield click.style("  | ", dim=True) + line
    if len(failed) > FAILURES_SHOWN:
        yield f"and {len(failed) - FAILURES_SHOWN} more runs failed"
    unreached = [node for node in tree.walk() if node.run.status == Status.UPSTREAM_FAILED]
    last = {node.run.uuid: ending.condition(node.run.uuid) for node in unreached[:REASONS_READ]}
    missed = {
        uuid: condition.message
        for uuid, condition in last.items()
        # What failed may be elsewhere: then there is nothing above to refer to.
        if condition is not None and (condition.reason == Unmet.TRIGGER_MISSED or not failed)
    }
    others = [tree.path(node) for node in unreached if node.run.uuid not in missed]
    if others:
        yield f"not run because of that: {', '.join(others)}"
    for node in unreached:
        if node.run.uuid in missed:
            yield f"`{tree.path(node)}` was not run: {missed[node.run.uuid]}"
    if failed or unreached:
        yield ""


def _message(condition: Condition | None) -> str:
    return condition.message if condition is not None else ""


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
