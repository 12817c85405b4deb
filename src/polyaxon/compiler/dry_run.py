"""What would run: every operation in order, with the values that are known before anything has run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from polyaxon.compiler.context import as_text
from polyaxon.compiler.expand import dag_graph, kind_of_operation
from polyaxon.compiler.facts import RefError, read_path, read_ref
from polyaxon.compiler.plain import as_data
from polyaxon.compiler.tree import plan
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.spec.dag import Dag
from polyaxon.spec.io import IO, validate
from polyaxon.spec.operation import Operation
from polyaxon.spec.params import Param
from polyaxon.spec.types import CastError, plain

__all__ = ["Planned", "dry_run", "estimated_trials"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One operation that would run. `params` are its resolved values; `later` says of the others where they come from.

    `runs` is how many runs it makes, its own included and those of its children too; None when that cannot be told.
    """

    name: str
    kind: str
    runtime: str
    upstreams: tuple[str, ...] = ()
    trigger: str = "all_succeeded"
    condition: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    later: Mapping[str, str] = field(default_factory=dict)
    runs: int | None = 1
    children: tuple[Planned, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `polyaxon run --dry-run --output json` prints it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "runtime": self.runtime,
            "upstreams": list(self.upstreams),
            "trigger": self.trigger,
            "condition": self.condition,
            "params": dict(self.params),
            "later": dict(self.later),
            "runs": self.runs,
            "children": [child.to_dict() for child in self.children],
        }

    def lines(self, indent: str = "") -> list[str]:
        """Return the plan for people, an operation a line with its values below."""
        count = "" if self.runs == 1 else f", {'?' if self.runs is None else self.runs} runs"
        what = f"{self.kind} ({self.runtime})" if self.kind != self.runtime else self.kind
        after = f" after {', '.join(self.upstreams)}" if self.upstreams else ""
        trigger = f" ({self.trigger})" if self.trigger != "all_succeeded" else ""
        lines = [f"{indent}{self.name}: {what}{count}{after}{trigger}"]
        if self.condition is not None:
            lines.append(f"{indent}    only if {self.condition}")
        lines += [f"{indent}    {name} = {_short(value)}" for name, value in self.params.items()]
        lines += [f"{indent}    {name} from {source}" for name, source in self.later.items()]
        for child in self.children:
            lines += child.lines(indent + "  ")
        return lines


def _short(value: Any) -> str:
    text = as_text(value)
    return text if len(text) <= 100 else text[:99] + "…"


def dry_run(operation: Operation, name: str | None = None) -> Planned:
    """Return what running a checked operation would do; searches count their runs, schedules cannot be counted."""
    return _planned(operation, name, (), {})


def _planned(operation: Operation, name: str | None, upstreams: tuple[str, ...], around: Mapping[str, Any]) -> Planned:
    component = operation.component
    kind, runtime = kind_of_operation(operation)
    params, later = _values(operation, around)
    children: tuple[Planned, ...] = ()
    if component is not None and isinstance(component.run, Dag):
        children = tuple(
            _planned(node.operation, node.name, tuple(node.upstreams), params) for node in dag_graph(operation).nodes
        )
    return Planned(
        name=operation.name or name or (component.name if component is not None else None) or "operation",
        kind=str(kind),
        runtime=runtime,
        upstreams=upstreams,
        trigger=operation.trigger or "all_succeeded",
        condition=operation.conditions,
        params=params,
        later=later,
        runs=_count(operation, kind, children),
        children=children,
    )


def _values(operation: Operation, dag: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that are known, and where the others will come from."""
    component = operation.component
    declared = {io.name: io for io in [*(component.inputs or ()), *(component.outputs or ())]} if component else {}
    params = operation.params or {}
    searched = _searched(operation)
    known: dict[str, Any] = {}
    later: dict[str, str] = dict.fromkeys(searched, "the search")
    for name, param in params.items():
        if name in searched:
            continue
        if param.ref is not None:
            _from_ref(name, param, dag, known, later)
        elif plan(param.value) is not None:
            later[name] = f"the template `{param.value}`"
        else:
            known[name] = _shown(declared.get(name), param.value)
    for join in operation.joins or ():
        later.update({name: f"a join over `{join.query}`" for name in join.params or () if name not in params})
    for name, io in declared.items():
        if name not in known and name not in later and io.value is not None:
            known[name] = io.value
    return known, later


def _searched(operation: Operation) -> frozenset[str]:
    from polyaxon.compiler.plain import searched_names

    return searched_names(as_data(operation.matrix)) if operation.matrix is not None else frozenset()


def _from_ref(name: str, param: Param, dag: Mapping[str, Any], known: dict[str, Any], later: dict[str, str]) -> None:
    try:
        ref, path = read_ref(param.ref or ""), read_path(str(param.value))
    except RefError:
        later[name] = f"`{param.ref}`"
        return
    if ref.kind == "dag" and path[0] == "inputs" and len(path) == 2 and path[1] in dag:
        known[name] = dag[path[1]]
    else:
        later[name] = f"`{'.'.join(path)}` of `{ref.name or 'dag'}`"


def _shown(io: IO | None, value: Any) -> Any:
    try:
        return plain(validate(io, value)) if io is not None else plain(value)
    except CastError:
        return plain(value)


def _count(operation: Operation, kind: RunKind, children: tuple[Planned, ...]) -> int | None:
    inner = 1
    for child in children:
        if child.runs is None:
            return None
        inner += child.runs
    if kind is RunKind.SCHEDULE:
        return None
    if kind is not RunKind.MATRIX:
        return inner
    trials = estimated_trials(operation)
    return None if trials is None else 1 + trials * inner


def estimated_trials(operation: Operation) -> int | None:
    """Return how many runs a search makes at most, or None when that depends on what it finds."""
    from polyaxon.compiler.lint.searches import size_of

    matrix: Any = operation.matrix
    space = getattr(matrix, "params", None)
    size = size_of(space) if isinstance(space, Mapping) else None
    asked = getattr(matrix, "num_runs", None)
    asked = asked if isinstance(asked, int) else None
    match matrix.kind:
        case "mapping":
            return len(matrix.values) if isinstance(matrix.values, list) else None
        case "grid":
            return size if asked is None else min(asked, size) if size is not None else asked
        case "random":
            return min(asked, size) if asked is not None and size is not None else asked
        case "cmaes":
            return asked
        case "bayes":
            first, further = matrix.num_initial_runs, matrix.max_iterations
            return first + further if isinstance(first, int) and isinstance(further, int) else None
        case "hyperband":
            return _hyperband_runs(matrix.max_iterations, matrix.eta)
        case "hyperopt" | "tpe":
            rounds = matrix.max_iterations
            return (rounds + 1) * asked if isinstance(rounds, int) and asked is not None else asked
    return None


def _hyperband_runs(most: Any, eta: Any) -> int | None:
    """Add up the configurations of all brackets and steps, as the format's tables do."""
    from math import ceil, floor, log

    eta = 3 if eta is None else eta
    if not isinstance(most, int) or not isinstance(eta, (int, float)) or eta <= 1:
        return None
    brackets = floor(log(most) / log(eta) + 1e-9)
    total = 0
    for s in range(brackets, -1, -1):
        count = ceil((brackets + 1) * eta**s / (s + 1) - 1e-9)
        total += sum(floor(count * eta**-step + 1e-9) for step in range(s + 1))
    return total
