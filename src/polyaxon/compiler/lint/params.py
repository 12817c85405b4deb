"""Do the values fit the component: is each required one there, each given one wanted, each of its type?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.facts import RefError, read_path, read_ref
from polyaxon.compiler.lint.near import did_you_mean, listed, nearest
from polyaxon.compiler.lint.use import Use
from polyaxon.compiler.origin import Place
from polyaxon.compiler.problems import Path
from polyaxon.compiler.tree import plan
from polyaxon.errors import Problem
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.hints import TYPE_HINTS
from polyaxon.spec.io import IO, validate
from polyaxon.spec.params import Param
from polyaxon.spec.traps import trap_at
from polyaxon.spec.types import CastError, describe

__all__ = ["check_params", "check_trap", "value_hint"]

_TEXTS = frozenset({"str", "path"})
_FETCHED_TYPES = frozenset({"git", "artifacts", "dockerfile", "path"})


def check_params(
    use: Use, on_command_line: frozenset[str] = frozenset(), may_be_open: bool = False
) -> Iterator[Problem]:
    """Yield what is wrong with the operation's params, joins included.

    `on_command_line` are the params given by `-P`; `may_be_open` lets required inputs wait for the command line.
    """
    params = use.operation.params or {}
    used = use.used if any(use.io(name) is None for name in params) else frozenset()
    for name, param in params.items():
        io = use.io(name)
        if io is None:
            yield from _check_undeclared(use, name, param, used, name in on_command_line)
        elif param.ref is None:
            yield from _check_value(use, name, param, io)
        if param.ref is not None:
            yield from _check_ref(use, name, param)
        yield from _check_to_init(use, name, param, io)
        if name in use.searched and io is not None:
            message = f"`{name}` is given twice: the search's values replace the param"
            found = use.place.problem(
                CompileCode.PARAM_AND_MATRIX, message, "params", name, severity="warning", suggestion="keep one of them"
            )
            yield found
    for io in use.view.fetched:
        if io.name not in params and "value" in io.model_fields_set and io.value is not None:
            yield from _check_to_init(use, io.name, Param(), io)
    yield from _check_missing(use, params, may_be_open, _misspelled(use, used))
    yield from _check_joins(use)


def _check_undeclared(use: Use, name: str, param: Param, used: frozenset[str], typed: bool) -> Iterator[Problem]:
    strict = bool(use.operation.strict_params or use.component.strict_params)
    if param.context_only:
        return
    is_used = name in used or use.passes_all or param.to_env is not None or param.connection is not None
    if is_used and not strict and param.context_only is None:
        return
    inputs = list(use.view.inputs)
    message = f"{use.title} has no input `{name}`"
    message += f", its inputs are {listed(inputs)}" if inputs else ", it has no inputs at all"
    suggestion = did_you_mean(name, [*inputs, *use.view.outputs])
    if suggestion is None and (strict or is_used):
        suggestion = "declare the input, or add `contextOnly: true` to the param"
    suggestion = suggestion or "remove the param, or declare an input of that name"
    if typed:
        yield Problem(str(CompileCode.UNKNOWN_PARAM), message, path=f"params.{name}", suggestion=suggestion)
    else:
        yield use.place.problem(CompileCode.UNKNOWN_PARAM, message, "params", name, suggestion=suggestion, key=True)


def _check_value(use: Use, name: str, param: Param, io: IO) -> Iterator[Problem]:
    if "value" not in param.model_fields_set or plan(param.value) is not None:
        return  # nothing given but a connection, say; or known only when it is rendered
    full = ("params", name, "value")
    path = full if use.place.has(*full) else full[:2]
    try:
        validate(io, param.value)
        yield from check_trap(use, io, param.value, path)
    except CastError as error:
        kind = f" of type `{io.type}`" if io.type else ""
        message = f"`{name}`{kind} cannot take this value: {error}"
        yield use.place.problem(CompileCode.PARAM_TYPE, message, *path, suggestion=value_hint(io, param.value))


def check_trap(use: Use, io: IO, value: object, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """Warn of a text that YAML reads as something else: `no` becomes `false`."""
    if io.type not in _TEXTS or not isinstance(value, bool | int):
        return
    raw = trap_at(use.place.document, (*use.place.path, *path), value)
    if raw is not None:
        message = f"YAML reads the unquoted `{raw}` as {describe(value)}, not as text"
        suggestion = f'put it in quotes: `"{raw}"`'
        yield use.place.problem(SpecCode.UNQUOTED, message, *path, suggestion=suggestion, severity="warning")


def value_hint(io: IO, value: object) -> str:
    """Return what to write for a value that the input does not take."""
    if value is None:
        return f"give a value, or add `isOptional: true` to the input `{io.name}`"
    options = io.validation.options if io.validation is not None else None
    if options:
        return did_you_mean(str(value), map(str, options)) or f"write one of {listed(map(str, options))}"
    if io.is_list:
        return "write a list, such as `[first, second]`"
    return TYPE_HINTS.get(io.type or "", "change the value, or the rules of the input")


def _check_ref(use: Use, name: str, param: Param) -> Iterator[Problem]:
    """Check the form; whether the operation of that name has such a value is the graph's business."""
    try:
        ref = read_ref(param.ref or "")
    except RefError as error:
        found = use.place.problem(CompileCode.BAD_REF, str(error), "params", name, "ref", suggestion=error.suggestion)
        yield found
        return
    try:
        path = read_path(str(param.value))
    except RefError as error:
        code = CompileCode.BAD_PATH
        yield use.place.problem(code, str(error), "params", name, "value", suggestion=error.suggestion)
        return
    if ref.kind in ("dag", "ops") and use.dag is None:
        message = f"`{param.ref}` means something inside a dag only"
        suggestion = "give the value itself, or put the operation into a dag"
        yield use.place.problem(CompileCode.BAD_REF, message, "params", name, "ref", suggestion=suggestion)
    if ref.kind == "dag" and path[0] in ("outputs", "artifacts"):
        message = f"a dag gives its operations no `{path[0]}`"
        suggestion = "refer to `inputs.NAME` or `globals.NAME` of the dag"
        yield use.place.problem(CompileCode.BAD_PATH, message, "params", name, "value", suggestion=suggestion)


def _check_to_init(use: Use, name: str, param: Param, io: IO | None) -> Iterator[Problem]:
    wanted = param.to_init if param.to_init is not None else io is not None and io.to_init
    if not wanted:
        return
    kind = io.type if io is not None else None
    connection = param.connection or (io.connection if io is not None else None)
    if kind in _FETCHED_TYPES or connection is not None:
        return
    message = f"`toInit` of `{name}` does not say what to fetch"
    suggestion = "declare the input with the type git, artifacts, dockerfile or path, or give it a `connection`"
    if name in (use.operation.params or {}):
        yield use.place.problem(CompileCode.TO_INIT, message, "params", name, suggestion=suggestion)
        return
    place, path = _declaration(use, name)
    yield place.problem(CompileCode.TO_INIT, message, *path, suggestion=suggestion)


def _misspelled(use: Use, used: frozenset[str]) -> frozenset[str]:
    """Return the inputs that a param or a searched name was probably meant for: that is said, and is all there is."""
    if not use.view.required:
        return frozenset()
    names = (*(use.operation.params or {}), *use.searched)
    strangers = [name for name in names if use.io(name) is None and name not in used]
    inputs = [*use.view.inputs, *use.view.outputs]
    return frozenset(filter(None, (nearest(name, inputs) for name in strangers)))


def _check_missing(
    use: Use, params: Mapping[str, Param], may_be_open: bool, misspelled: frozenset[str]
) -> Iterator[Problem]:
    for io in use.view.required:
        name = io.name
        given = name in use.searched or name in use.joined or (name in params and _gives_value(params[name]))
        if given or name in misspelled:
            continue
        kind = f" ({io.type})" if io.type else ""
        message = f"{use.title} needs a value for `{name}`{kind}"
        suggestion = f"add `{name}: …` to `params`"
        if use.dag is None:
            suggestion += f", or give `-P {name}=…`"
        severity = "warning" if may_be_open else "error"
        place, path = _where_to_give(use, io)
        code = CompileCode.MISSING_PARAM
        yield place.problem(code, message, *path, suggestion=suggestion, severity=severity, key=True)


def _where_to_give(use: Use, io: IO) -> tuple[Place, Path]:
    """Return what to point at: the params, the operation's name, or the input itself in a component's own file."""
    if use.place.has("params"):
        return use.place, ("params",)
    if use.place.has("name") and use.dag is not None:
        return use.place, ("name",)
    return _declaration(use, io.name)


def _declaration(use: Use, name: str) -> tuple[Place, Path]:
    section = "inputs" if name in use.view.inputs else "outputs"
    index = [item.name for item in getattr(use.component, section)].index(name)
    return use.view.origin, (section, index, "name")


def _gives_value(param: Param) -> bool:
    return param.ref is not None or "value" in param.model_fields_set


def _check_joins(use: Use) -> Iterator[Problem]:
    for index, join in enumerate(use.operation.joins or ()):
        for name, param in (join.params or {}).items():
            where = ("joins", index, "params", name)
            io = use.io(name)
            fits = param.context_only or (io is None or io.is_list or io.type in ("artifacts", "any", "list", None))
            if not fits and not (io is not None and (io.type or "").startswith(("List", "list"))):
                message = f"a join gives a list, but the input `{name}` takes one value"
                suggestion = f"add `isList: true` to the input `{name}`, or `contextOnly: true` to the param"
                yield use.place.problem(CompileCode.JOIN_PARAM, message, *where, suggestion=suggestion)
            if isinstance(param.value, Mapping):
                continue
            try:
                read_path(str(param.value))
            except RefError as error:
                yield use.place.problem(CompileCode.BAD_PATH, str(error), *where, suggestion=error.suggestion)
