"""What pipelines are made of: the graph of a dag, and the operations that children of dags, searches and schedules run.

A child says more than its parent, its parent more than the child's component: `inherited` is laid under the child's
operation and over its component (`compile_operation` does it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, TypeVar

from pydantic import ValidationError

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compiled import Compiled
from polyaxon.compiler.context import Bound
from polyaxon.compiler.edges import EdgeInfo, abroad, upstreams
from polyaxon.compiler.kinds import KINDS
from polyaxon.compiler.plain import as_data, searched_names
from polyaxon.compiler.problems import problem, where
from polyaxon.compiler.template import has_template
from polyaxon.errors import Problem, SpecError
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.spec.component import Authored, Component
from polyaxon.spec.dag import Dag
from polyaxon.spec.fields import Model
from polyaxon.spec.garbage import collector_paused
from polyaxon.spec.io import IO
from polyaxon.spec.operation import Operation
from polyaxon.spec.params import Param
from polyaxon.spec.types import describe, plain

__all__ = [
    "DagGraph",
    "DagNode",
    "child_operation",
    "dag_graph",
    "inherited",
    "is_endless",
    "is_endless_use",
    "kind_of_operation",
]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class DagNode:
    """One operation of a dag, as it is `written` there, and the component that it uses."""

    name: str
    written: Operation
    component: Authored
    kind: RunKind
    runtime: str
    upstreams: Mapping[str, EdgeInfo]
    trigger: str = "all_succeeded"
    skip_on_upstream_skip: bool = False
    abroad: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Runs elsewhere whose events start it, with the statuses."""

    @property
    def operation(self) -> Operation:
        """The operation with its component in place; made when asked for, since a dag may have a hundred thousand."""
        known = self.written.component is self.component
        return self.written if known else _with_component(self.written, self.component)


@dataclass(frozen=True, slots=True)
class DagGraph:
    """The operations in topological order, those that could go first in the order of the file."""

    nodes: tuple[DagNode, ...]

    def __getitem__(self, name: str) -> DagNode:
        return next(node for node in self.nodes if node.name == name)


def dag_graph(operation: Operation) -> DagGraph:
    """Return the graph of an operation whose component is a dag; raises `SpecError` when it is none."""
    with collector_paused():
        return _graph(operation)


def _graph(operation: Operation) -> DagGraph:
    dag = operation.component.run if operation.component is not None else None
    if not isinstance(dag, Dag):
        raise SpecError([problem(CompileCode.EMPTY_DAG, "the operation is not a dag", "run")])
    components = {item.name: item for item in dag.components or () if item.name}
    nodes: dict[str, DagNode] = {}
    problems: list[Problem] = []
    for index, item in enumerate(dag.operations or ()):
        node = _node(item, components, problems, f"run.operations[{index}]")
        if node is not None and node.name in nodes:
            message = f"two operations are called `{node.name}`"
            problems.append(problem(CompileCode.DUPLICATE_OPERATION, message, f"run.operations[{index}]"))
        elif node is not None:
            nodes[node.name] = node
    if not problems and not nodes:
        problems.append(problem(CompileCode.EMPTY_DAG, "the dag has no operations", "run.operations"))
    if problems:
        raise SpecError(problems)
    return DagGraph(_sorted(nodes))


def _node(item: Authored, components: Mapping[str, Authored], problems: list[Problem], place: str) -> DagNode | None:
    if not item.name:
        problems.append(problem(CompileCode.UNNAMED, "an operation of a dag needs a name", place))
        return None
    operation, component = _resolved(item, components)
    if component is None or component.run is None:
        message = f"the component of `{item.name}` is not known"
        problems.append(problem(CompileCode.UNKNOWN_COMPONENT, message, place))
        return None
    kind, runtime = _kind(operation, component)
    return DagNode(
        name=item.name,
        written=operation,
        component=component,
        kind=kind,
        runtime=runtime,
        upstreams=upstreams(operation),
        trigger=operation.trigger or "all_succeeded",
        skip_on_upstream_skip=bool(operation.skip_on_upstream_skip),
        abroad=abroad(operation),
    )


def _resolved(item: Authored, components: Mapping[str, Authored]) -> tuple[Operation, Authored | None]:
    """Return what is written in a dag as an operation, and its component, if that is known."""
    operation = item if isinstance(item, Operation) else Operation(name=item.name, component=item)
    if operation.component is None and operation.dag_ref is not None:
        return operation, components.get(operation.dag_ref)
    return operation, operation.component


def _with_component(operation: Operation, component: Authored) -> Operation:
    """Return the operation with its component in place.

    Like `model_copy(update=…)`, which takes ten times as long: there may be one such copy for every operation of a dag.
    """
    copy = Operation.__new__(Operation)
    object.__setattr__(copy, "__dict__", {**operation.__dict__, "component": component})
    object.__setattr__(copy, "__pydantic_fields_set__", operation.__pydantic_fields_set__ | {"component"})
    object.__setattr__(copy, "__pydantic_extra__", None)
    object.__setattr__(copy, "__pydantic_private__", None)
    return copy


def is_endless(operation: Operation) -> bool:
    """Whether it goes on until it is stopped: a service without a job of its own, or a dag of nothing else."""
    return operation.component is not None and is_endless_use(operation, operation.component)


def is_endless_use(operation: Operation, component: Authored) -> bool:
    """The same of an operation whose component is not in place yet."""
    run = component.run
    if run is None or isinstance(run, dict):
        return False
    kind = _kind(operation, component)[0]
    if kind is RunKind.SERVICE:
        return not getattr(run, "entrypoint", None)
    if kind is not RunKind.DAG or not isinstance(run, Dag) or not run.operations:
        return False
    components = {item.name: item for item in run.components or () if item.name}
    inner = (_resolved(item, components) for item in run.operations)
    return all(used is not None and is_endless_use(item, used) for item, used in inner)


def kind_of_operation(operation: Operation) -> tuple[RunKind, str]:
    """Return what a run of the operation will be stored as: a schedule before a search before its runtime."""
    return _kind(operation, operation.component)


def _kind(operation: Operation, component: Authored | None) -> tuple[RunKind, str]:
    if operation.schedule is not None:
        return RunKind.SCHEDULE, operation.schedule.kind
    if operation.matrix is not None:
        return RunKind.MATRIX, operation.matrix.kind
    run = component.run if component is not None else None
    if run is None or isinstance(run, dict):
        raise SpecError([problem(CompileCode.NO_RUNTIME, "there is nothing to run: no `run` with a kind", "run")])
    return KINDS[run.kind].stored, run.kind


def _sorted(nodes: Mapping[str, DagNode]) -> tuple[DagNode, ...]:
    """Order the nodes so that upstreams come first; among those that are free, the file's order. Linear."""
    from heapq import heappop, heappush

    order = list(nodes.values())
    index = {node.name: place for place, node in enumerate(order)}
    waiting = [sum(name in nodes for name in node.upstreams) for node in order]
    downstream: list[list[int]] = [[] for _ in order]
    for place, node in enumerate(order):
        for name in node.upstreams:
            if name in index:
                downstream[index[name]].append(place)
            else:
                message = f"`{node.name}` waits for `{name}`, which the dag does not have"
                raise SpecError([problem(CompileCode.UNKNOWN_OPERATION, message, node.name)])
    free = [place for place, count in enumerate(waiting) if count == 0]
    found: list[DagNode] = []
    while free:
        place = heappop(free)
        found.append(order[place])
        for following in downstream[place]:
            waiting[following] -= 1
            if waiting[following] == 0:
                heappush(free, following)
    if len(found) < len(order):
        stuck = ", ".join(node.name for place, node in enumerate(order) if waiting[place])
        raise SpecError([problem(CompileCode.CYCLE, f"the operations wait for each other: {stuck}", "run.operations")])
    return tuple(found)


def inherited(parent: Compiled) -> dict[str, Any]:
    """Return what the children of a dag take over from it unless they say otherwise themselves.

    Children of a search or a schedule take over nothing: `child_operation` has it all in the operation already.
    """
    if parent.kind is not RunKind.DAG:
        return {}
    names = ("cache", "termination", "plugins", "queue")
    preset = {name: parent.fields[name] for name in names if parent.fields.get(name)}
    patch = {name: parent.run[name] for name in ("environment", "connections", "volumes") if parent.run.get(name)}
    return {**preset, "runPatch": patch} if patch else preset


def child_operation(parent: Compiled, operation: Operation) -> Operation:
    """Return what each child of a search or a schedule runs; `operation` is the parent's own.

    One operation serves all children. A child of a search has the parent's values, context values included, and gets
    its own from `Surroundings.suggestion`. A scheduled run keeps the templates of its params, so that each run sees its
    own `globals.schedule_at`, and asks its joins again.
    """
    dropped = _DROPPED[parent.kind]
    outer = {name: value for name, value in parent.fields.items() if name not in dropped}
    inner = {name: outer.pop(name) for name in list(outer) if name not in _OUTER}
    component = _built(
        Component,
        {
            **inner,
            "kind": "component",
            "inputs": as_data(list(_declared(parent.bindings.inputs))),
            "outputs": as_data(list(_declared(parent.bindings.outputs))),
            "run": parent.run,
        },
    )
    params = _scheduled_params(parent, operation) if parent.kind is RunKind.SCHEDULE else _passed_params(parent)
    child = _built(Operation, {"kind": "operation", **outer})
    return child.model_copy(update={"component": component, "params": params})


def _built(model: type[M], data: Mapping[str, Any]) -> M:
    """Build a model of sections that were rendered: what a template gave may be wrong where it stands."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise SpecError(
            [
                problem(CompileCode.RENDERED, f"`{path}` became {describe(found['input'])}, which it cannot be", path)
                for found in error.errors(include_url=False)
                for path in [where(found["loc"])]
            ]
        ) from None


_DAG_ONLY = frozenset({"events", "dependencies", "trigger", "skipOnUpstreamSkip", "build"})
_DROPPED: Mapping[RunKind, frozenset[str]] = {
    RunKind.SCHEDULE: _DAG_ONLY | {"schedule"},
    RunKind.MATRIX: _DAG_ONLY | {"schedule", "matrix", "joins", "conditions", "isApproved"},
}
_OUTER = frozenset({"matrix", "joins", "conditions", "isApproved"})
"""What belongs to an operation rather than to a component."""


def _declared(bounds: Iterable[Bound]) -> Iterable[IO]:
    return (bound.io for bound in bounds if bound.io is not None)


def _passed_params(parent: Compiled) -> dict[str, Param]:
    """Return the parent's values, except those that each suggestion brings."""
    suggested = searched_names(parent.matrix or {})
    return {
        bound.name: _param(bound, name == "contexts")
        for name, bounds in parent.bindings.by_section()
        for bound in bounds
        if bound.name not in suggested and (bound.value is not None or name == "inputs")
    }


def _param(bound: Bound, is_context: bool) -> Param:
    given: dict[str, Any] = {"value": _literal(plain(bound.value))}
    if is_context:
        given["context_only"] = True
    for name, value in (("connection", bound.connection), ("to_env", bound.to_env), ("to_init", bound.to_init or None)):
        if value is not None:
            given[name] = value
    return Param(**given)


def _literal(value: Any) -> Any:
    """Return the value so that rendering gives it back: what it holds was rendered already, or is data."""
    if isinstance(value, str):
        return "{% raw %}" + value + "{% endraw %}" if has_template(value) else value
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _literal(item) for key, item in value.items()}
    return value


def _scheduled_params(parent: Compiled, operation: Operation) -> dict[str, Param]:
    """Return the operation's params as written, those that refer to other runs with the value they had."""
    known = {bound.name: bound for section in parent.bindings.sections for bound in section}
    return {
        name: param if param.ref is None else _param(known[name], bool(param.context_only))
        for name, param in (operation.params or {}).items()
        if param.ref is None or name in known
    }
