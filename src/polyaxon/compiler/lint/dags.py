"""Does the graph of a dag hold together: names, references, circles, types along its edges, what can ever run?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from polyaxon.compiler import conditions
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.edges import EdgeInfo, abroad, upstreams
from polyaxon.compiler.facts import RefError, read_path, read_ref
from polyaxon.compiler.lint.near import did_you_mean, listed, pointed_at
from polyaxon.compiler.lint.use import Use
from polyaxon.compiler.origin import Place
from polyaxon.compiler.problems import Path
from polyaxon.compiler.template import TemplateError
from polyaxon.errors import Problem
from polyaxon.model.record import dataclass
from polyaxon.spec.component import Authored
from polyaxon.spec.dag import Dag
from polyaxon.spec.types import compatible

__all__ = ["Node", "check_components", "check_edges", "check_graph", "check_names_of", "walk"]


@dataclass(slots=True)
class Node:
    """An operation of a dag while it is checked; `use` is None when its component is not known."""

    name: str
    operation: Authored
    place: Place
    upstreams: Mapping[str, EdgeInfo]
    use: Use | None = None


def check_names_of(dag: Dag, place: Place, nodes: dict[str, Node]) -> Iterator[Problem]:
    """Fill `nodes` by name, and yield what is wrong with the names."""
    if not dag.operations:
        message = "the dag has no operations"
        yield place.problem(CompileCode.EMPTY_DAG, message, "operations", suggestion="add at least one operation")
    for index, operation in enumerate(dag.operations or ()):
        where = place.at("operations", index)
        name = operation.name
        if not name:
            message = "an operation of a dag needs a name"
            yield where.problem(CompileCode.UNNAMED, message, suggestion="add `name: …`")
        elif name in nodes:
            line = nodes[name].place.document.locate((*nodes[name].place.path, "name")).line
            message = f"there are two operations `{name}`, the first one in line {line}"
            suggestion = "give it another name"
            yield where.problem(CompileCode.DUPLICATE_OPERATION, message, "name", suggestion=suggestion)
        else:
            nodes[name] = Node(name, operation, where, upstreams(operation))


def check_components(dag: Dag, place: Place, nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Yield what is wrong with the dag's components as a list: names, and whether anything uses them."""
    seen: set[str] = set()
    used = {node.operation.dag_ref for node in nodes.values()}
    used |= {component.dag_ref for component in dag.components or ()}
    for index, component in enumerate(dag.components or ()):
        name = component.name
        where = ("components", index, "name")
        if not name:
            message = "a component of a dag needs a name, or nothing can refer to it"
            yield place.problem(CompileCode.UNNAMED, message, "components", index, suggestion="add `name: …`")
        elif name in seen:
            message = f"there are two components `{name}`"
            yield place.problem(CompileCode.DUPLICATE_COMPONENT, message, *where, suggestion="give it another name")
        elif name not in used:
            message = f"no operation uses the component `{name}`"
            suggestion = f"remove it, or refer to it with `dagRef: {name}`"
            yield place.problem(
                CompileCode.UNUSED_COMPONENT, message, *where, suggestion=suggestion, severity="warning"
            )
        if name:
            seen.add(name)


def check_graph(nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Yield unknown operations, circles, and operations that can never run."""
    for node in nodes.values():
        for name in node.upstreams:
            if name not in nodes:
                yield from _unknown(node, name, nodes)
    order, circles = walk(nodes)
    for circle in circles:
        yield _circle_problem(circle, nodes)
    if not circles:
        yield from _check_reach(order, nodes)


def _unknown(node: Node, name: str, nodes: Mapping[str, Node]) -> Iterator[Problem]:
    others = [other for other in nodes if other != node.name]
    hint = did_you_mean(name, others) or (f"the operations are {listed(others)}" if others else None)
    for path in _mentions(node, name):
        message = f"`{node.name}` refers to an operation `{name}`, which this dag does not have"
        found = node.place.problem(CompileCode.UNKNOWN_OPERATION, message, *path, suggestion=hint)
        yield pointed_at(found, name)


def _mentions(node: Node, name: str) -> Iterator[Path]:
    """Yield where the operation names another one."""
    operation = node.operation
    for index, dependency in enumerate(operation.dependencies or ()):
        if dependency == name:
            yield ("dependencies", index)
    for param, edge in node.upstreams[name].values.items() if name in node.upstreams else ():
        if edge is not None:
            yield ("params", param, "ref")
    for index, event in enumerate(operation.events or ()):
        if _named(event.ref) == name:
            yield ("events", index, "ref")


def _named(ref: str) -> str | None:
    try:
        return read_ref(ref).name
    except RefError:
        return None


def walk(nodes: Mapping[str, Node]) -> tuple[list[str], list[list[str]]]:
    """Return the names with upstreams first, and the circles met on the way. Depth first, without recursion."""
    order: list[str] = []
    circles: list[list[str]] = []
    state: dict[str, int] = {}
    for start in nodes:
        if start in state:
            continue
        trail = [start]
        stack = [(start, iter(nodes[start].upstreams))]
        state[start] = 1
        while stack:
            name, following = stack[-1]
            for upstream in following:
                if upstream not in nodes:
                    continue
                if upstream not in state:
                    state[upstream] = 1
                    trail.append(upstream)
                    stack.append((upstream, iter(nodes[upstream].upstreams)))
                    break
                if state[upstream] == 1:
                    circles.append([*trail[trail.index(upstream) :], upstream])
            else:
                stack.pop()
                trail.pop()
                state[name] = 2
                order.append(name)
    return order, circles


def _circle_problem(circle: Sequence[str], nodes: Mapping[str, Node]) -> Problem:
    """The walk goes from an operation to what it waits for; the arrows of the message go the way the work would."""
    shown = list(reversed(circle))
    node = nodes[circle[0]]
    path = next(_mentions(node, circle[1]), ())
    if len(circle) == 2:
        message = f"`{node.name}` waits for itself"
        suggestion = "remove it from its own dependencies and params"
    else:
        message = "the operations wait for each other: " + " → ".join(f"`{name}`" for name in shown)
        suggestion = "remove one of these dependencies"
    found = node.place.problem(CompileCode.CYCLE, message, *path, suggestion=suggestion)
    return pointed_at(found, circle[1])


_RUNS = frozenset({"succeeded", "failed", "stopped"})
_CAN_MEET: Mapping[str, Callable[[Sequence[frozenset[str]]], bool]] = {
    "all_succeeded": lambda ends: all(end & {"succeeded", "skipped"} for end in ends),
    "all_failed": lambda ends: all("failed" in end for end in ends),
    "all_done": lambda _: True,
    "one_succeeded": lambda ends: any("succeeded" in end for end in ends),
    "one_failed": lambda ends: any("failed" in end for end in ends),
    "one_done": lambda _: True,
}
"""Whether a trigger can be met, given how each upstream may end."""


def _check_reach(order: Sequence[str], nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Work out how each operation may end, and yield those that can never run."""
    ends: dict[str, frozenset[str]] = {}
    for name in order:
        node = nodes[name]
        operation = node.operation
        constant = _constant(operation.conditions)
        above = {up: ends[up] for up in node.upstreams if up in ends}
        depending = [ends[up] for up, edge in node.upstreams.items() if up in ends and edge.depends]
        trigger = operation.trigger or "all_succeeded"
        can_meet = _CAN_MEET.get(trigger)
        starts_on_event = any(edge.events for edge in node.upstreams.values()) or bool(abroad(operation))
        if can_meet is not None and depending and not starts_on_event and not can_meet(depending):
            ends[name] = frozenset({"upstream_failed"})
            culprits = listed(up for up, end in above.items() if not end & _RUNS)
            message = f"`{name}` can never run: `trigger: {trigger}` cannot be met"
            message += f", because {culprits} never runs" if culprits else ""
            yield node.place.problem(CompileCode.UNREACHABLE, message, "trigger", suggestion=_REACH_HINT)
        elif operation.skip_on_upstream_skip and (never := [up for up, end in above.items() if end == {"skipped"}]):
            ends[name] = frozenset({"skipped"})
            message = f"`{name}` can never run: {listed(never)} is always skipped, and it is skipped with it"
            yield node.place.problem(CompileCode.UNREACHABLE, message, "skipOnUpstreamSkip", suggestion=_REACH_HINT)
        elif constant is False:
            ends[name] = frozenset({"skipped"})
        else:
            ends[name] = _RUNS | ({"skipped"} if operation.conditions else frozenset())


_REACH_HINT = "change the trigger, or the conditions of what comes before"


def _constant(text: str | None) -> bool | None:
    """Return what a condition without names always says."""
    if text is None:
        return None
    try:
        template = conditions.as_template(text)
        return None if template.names or template.optional else conditions.evaluate(text, {})
    except TemplateError:
        return None


def check_edges(node: Node, nodes: Mapping[str, Node], dag: Use) -> Iterator[Problem]:
    """Yield params whose reference has no such value, or one of the wrong type."""
    for name, param in (node.operation.params or {}).items():
        if param.ref is None or "runs." in param.ref:
            continue
        try:
            ref, path = read_ref(param.ref), read_path(str(param.value))
        except RefError:
            continue  # said where params are checked
        if ref.kind == "dag":
            yield from _check_dag_ref(node, name, path, dag)
        elif ref.name in nodes and ref.name != node.name:
            yield from _check_ops_ref(node, name, path, nodes[ref.name])


_ALWAYS = {
    ("globals",): "dict",
    ("globals", ""): "str",
    ("inputs",): "dict",
    ("outputs",): "dict",
    ("io",): "dict",
    ("artifacts",): "dict",
}
"""What is the same for every run: the types of whole sections, and of each global."""


def _check_always(node: Node, name: str, path: tuple[str, ...], whose: str) -> Iterator[Problem]:
    """Check a value whose type does not depend on what the run declares."""
    found = _ALWAYS.get((path[0], "") if len(path) > 1 else path)
    if found is not None:
        yield from _check_type(node, name, (found, False), f"`{'.'.join(path)}` of {whose}")


def _check_dag_ref(node: Node, name: str, path: tuple[str, ...], dag: Use) -> Iterator[Problem]:
    if path[0] != "inputs" or len(path) < 2:
        yield from _check_always(node, name, path, "the dag")
        return
    source = dag.view.inputs.get(path[1])
    if source is None:
        if path[1] not in dag.known:
            known = [*dag.view.inputs, *(dag.operation.params or {})]
            message = f"the dag has no input `{path[1]}`"
            suggestion = did_you_mean(path[1], known) or (f"its inputs are {listed(known)}" if known else None)
            found = node.place.problem(
                CompileCode.UNKNOWN_VALUE, message, "params", name, "value", suggestion=suggestion
            )
            yield pointed_at(found, path[1])
        return
    yield from _check_type(node, name, (source.type, source.is_list), f"the dag's input `{path[1]}`")


def _check_ops_ref(node: Node, name: str, path: tuple[str, ...], above: Node) -> Iterator[Problem]:
    use = above.use
    if len(path) == 1 or path[0] not in ("inputs", "outputs"):
        yield from _check_always(node, name, path, f"`{above.name}`")
        return
    if use is None:
        return
    declared = use.view.inputs if path[0] == "inputs" else use.view.outputs
    source = declared.get(path[1])
    if source is None:
        yield from _unknown_value(node, name, path, above, use)
        return
    if path[0] == "outputs" and _is_pipeline(use) and source.value is None:
        message = f"`{above.name}` is {_is_pipeline(use)}: it has no output `{path[1]}` of its own"
        query = '`query: "pipeline: {{ uuid }}"`'
        suggestion = f"join over its runs: {query}, with a param `{{ref: ops.{above.name}, value: globals.uuid}}`"
        yield node.place.problem(CompileCode.UNKNOWN_VALUE, message, "params", name, "value", suggestion=suggestion)
        return
    shown = f"`{path[0]}.{path[1]}` of `{above.name}`"
    yield from _check_type(node, name, (source.type, source.is_list), shown)


def _is_pipeline(use: Use) -> str | None:
    if use.operation.matrix is not None:
        return "a search"
    if use.operation.schedule is not None:
        return "a schedule"
    return "a dag" if isinstance(use.component.run, Dag) else None


def _unknown_value(node: Node, name: str, path: tuple[str, ...], above: Node, use: Use) -> Iterator[Problem]:
    """An output that is not declared may still be logged, but only a template would take it as it comes."""
    declared = use.view.inputs if path[0] == "inputs" else use.view.outputs
    if path[0] == "inputs" and path[1] in use.known:
        return
    is_context = node.use is None or node.use.io(name) is None
    severity = "warning" if is_context and path[0] == "outputs" else "error"
    kind = path[0].removesuffix("s")
    message = f"the param `{name}` takes the {kind} `{path[1]}` of `{above.name}`, which declares none of that name"
    suggestion = did_you_mean(path[1], declared)
    if suggestion is None:
        suggestion = (
            f"its {path[0]} are {listed(declared)}" if declared else f"declare it in the {path[0]} of `{above.name}`"
        )
    found = node.place.problem(
        CompileCode.UNKNOWN_VALUE, message, "params", name, "value", suggestion=suggestion, severity=severity
    )
    yield pointed_at(found, path[1])


def _check_type(node: Node, name: str, source: tuple[str | None, bool | None], shown: str) -> Iterator[Problem]:
    io = node.use.io(name) if node.use is not None else None
    if io is None or compatible(*source, io.type, io.is_list):
        return
    given, wanted = _type_name(*source), _type_name(io.type, io.is_list)
    message = f"the input `{name}` is {wanted}, but {shown} is {given}"
    suggestion = "change one of the two types, or go through a param with `contextOnly: true`"
    yield node.place.problem(CompileCode.EDGE_TYPE, message, "params", name, "value", suggestion=suggestion)


def _type_name(name: str | None, is_list: bool | None) -> str:
    return f"a list of `{name or 'any'}`" if is_list else f"`{name or 'any'}`"
