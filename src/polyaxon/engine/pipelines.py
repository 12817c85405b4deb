"""How does a pipeline begin and end? Its kind decides about the children; the rest is the same for all.

A pipeline is `running` while it has children to run, and final only when all of them are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from polyaxon.engine import compilation, dag
from polyaxon.engine.flow import Group, Node
from polyaxon.engine.later import later
from polyaxon.engine.lifecycle import end_with, move
from polyaxon.engine.record import compiled_fields, empty_joins
from polyaxon.engine.rejoin import rejoin
from polyaxon.engine.slots import fill, leave_lane
from polyaxon.engine.timeouts import set_timeout
from polyaxon.engine.turn import Turn, work
from polyaxon.errors import UserError
from polyaxon.model.run import RunKind
from polyaxon.model.status import Status, can_move

__all__ = ["child_ended", "look", "open_group"]

_OPEN: Mapping[RunKind, Callable[..., Any]] = {
    RunKind.DAG: dag.open_dag,
    RunKind.MATRIX: later("matrix", "open_matrix"),
    RunKind.SCHEDULE: later("schedule", "open_schedule"),
}
_CHILD_ENDED: Mapping[RunKind, Callable[..., Any]] = {
    RunKind.DAG: dag.child_ended,
    RunKind.MATRIX: later("matrix", "child_ended"),
    RunKind.SCHEDULE: later("schedule", "child_ended"),
}
_extend = later("matrix", "extend")


def open_group(turn: Turn, node: Node) -> None:
    """Start the pipeline's children, for the first time or again when it resumes; a pipeline that runs already (its
    scheduler died, or one of its children is resumed) is taken up as its rows say."""
    if node.status in {Status.RUNNING, Status.STOPPING}:
        _reopen(turn, node)
        return
    resumed = node.status is Status.RESUMING
    leave_lane(turn, node)
    _ready_group(node)
    if resumed and node.group is not None:
        node.group.first_failed = None
    fields = compiled_fields(turn, node)
    if not can_move(node.status, Status.RUNNING):  # a scheduled run is compiled first, like every other
        move(turn, node, Status.COMPILED, "Compiled", "", **fields)
        fields = {}
    move(turn, node, Status.RUNNING, "PipelineStarted", empty_joins(node), **fields)
    set_timeout(turn, node)
    _OPEN[node.kind](turn, node, resumed)
    turn.room_in(node)


def child_ended(turn: Turn, child: Node) -> None:
    """Count a child's ending and let its pipeline draw the consequences."""
    pipeline = child.pipeline
    if pipeline is None or pipeline.group is None:
        return
    group = pipeline.group
    group.unfinished -= 1
    group.count(child, 1)
    if group.is_open:
        _CHILD_ENDED[pipeline.kind](turn, pipeline, child)
    turn.room_in(pipeline)


def look(turn: Turn, pipeline: Node) -> None:
    """Fill free slots; end the pipeline when nothing is left."""
    group = pipeline.group
    if group is None or pipeline.is_final:
        return
    if group.is_open and pipeline.status is Status.RUNNING:
        if pipeline.kind is RunKind.MATRIX:
            try:
                _extend(turn, pipeline)
            except UserError as error:
                _give_up(turn, pipeline, error)
        fill(turn, pipeline)
    if group.unfinished == 0 and _is_exhausted(pipeline):
        _conclude(turn, pipeline)


def _reopen(turn: Turn, node: Node) -> None:
    _ready_group(node)
    set_timeout(turn, node)
    _OPEN[node.kind](turn, node, False)
    group = node.group or Group()
    for child in list(group.children.values()):
        if child.work is None:
            rejoin(turn, child)
    turn.replayed.extend(turn.flow.deferred.pop(node.id, ()))
    turn.room_in(node)


def _ready_group(node: Node) -> None:
    compiled = compilation.compiled_of(node)
    group = node.group = node.group or Group()
    group.compiled = compiled
    group.preset = compilation.preset_of(compiled)
    group.facts = None
    group.limit = compiled.concurrency if node.kind is not RunKind.SCHEDULE else None
    work(node)


def _is_exhausted(pipeline: Node) -> bool:
    if pipeline.status is Status.STOPPING:
        return True
    group = pipeline.group
    if pipeline.status is not Status.RUNNING or group is None or not group.is_open:
        return False
    if group.sweep is not None:
        return group.sweep.exhausted
    return group.calendar is None or group.calendar.exhausted


def _give_up(turn: Turn, pipeline: Node, error: UserError) -> None:
    """The search cannot go on: let what runs end, and fail."""
    sweep = pipeline.group.sweep if pipeline.group is not None else None
    if sweep is not None:
        sweep.exhausted = True
    turn.update(pipeline, **end_with(pipeline, Status.FAILED, "SearchFailed", error.message))


def _conclude(turn: Turn, pipeline: Node) -> None:
    status, reason, message = _ending(pipeline)
    move(turn, pipeline, status, reason, message)


def _ending(pipeline: Node) -> tuple[Status, str, str]:
    """The final-status table: what the children's endings make of their pipeline."""
    ending = pipeline.notes.get("ending")
    if ending is not None:
        return Status(ending["status"]), ending["reason"], ending["message"]
    if pipeline.status is Status.STOPPING:
        return Status.STOPPED, "Stopped", ""
    if pipeline.kind is RunKind.SCHEDULE:
        return Status.SUCCEEDED, "ScheduleFinished", ""
    group = pipeline.group or Group()
    count = group.endings.get
    total = sum(group.endings.values())
    stopped = count(Status.STOPPED, 0) - group.pruned
    failed = count(Status.FAILED, 0)
    if failed:
        first = f", `{_label(pipeline, group.first_failed)}` first" if group.first_failed is not None else ""
        return Status.FAILED, "ChildFailed", f"{failed} of {total} runs failed{first}"
    if count(Status.UPSTREAM_FAILED, 0) > group.by_stop:
        return Status.FAILED, "TriggerUnsatisfied", "a run could not start, for its trigger was not satisfied"
    if stopped or count(Status.UPSTREAM_FAILED, 0):
        return Status.STOPPED, "ChildStopped", f"{stopped} of {total} runs were stopped"
    return Status.SUCCEEDED, "Completed", ""


def _label(pipeline: Node, child: Node) -> str:
    """What to call a child: trials are numbered, for they carry the name of their search."""
    return f"#{child.index}" if pipeline.kind is RunKind.MATRIX else str(child.name)
