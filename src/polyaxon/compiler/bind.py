"""Which value each input, output and context gets: params, references, joins, the search's suggestion, defaults.

A name is taken from the first that has it: the suggestion of a matrix, the operation's param, a join, the default.
Templates in params and defaults may name each other; they are resolved in the order they need it; a circle is an error.
Values that come from other runs are data: templates in them are not rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from polyaxon.compiler.allowance import within_allowance
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compiled import JoinNeed, Needs, Surroundings
from polyaxon.compiler.context import Bindings, Bound, Lazy, param_entry, run_globals, shown
from polyaxon.compiler.facts import MISSING, Ref, RefError, read, read_path, read_ref
from polyaxon.compiler.plain import searched_names
from polyaxon.compiler.problems import Path, problem, template_problem, where
from polyaxon.compiler.template import TemplateError, has_template, parse
from polyaxon.compiler.tree import plan, texts
from polyaxon.errors import Problem, SpecError
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunFacts
from polyaxon.spec.component import Authored
from polyaxon.spec.io import IO, validate
from polyaxon.spec.operation import Operation
from polyaxon.spec.params import Join, Param
from polyaxon.spec.types import CastError, describe

if TYPE_CHECKING:
    from polyaxon.spec.matrix import WarmStart

__all__ = ["bind", "early", "needs", "needs_nothing"]

_MOST_JOINED = 5000
_MOST_KNOWN = 1000
"""How many runs a search begins with, unless it says how many."""


@dataclass(slots=True)
class _Given:
    """A value before its templates are rendered. `io` is what is declared of it, `param` how it was given."""

    name: str
    raw: Any
    section: str
    path: Path
    io: IO | None = None
    param: Param | None = None
    is_data: bool = False
    bound: Bound | None = None
    busy: bool = False
    is_wrong: bool = False
    """What it refers to is not there, which is noted."""


def bind(operation: Operation, inputs: Iterable[IO], outputs: Iterable[IO], around: Surroundings) -> Bindings:
    """Return every value of the operation; raises `SpecError` with all that is wrong."""
    problems: list[Problem] = []
    given = _gather(operation, inputs, outputs, around, problems)
    resolver = _Resolver(given, around, problems)
    if operation.matrix is not None or operation.schedule is not None:
        resolver.later = _later(operation, inputs, around)
    resolver.is_schedule = operation.schedule is not None
    found: dict[str, list[Bound]] = {"inputs": [], "outputs": [], "contexts": []}
    for item in given.values():
        bound = resolver.bound(item)
        if bound is not None:
            found[item.section].append(bound)
    if problems:
        raise SpecError(problems)
    return Bindings(*map(tuple, found.values()))


def _later(operation: Operation, inputs: Iterable[IO], around: Surroundings) -> frozenset[str]:
    """Return the names that get their value in the children of this pipeline, not in the pipeline itself."""
    names: frozenset[str] = frozenset()
    if operation.matrix is not None:
        matrix = operation.matrix.model_dump(by_alias=True, exclude_unset=True)
        names = searched_names(matrix, (item.name for item in inputs))
    if operation.schedule is not None and not around.joins:
        names |= {name for join in operation.joins or () for name in join.params or ()}
    return names


def needs_nothing(operation: Operation, component: Authored | None) -> bool:
    """Whether it can be seen at a glance that nothing must be fetched before the operation is compiled."""
    if operation.joins or operation.matrix is not None or getattr(component and component.run, "init", None):
        return False
    return not operation.params or all(param.ref is None for param in operation.params.values())


@within_allowance
def needs(operation: Operation, around: Surroundings) -> Needs:
    """Return what must be fetched before `operation` can be compiled in these surroundings.

    The runs that a search begins with are the last of the joins.
    """
    runs = tuple(dict.fromkeys(_needed_runs(operation)))
    warm = getattr(operation.matrix, "warm_start", None)
    # Scheduled runs ask themselves.
    if operation.schedule is not None or not (operation.joins or warm):
        return Needs(runs=runs) if runs else _NOTHING
    resolver = _early_resolver(operation, around)
    joins = [_join_need(join, f"joins[{index}]", resolver) for index, join in enumerate(operation.joins or ())]
    if warm is not None:
        joins.append(_join_need(warm, "matrix.warmStart", resolver, _MOST_KNOWN))
    return Needs(tuple(joins), runs)


@within_allowance
def early(operation: Operation, around: Surroundings, text: str) -> Any:  # whatever the template gives
    """Return what a text of the operation becomes before what it waits for has ended, by the values that are there."""
    return _early_resolver(operation, around).render(text)


def _early_resolver(operation: Operation, around: Surroundings) -> _Resolver:
    component = operation.component
    problems: list[Problem] = []
    bare = operation.model_copy(update={"joins": None})
    io = (component.inputs or (), component.outputs or ()) if component is not None else ((), ())
    return _Resolver(_gather(bare, *io, around, problems, partial=True), around, problems)


_NOTHING = Needs()


def _needed_runs(operation: Operation) -> Iterable[str]:
    run = operation.component.run if operation.component is not None else None
    for entry in getattr(run, "init", None) or ():
        if entry.lineage_ref is not None and not has_template(entry.lineage_ref):
            yield entry.lineage_ref.partition(":")[0].replace("-", "")
    for param in (operation.params or {}).values():
        if param.ref is not None and "runs." in param.ref:
            try:
                yield read_ref(param.ref).name
            except RefError:
                continue  # compiling says so, with the param's place


def _join_need(join: Join | WarmStart, where: str, resolver: _Resolver, most: int = _MOST_JOINED) -> JoinNeed:
    def number(name: str, default: int) -> int:
        value = resolver.render(getattr(join, name, None))
        try:
            return default if value is None else int(value)
        except (TypeError, ValueError, OverflowError):
            message = f"`{name}` is not a number: {describe(value)}"
            raise SpecError([problem(CompileCode.JOIN, message, f"{where}.{name}")]) from None

    query = str(resolver.render(join.query))
    sort = resolver.render(join.sort)
    limit = min(number("limit", most), _MOST_JOINED)
    return JoinNeed(query, None if sort is None else str(sort), limit, number("offset", 0))


def _gather(
    operation: Operation,
    inputs: Iterable[IO],
    outputs: Iterable[IO],
    around: Surroundings,
    problems: list[Problem],
    partial: bool = False,
) -> dict[str, _Given]:
    """Return where each name's value comes from. `partial`: what is not there yet is left out silently."""
    params = operation.params or {}
    suggestion = around.suggestion or {}
    joined = _joined(operation, around) if operation.joins else {}
    given: dict[str, _Given] = {}
    for section, declared in (("inputs", inputs), ("outputs", outputs)):
        for io in declared:
            name = io.name
            item = _Given(name, MISSING, section, ("params", name), io, params.get(name))
            if name in suggestion:
                item.raw, item.is_data = suggestion[name], True
            elif item.param is not None:
                _from_param(item, item.param, around, problems, partial)
            elif name in joined:
                item.raw, item.is_data, item.path = joined[name][0], True, joined[name][2]
                item.param = joined[name][1]
            else:
                item.raw = io.value if "value" in io.model_fields_set or io.is_optional else MISSING
                item.path = (section, name, "value")
            given[name] = item
    for name, param in params.items():
        if name not in given and name not in suggestion:
            item = given[name] = _Given(name, MISSING, "contexts", ("params", name), None, param)
            _from_param(item, param, around, problems, partial)
    for name, (values, param, path) in joined.items():
        if name not in given:
            given[name] = _Given(name, values, "contexts", path, None, param, is_data=True)
    for name, value in suggestion.items():
        if name not in given:
            path = ("matrix", "params", name)
            given[name] = _Given(name, value, "contexts", path, None, params.get(name), is_data=True)
    return given


def _from_param(item: _Given, param: Param, around: Surroundings, problems: list[Problem], partial: bool) -> None:
    if param.ref is None:
        has_value = "value" in param.model_fields_set
        item.raw = param.value if has_value or item.io is None else _default(item.io)
        return
    item.is_data = True
    try:
        ref, path = read_ref(param.ref), read_path(str(param.value))
        item.raw = _referenced(ref, path, item.name, around)
    except RefError as error:
        item.raw, item.is_wrong = None, not partial
        if not partial:
            problems.append(problem(CompileCode.BAD_REF, str(error), f"params.{item.name}", error.suggestion))
    if item.raw is MISSING:
        item.raw, item.is_wrong = None, not partial
        if not partial:
            what = f"`{param.value}` of `{param.ref}`"
            has = _what_there_is(ref, path, around)
            message = f"the param `{item.name}` takes {what}, which has no such value{has}"
            problems.append(problem(CompileCode.UNKNOWN_VALUE, message, f"params.{item.name}"))


def _what_there_is(ref: Ref, path: tuple[str, ...], around: Surroundings) -> str:
    """Return what to add for those who look for a value that a run does not have."""
    run = (around.upstream if ref.kind == "ops" else around.runs).get(ref.name)
    known = getattr(run, path[0], None) if path[0] in {"outputs", "artifacts", "inputs"} else None
    if not isinstance(known, Mapping):
        return ""
    names = sorted(known)[:8]
    return f" (its {path[0]}: {', '.join(f'`{name}`' for name in names) or 'none'})"


def _default(io: IO) -> Any:
    """Return what a param without a value (only a connection, say) leaves in place."""
    return io.value if "value" in io.model_fields_set or io.is_optional else MISSING


def _referenced(ref: Ref, path: tuple[str, ...], name: str, around: Surroundings) -> Any:
    run: RunFacts | None
    if ref.kind == "dag":
        if path[0] == "outputs":
            raise RefError("a dag's outputs are not known to its operations", "refer to `inputs.NAME` of `dag`")
        run = around.dag
        if run is None:
            raise RefError(f"the param `{name}` refers to `dag`, but the operation is in none")
    else:
        run = (around.upstream if ref.kind == "ops" else around.runs).get(ref.name)
    return MISSING if run is None else read(run, path, around.places)


def _joined(operation: Operation, around: Surroundings) -> dict[str, tuple[Any, Param, Path]]:
    """Return the lists that the joins give, by name."""
    found: dict[str, tuple[Any, Param, Path]] = {}
    for index, (join, runs) in enumerate(zip(operation.joins or (), around.joins, strict=False)):
        for name, param in (join.params or {}).items():
            found[name] = (_join_values(param, runs, around), param, ("joins", index, "params", name))
    return found


def _join_values(param: Param, runs: Iterable[RunFacts], around: Surroundings) -> Any:
    if isinstance(param.value, Mapping):
        return _join_artifacts(param.value, runs)
    path = read_path(str(param.value))
    values = (read(run, path, around.places) for run in runs)
    return [None if value is MISSING else value for value in values]


def _join_artifacts(value: Mapping[str, Any], runs: Iterable[RunFacts]) -> dict[str, list[Any]]:
    """Return one artifacts value whose every path starts with the run it is of."""
    found: dict[str, list[Any]] = {kind: [] for kind in value}
    for run in runs:
        owner = run.artifacts_owner or run.uuid
        for kind, paths in value.items():
            for path in paths or ():
                pair = isinstance(path, (list, tuple))
                found[kind].append([f"{owner}/{path[0]}", path[1]] if pair else f"{owner}/{path}")
    return found


MAX_DEPTH = 50
"""Values whose templates need values whose templates need values."""


class _Resolver:
    """Renders and casts values, each once, in the order they need each other."""

    def __init__(self, given: Mapping[str, _Given], around: Surroundings, problems: list[Problem]) -> None:
        self.given = given
        self.around = around
        self.problems = problems
        self.globals: dict[str, Any] | None = None
        self.later: frozenset[str] = frozenset()
        self.is_schedule = False
        self.depth = 0

    def bound(self, item: _Given) -> Bound | None:
        """Return the value of one name; None when it is wrong, which is noted."""
        if item.bound is not None:
            return item.bound
        if item.is_wrong:
            item.bound = _bound(item, None)
            return item.bound
        if item.raw is MISSING:
            item.bound = self._missing(item)
            return item.bound
        value = item.raw
        try:
            if not item.is_data:
                value = self._rendered(item, value)
            if item.io is not None:
                value = _checked(item.io, value, item.section)
        except CastError as error:
            message = f"the value of `{item.name}` does not fit: {error}"
            self._note(problem(CompileCode.PARAM_TYPE, message, where(item.path)), item)
            value = None
        except TemplateError as error:
            self._note(template_problem(error, (*item.path, *error.path)), item)
            value = None
        item.bound = _bound(item, value)
        return item.bound

    def _note(self, found: Problem, item: _Given) -> None:
        """Note what is wrong, unless each run of a schedule will see for itself."""
        if not (self.is_schedule and not item.is_data and plan(item.raw) is not None):
            self.problems.append(found)

    def _missing(self, item: _Given) -> Bound | None:
        io = item.io
        if io is None:
            return None
        if item.section == "inputs" and not io.is_delayed and item.name not in self.later:
            message = f"the input `{item.name}` needs a value"
            self.problems.append(problem(CompileCode.MISSING_PARAM, message, f"params.{item.name}"))
            return None
        return _bound(item, None)

    def _rendered(self, item: _Given, value: Any) -> Any:
        if isinstance(value, str):
            if not has_template(value):
                return value
        elif not isinstance(value, (Mapping, list, tuple)):
            return value
        if plan(value) is None:
            return value
        if item.busy:
            raise TemplateError(f"`{item.name}` needs its own value", str(value), "cycle", item.name)
        if self.depth >= MAX_DEPTH:
            message = f"`{item.name}` needs other values through more than {MAX_DEPTH} steps"
            raise TemplateError(message, str(value), "limit", item.name)
        item.busy = True
        self.depth += 1
        try:
            return self.render(value)
        finally:
            item.busy = False
            self.depth -= 1

    def render(self, value: Any) -> Any:
        """Return `value` with its templates rendered: only what they name is resolved first."""
        rendering = plan(value)
        if rendering is None:
            return value
        names: set[str] = set()
        dotted: set[tuple[str, ...]] = set()
        for _, text in texts(value):
            found = parse(text)
            names |= found.names | found.optional
            dotted |= found.paths
        return rendering(self._context(names, dotted, str(value)))

    def _context(self, names: set[str], dotted: set[tuple[str, ...]], text: str) -> dict[str, Any]:
        wanted = names | {path[1] for path in dotted if path[0] == "params" and len(path) > 1}
        context: dict[str, Any] = {"init": {}, "connections": self._connections()}
        bounds: dict[str, Bound] = {}
        for name in wanted:
            item = self.given.get(name)
            if item is None:
                continue
            if item.busy:
                raise TemplateError(f"`{name}` needs its own value", text, "cycle", name)
            bound = self.bound(item)
            if bound is not None:
                context[name] = shown(bound)
                bounds[name] = bound
        if self.globals is None:
            self.globals = run_globals(self.around.run, self.around.places, self.around.places.store)
        params = Lazy(lambda: {name: param_entry(bound) for name, bound in bounds.items()})
        return {**context, "params": params, "globals": self.globals}

    def _connections(self) -> dict[str, Any]:
        return {name: dict(connection.schema) for name, connection in self.around.connections.items()}


def _checked(io: IO, value: Any, section: str) -> Any:
    if value is None and section == "outputs":
        return None
    return validate(io, value)


def _bound(item: _Given, value: Any) -> Bound:
    io, param = item.io, item.param
    connection = (param.connection if param else None) or (io.connection if io else None)
    to_init = param.to_init if param is not None and param.to_init is not None else io.to_init if io else None
    to_env = (param.to_env if param else None) or (io.to_env if io else None)
    if io is None:
        return Bound(item.name, value, connection=connection, to_init=bool(to_init), to_env=to_env)
    return Bound(
        item.name,
        value,
        io.type,
        bool(io.is_list),
        bool(io.is_flag),
        io.arg_format,
        connection,
        bool(to_init),
        to_env,
        io,
    )
