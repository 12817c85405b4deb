"""How does a flow come out of its rows? Every node, who belongs to whom, and how many children have ended."""

from __future__ import annotations

from collections.abc import Sequence

from polyaxon.engine import compilation
from polyaxon.engine.births import controller_below
from polyaxon.engine.flow import PIPELINES, Flow, Group, Node
from polyaxon.engine.world import World
from polyaxon.errors import InternalError
from polyaxon.model.ids import RunId
from polyaxon.model.run import Run, RunKind

__all__ = ["load", "node_of"]


def load(runs: Sequence[Run], world: World) -> Flow:
    """Build the flow from a root's rows, in any order as long as parents come before their children."""
    root = next((run for run in runs if run.root == run.uuid), None)
    if root is None or root.raw_content is None:
        raise InternalError("a flow is loaded from all rows of a tree, its root with the operation among them")
    flow = Flow(node_of(root), root.project, root.managed_by, root.user or world.user, world)
    flow.root.operation = compilation.load_operation(root.raw_content)
    for run in runs:
        if run.uuid != root.uuid:
            _attach(flow, run)
    _attach_builders(flow)
    return flow


def node_of(run: Run) -> Node:
    """The node of a row, on its own."""
    return Node(
        run.uuid,
        run.name,
        run.index,
        run.kind,
        run.status,
        run.created_at,
        pending=run.pending,
        attempt=run.attempt,
        started_at=run.started_at,
        finished_at=run.finished_at,
        schedule_at=run.schedule_at,
        clean_at=run.clean_at,
        inputs=run.inputs,
        outputs=run.outputs,
        meta=run.meta,
        state=run.state,
        original=run.original,
        cloning=run.cloning_kind,
        namespace=run.namespace,
    )


def _attach(flow: Flow, run: Run) -> None:
    node = node_of(run)
    flow.nodes[run.uuid] = node
    if run.pipeline is None:
        return
    pipeline = flow.nodes.get(run.pipeline)
    if pipeline is None or pipeline.kind not in PIPELINES:
        raise InternalError(f"run {run.uuid} belongs to {run.pipeline}, which is no pipeline of its tree")
    group = pipeline.group = pipeline.group or Group()
    node.pipeline = pipeline
    node.controller = controller_below(pipeline)
    group.children[str(run.name) if pipeline.kind is RunKind.DAG else str(run.index)] = node
    if node.is_final:
        group.count(node, 1)
    else:
        group.unfinished += 1


def _attach_builders(flow: Flow) -> None:
    for node in flow.nodes.values():
        served = flow.nodes.get(RunId(str(node.notes.get("serves")))) if "serves" in node.notes else None
        if served is None:
            continue
        node.operation = compilation.load_operation(node.notes["operation"])
        node.serves = served
        # The latest counts: a resumed run may have had its image built again.
        if served.builder is None or served.builder.created_at <= node.created_at:
            served.builder = node
