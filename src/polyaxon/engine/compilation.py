"""The seam to the compiler: what a compilation may look at is gathered here, from the flow; nothing else calls it.

Everything is derived from rows: compiling again after a crash gives the same result, for what it looks at (upstreams'
outputs, the parent's values, the suggestion) is stored with the runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from polyaxon.compiler.bind import early
from polyaxon.compiler.cache import NOT_OVER
from polyaxon.compiler.compile import (
    Compiled,
    Needs,
    Surroundings,
    cache_key,
    compile_plain,
    compile_use,
    launch_plan,
    needs,
    needs_nothing,
    plan_like,
)
from polyaxon.compiler.edges import EdgeInfo, abroad
from polyaxon.compiler.expand import DagNode, child_operation, dag_graph, inherited, kind_of_operation
from polyaxon.engine.flow import Flow, Group, Node
from polyaxon.errors import InternalError, SpecError, UsageError
from polyaxon.model.launch import InitStep, LaunchPlan
from polyaxon.model.record import changed
from polyaxon.model.run import Cloning, RunFacts, RunKind
from polyaxon.model.status import Pending, Status
from polyaxon.model.trigger import Trigger
from polyaxon.spec.component import Authored
from polyaxon.spec.dump import dump
from polyaxon.spec.likeness import with_likenesses
from polyaxon.spec.operation import Operation

__all__ = [
    "Compiled",
    "DagNode",
    "EdgeInfo",
    "Operation",
    "abroad_of",
    "child_held_by",
    "compile_run",
    "compiled_of",
    "count_joins",
    "facts_of",
    "graph_of",
    "held_by",
    "key_of",
    "load_operation",
    "makes_image",
    "needs_of",
    "plan_of",
    "preset_of",
    "queue_text",
    "raw_hooks",
    "raw_plugins",
    "row_fields",
    "runtime_of",
    "shape_of",
    "shape_of_children",
    "sources_of",
    "with_trigger",
]

Shape = tuple[RunKind, str]


def load_operation(raw: str | Mapping[str, Any]) -> Operation:
    """The operation as it was stored; raises `UserError` when it is none (a hook's component may be anything)."""
    try:
        return Operation.model_validate(with_likenesses(json.loads(raw) if isinstance(raw, str) else raw))
    except ValueError as error:
        raise UsageError(f"not an operation: {error}", "check the file with `polyaxon check`") from error


def shape_of(operation: Operation) -> Shape:
    """What a run of the operation is stored as."""
    return kind_of_operation(operation)


def held_by(operation: Operation) -> Pending | None:
    """What holds a run of the operation from the start: a plain `isApproved: false`. A build comes before an approval,
    so then the approval is asked for later."""
    return _held_by(operation, operation.component)


def child_held_by(step: DagNode) -> Pending | None:
    """What holds an operation of a dag from the start."""
    return _held_by(step.written, step.component)


def _held_by(operation: Operation, component: Authored | None) -> Pending | None:
    approved = operation.is_approved
    if approved is None and component is not None:
        approved = component.is_approved
    has_build = operation.build is not None or (component is not None and component.build is not None)
    return Pending.APPROVAL if approved is False and not has_build else None


def queue_text(node: Node) -> str:
    """The queue as the file has it, before anything is rendered."""
    operation = node.step.written if node.step is not None else None
    return (operation.queue if operation is not None else None) or ""


def graph_of(node: Node) -> Sequence[DagNode]:
    """The operations of a dag in topological order."""
    return dag_graph(_operation(node)).nodes


def abroad_of(node: Node) -> Mapping[str, tuple[str, ...]]:
    """The runs elsewhere whose events start this one: an operation of a dag, or nobody's child."""
    if node.step is not None:
        return node.step.abroad
    return abroad(node.operation) if node.pipeline is None and node.operation is not None else _NOTHING


def with_trigger(flow: Flow, node: Node) -> DagNode:
    """The node's place in its dag with the trigger that its template gives, by the values there are before the run
    starts; raises `UsageError`."""
    step = node.step
    if step is None:
        raise InternalError(f"run {node.id} is no operation of a dag")
    try:
        value = early(step.operation, _surroundings(flow, node), step.trigger)
    except SpecError as error:
        raise UsageError(f"the trigger `{step.trigger}` cannot be read: {error.problems[0].message}") from error
    try:
        return replace(step, trigger=Trigger(str(value)).value)
    except ValueError:
        message = f"`trigger` became `{value}`, which it cannot be: it is one of {', '.join(Trigger)}"
        raise UsageError(message) from None


def shape_of_children(node: Node) -> tuple[Shape, Pending | None]:
    """What the children of a matrix or schedule are stored as, and what holds each of them. Their common operation is
    made here, once."""
    group = node.group
    if group is None or group.compiled is None:
        raise InternalError(f"run {node.id} has no children yet")
    group.operation = child_operation(group.compiled, _operation(node))
    held = held_by(group.operation) if node.kind is RunKind.SCHEDULE else None
    return shape_of(group.operation), held


def preset_of(compiled: Compiled) -> Mapping[str, Any] | None:
    """What the children of a pipeline inherit; those of a search or a schedule carry it in their operation."""
    return inherited(compiled) if compiled.kind is RunKind.DAG else None


def sources_of(node: Node, names: Iterable[str]) -> dict[str, str]:
    """Where the values of these names come from, in the file's words: `ops.train outputs.loss`."""
    params = _operation(node).params or {}
    given = ((name, params[name]) for name in names if name in params)
    return {name: f"{param.ref} {param.value}" for name, param in given if param.ref is not None}


def raw_hooks(node: Node) -> Sequence[Mapping[str, Any]]:
    """The hooks of a run that ended before it was compiled, as the file has them."""
    operation = _written(node)
    if operation is None:
        return ()
    hooks = operation.hooks
    if hooks is None and operation.component is not None:
        hooks = operation.component.hooks
    return [dump(hook) for hook in hooks] if hooks else ()


def raw_plugins(node: Node) -> Mapping[str, Any]:
    """The plugins of a run that ended before it was compiled, as the file has them: its own, else its pipeline's."""
    operation = _written(node)
    if operation is None:
        return _NOTHING
    plugins = operation.plugins
    if plugins is None and operation.component is not None:
        plugins = operation.component.plugins
    if plugins is not None:
        return dump(plugins)
    above = node.pipeline.group if node.pipeline is not None else None
    inherited_ones: Mapping[str, Any] = ((above.preset if above is not None else None) or {}).get("plugins") or {}
    return inherited_ones


def _written(node: Node) -> Operation | None:
    operation = node.step.operation if node.step is not None else node.operation
    if operation is None and node.pipeline is not None and node.pipeline.group is not None:
        operation = node.pipeline.group.operation
    return operation


def runtime_of(node: Node) -> str:
    """The precise kind of a run (`tfjob`, `grid`, …)."""
    compiled = node.work.compiled if node.work is not None else None
    return compiled.runtime if compiled is not None else shape_of(_operation(node))[1]


def needs_of(flow: Flow, node: Node) -> Needs:
    """What must be fetched before the run can be compiled."""
    if needs_nothing(*_use(node)):
        return _NO_NEEDS
    around = _surroundings(flow, node)
    if node.work is not None:
        node.work.around = around  # what follows looks at the same
    return needs(_operation(node), around)


_NO_NEEDS = Needs()


def count_joins(node: Node) -> int:
    """How many of the queries that a run needs answered are joins; what its search begins with comes after those."""
    return len(_operation(node).joins or ())


def compile_run(flow: Flow, node: Node) -> Compiled:
    """Compile the run; raises `SpecError`."""
    state, pipeline = node.work, node.pipeline
    preset = pipeline.group.preset if pipeline is not None and pipeline.group is not None else None
    operation, component = _use(node)
    if not (node.meta and "suggestion" in node.notes):
        plain = compile_plain(operation, component, preset)
        if plain is not None:
            return plain
    around = state.around if state is not None and not (state.joins or state.runs) else None
    around = around or _surroundings(flow, node)
    if state is not None:
        state.around = around
    return compile_use(operation, component, around)


def compiled_of(node: Node) -> Compiled:
    """The compilation of a run that is being worked on."""
    compiled = node.work.compiled if node.work is not None else None
    if compiled is None and node.group is not None:
        compiled = node.group.compiled
    if compiled is None:
        raise InternalError(f"run {node.id} is not compiled")
    return compiled


def plan_of(flow: Flow, node: Node) -> LaunchPlan:
    """What the runtime is to start; raises `SpecError` when a template of the runtime section fails."""
    plan = _known_plan(flow, node) or _new_plan(flow, node)
    spec = _restored(node)
    if spec is not None:
        # A copied run, and a trial that goes on from an earlier rung, begin with the other run's files.
        step = InitStep("artifacts", spec, path=plan.places.run_artifacts)
    elif node.meta and "tuner" in node.notes:
        # What a tuner is asked may be longer than arguments can be.
        step = InitStep("file", {"filename": "search.json", "content": json.dumps(node.notes["suggestion"])})
    else:
        return plan
    return replace(plan, replicas=tuple(replace(item, init=(step, *item.init)) for item in plan.replicas))


def _known_plan(flow: Flow, node: Node) -> LaunchPlan | None:
    """The plan of a run that differs from an earlier one in nothing but who it is."""
    compiled = compiled_of(node)
    known = plan_like(compiled, _image_of(node))
    if known is None:
        return None
    who = {
        "run": node.id,
        "project": flow.project,
        "owner": flow.world.owner,
        "name": compiled.name or node.name,
        "places": flow.world.places(node.id),
        "namespace": compiled.namespace or node.namespace,
    }
    return changed(known, who)


def _new_plan(flow: Flow, node: Node) -> LaunchPlan:
    state = node.work
    # A run that was held, or that is tried again, finds another world than the one it was compiled in.
    around = state.around if state is not None and node.attempt <= 1 else None
    return launch_plan(compiled_of(node), around or _surroundings(flow, node))


def key_of(flow: Flow, node: Node) -> tuple[str, str]:
    """The run's cache key and the text of the parts it is made of."""
    digests = dict(flow.root.meta.get("digests", {}))
    image = _image_of(node)
    if image is not None:
        digests["image"] = image
    digests |= _what_came_before(node)
    compiled = compiled_of(node)
    if node.schedule_at is not None and "schedule_at" in str(compiled.run):
        # What says for when it runs does other work at another time; the text itself does not say which.
        digests["globals.schedule_at"] = node.schedule_at.isoformat()
    return cache_key(compiled, flow.project, digests, node.id)


def makes_image(node: Node) -> bool:
    """Whether the run builds an image: its name may stand for another one later."""
    return any(bound.type == "image" and bound.value for bound in compiled_of(node).bindings.outputs)


def row_fields(node: Node, compiled: Compiled) -> dict[str, Any]:
    """What the stored run learns from its compilation: only what is not there already."""
    fields: dict[str, Any] = {"inputs": compiled.inputs, "content": compiled.content_text()}
    optional = {
        "outputs": node.outputs,
        "queue": compiled.queue,
        "namespace": compiled.namespace,
        "description": compiled.description,
        "tags": compiled.tags,
    }
    fields |= {key: value for key, value in optional.items() if value}
    return fields


def facts_of(flow: Flow, node: Node) -> RunFacts:
    """What templates, references and joins may see of a run."""
    return RunFacts(
        uuid=node.id,
        name=node.name,
        project=flow.project,
        owner=flow.world.owner,
        status=node.status,
        inputs=node.inputs,
        outputs=node.outputs,
        artifacts=node.notes.get("artifacts", _NOTHING) if node.meta else _NOTHING,
        user=flow.user,
        namespace=node.namespace,
        iteration=node.meta.get("iteration") if node.meta else None,
        created_at=node.created_at,
        schedule_at=node.schedule_at,
        started_at=node.started_at,
        finished_at=node.finished_at,
        duration=_duration(node),
        cloning_kind=node.cloning,
        original_uuid=node.original,
        is_independent=node.pipeline is None,
        artifacts_owner=node.original if node.cloning is Cloning.CACHE else None,
    )


def _surroundings(flow: Flow, node: Node) -> Surroundings:
    state = node.work
    pipeline = node.pipeline
    group = pipeline.group if pipeline is not None else None
    upstream: Mapping[str, RunFacts] = _NOTHING
    if node.step is not None and group is not None and node.step.upstreams:
        edges = node.step.upstreams.items()
        # Only of those whose values are taken: an operation that closes a large fan looks at none.
        upstream = {name: facts_of(flow, group.children[name]) for name, edge in edges if edge.values}
    notes = node.notes if node.meta else _NOTHING
    return Surroundings(
        facts=partial(facts_of, flow, node),
        places=flow.world.places(node.id),
        upstream=upstream,
        dag=_dag_facts(flow, pipeline, group) if node.step is not None else None,
        runs=state.runs if state is not None else _NOTHING,
        joins=state.joins if state is not None else (),
        suggestion=notes.get("suggestion"),
        inherited=group.preset if group is not None else None,
        connections=flow.world.connections,
        image=_image_of(node),
    )


_NOTHING: Mapping[str, Any] = {}


def _dag_facts(flow: Flow, dag: Node | None, group: Group | None) -> RunFacts | None:
    """The enclosing dag as its children see it: context values are as good as inputs."""
    if dag is None or group is None or group.compiled is None:
        return None
    if group.facts is None:
        compiled = group.compiled
        group.facts = replace(facts_of(flow, dag), inputs={**compiled.contexts, **compiled.inputs})
    return group.facts


def _use(node: Node) -> tuple[Operation, Authored | None]:
    """The operation and the component that it uses."""
    if node.step is not None:
        return node.step.written, node.step.component
    operation = _operation(node)
    return operation, operation.component


def _operation(node: Node) -> Operation:
    if node.step is not None:
        return node.step.operation
    if node.operation is not None:
        return node.operation
    group = node.pipeline.group if node.pipeline is not None else None
    if group is None or group.operation is None:
        raise InternalError(f"the operation of run {node.id} is not known")
    return group.operation


def _what_came_before(node: Node) -> dict[str, str]:
    """The upstreams that a run takes no values from: it waits for what they do besides, so it is the same work only if
    they were. A pipeline, or a run that cannot be reused, is never the same twice."""
    if node.step is None or node.pipeline is None or node.pipeline.group is None:
        return {}
    if not (node.step.upstreams or node.step.abroad):
        return {}
    children = node.pipeline.group.children
    bare = (children[name] for name, edge in node.step.upstreams.items() if not edge.values)
    elsewhere = {f"upstream runs.{uuid}": uuid for uuid in node.step.abroad}
    return {f"upstream {item.name}": _identity(item) for item in bare} | elsewhere


def _identity(upstream: Node) -> str:
    if upstream.is_final and upstream.status is not Status.SUCCEEDED:
        return upstream.status.value
    known = upstream.state or upstream.id
    return known if upstream.is_final else f"{known}{NOT_OVER}"


def _image_of(node: Node) -> str | None:
    """The image that was built for the run, or for the search or schedule it belongs to: one build serves all."""
    if node.meta and "image" in node.notes:
        return str(node.notes["image"])
    above = node.pipeline
    return _image_of(above) if above is not None and above.kind is not RunKind.DAG else None


def _restored(node: Node) -> Mapping[str, Any] | None:
    """Which files of another run this one begins with: those that were chosen, else its outputs. Never the other's own
    record of what happened to it (journal, events, logs)."""
    source = node.original if node.cloning is Cloning.COPY else node.notes.get("restore") if node.meta else None
    if source is None:
        return None
    chosen = node.meta.get("copy_artifacts") or {"dirs": ["outputs"]}
    return {kind: [[f"{source}/{path}", path] for path in chosen[kind]] for kind in ("files", "dirs") if kind in chosen}


def _duration(node: Node) -> float | None:
    if node.started_at is None or node.finished_at is None:
        return None
    return round((node.finished_at - node.started_at).total_seconds(), 2)
