"""How does a run come into being inside a tree, or back to life?

Ids follow from the parent's, so that creating twice creates once; a resumed run keeps its id and goes on counting its
attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from polyaxon.engine.commands import Created
from polyaxon.engine.flow import Group, Node
from polyaxon.engine.lifecycle import move, remember
from polyaxon.engine.turn import Turn
from polyaxon.model.ids import RunId
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import Pending, Status

__all__ = ["controller_below", "create", "reborn", "retract"]

_NOTHING: Mapping[str, Any] = {}


def create(
    turn: Turn,
    pipeline: Node | None,
    uuid: RunId,
    name: str | None,
    index: int,
    shape: tuple[RunKind, str | None],
    pending: Pending | None = None,
    meta: Mapping[str, Any] = _NOTHING,
    schedule_at: datetime | None = None,
) -> Node:
    """Add a run to the tree, below `pipeline` if there is one, and record it."""
    flow = turn.flow
    kind, runtime = shape
    node = Node(
        uuid,
        name,
        index,
        kind,
        Status.CREATED,
        turn.now,
        pipeline=pipeline,
        controller=controller_below(pipeline),
        pending=pending,
        schedule_at=schedule_at,
        inputs=_NOTHING,
        outputs=_NOTHING,
        meta=meta,
    )
    flow.nodes[uuid] = node
    if pipeline is not None:
        pipeline.group = pipeline.group or Group()
        pipeline.group.unfinished += 1
    run = Run(
        uuid=uuid,
        project=flow.project,
        name=name,
        kind=kind,
        runtime=runtime,
        status=Status.CREATED,
        created_at=turn.now,
        updated_at=turn.now,
        root=flow.root.id,
        pipeline=pipeline.id if pipeline is not None else None,
        controller=node.controller.id if node.controller is not None else None,
        index=index,
        pending=pending,
        managed_by=flow.managed_by,
        user=flow.user,
        schedule_at=schedule_at,
        meta=meta,
    )
    turn.changes.append(Created(run))
    return node


def reborn(turn: Turn, node: Node) -> None:
    """Take a final run up again, in place."""
    group = node.pipeline.group if node.pipeline is not None else None
    if group is not None:
        group.count(node, -1)
        group.unfinished += 1
    node.by_stop = node.fired = node.released = node.queued = False
    node.work = node.pending = node.clean_at = None
    node.original = node.cloning = None
    fields = remember(
        node,
        resumed=turn.now.isoformat(),
        base=node.attempt or None,
        ending=None,
        fired=None,
        heard=None,
        retry_at=None,
        pruned=None,
        ignored=None,
    )
    fields |= {"pending": None, "original": None, "cloning_kind": None, "clean_at": None}
    move(turn, node, Status.RESUMING, "Resumed", "", **fields)


def retract(node: Node) -> None:
    """Take the run's ending back from those that still wait for others too; comes before `reborn`."""
    for waiting in node.downstream or ():
        if waiting.tally is not None:
            waiting.tally.count(node.status, node.by_stop, -1)
    if node.by_stop and node.pipeline is not None and node.pipeline.group is not None:
        node.pipeline.group.by_stop -= 1


def controller_below(pipeline: Node | None) -> Node | None:
    """The outermost dag or matrix above a child of `pipeline`; a schedule is none."""
    if pipeline is None:
        return None
    if pipeline.controller is not None:
        return pipeline.controller
    return None if pipeline.kind is RunKind.SCHEDULE else pipeline
