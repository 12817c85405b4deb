"""Do the values of a search fit the inputs they are for, and is its size what anyone could want?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.lint.branches import check_branches
from polyaxon.compiler.lint.near import did_you_mean, listed
from polyaxon.compiler.lint.params import check_trap, value_hint
from polyaxon.compiler.lint.use import Use
from polyaxon.compiler.template import has_template
from polyaxon.compiler.tree import plan
from polyaxon.errors import Problem, UserError
from polyaxon.spec.io import IO, validate
from polyaxon.spec.kinds import SPACE
from polyaxon.spec.types import CastError

__all__ = ["check_search"]

HUGE = 1_000_000
"""Runs; a search of more is surely not meant."""

_NUMBERS = frozenset({"int", "float", "metric", "any", None})
_GRIDS = frozenset({"range", "linspace", "logspace", "geomspace"})
_DATES = {"daterange": "date", "datetimerange": "datetime"}


def check_search(use: Use) -> Iterator[Problem]:
    """Yield what is wrong with the operation's matrix."""
    matrix = use.operation.matrix
    if matrix is None:
        return
    params = getattr(matrix, "params", None)
    if isinstance(params, Mapping):
        for name, space in params.items():
            yield from _check_parameter(use, name, space)
        yield from check_branches(use, params)
        yield from _check_size(use, matrix, params)
    values = getattr(matrix, "values", None)
    if matrix.kind == "mapping" and isinstance(values, list):
        yield from _check_rows(use, values)
    yield from _check_resource(use, matrix)
    yield from _check_metric(use, matrix)


def _check_parameter(use: Use, name: str, space: Any) -> Iterator[Problem]:
    where = ("matrix", "params", name)
    io = use.io(name)
    if io is None:
        yield from _check_unknown(use, name, where)
        return
    value = space.value
    if plan(value) is not None:
        return
    if space.kind in ("choice", "pchoice"):
        for index, item in enumerate(value):
            place = (*where, "value", index, 0) if space.kind == "pchoice" else (*where, "value", index)
            yield from _check_value(use, io, item[0] if space.kind == "pchoice" else item, place)
        if space.kind == "pchoice":
            yield from _check_probabilities(use, value, where)
    elif space.kind in _DATES:
        if io.type not in (_DATES[space.kind], "any", None):
            yield _wrong_type(use, io, where, f"`{space.kind}` gives {_DATES[space.kind]}s")
    elif io.type not in _NUMBERS:
        yield _wrong_type(use, io, where, f"`{space.kind}` gives numbers")
    else:
        yield from _check_numbers(use, io, space, where)
    yield from _check_order(use, space, where)


def _check_order(use: Use, space: Any, where: tuple[str, ...]) -> Iterator[Problem]:
    parts = _parts(space) if space.kind.endswith("uniform") else None
    if parts is not None and parts["low"] > parts["high"]:
        message = f"`low` is above `high`, {parts['low']:g} and {parts['high']:g}: they are exchanged"
        yield use.place.problem(
            CompileCode.MATRIX_VALUE,
            message,
            *where,
            "value",
            suggestion="write the smaller one first",
            severity="warning",
        )


def _check_unknown(use: Use, name: str, where: tuple[str, ...]) -> Iterator[Problem]:
    if name in use.used or use.passes_all or name in (use.operation.params or {}):
        return
    message = f"the search varies `{name}`, but {use.title} has no input of that name and no template uses it"
    suggestion = did_you_mean(name, use.view.inputs) or (
        f"its inputs are {listed(use.view.inputs)}" if use.view.inputs else "declare the input"
    )
    yield use.place.problem(CompileCode.UNKNOWN_PARAM, message, *where, suggestion=suggestion, key=True)


def _wrong_type(use: Use, io: IO, where: tuple[str, ...], what: str) -> Problem:
    message = f"{what}, but the input `{io.name}` is `{io.type}`"
    return use.place.problem(
        CompileCode.MATRIX_VALUE, message, *where, "kind", suggestion="use `choice`, or change the type of the input"
    )


def _check_value(use: Use, io: IO, value: Any, where: tuple[str | int, ...]) -> Iterator[Problem]:
    if plan(value) is not None:
        return
    try:
        validate(io, value)
        yield from check_trap(use, io, value, where)
    except CastError as error:
        message = f"the input `{io.name}` cannot take this value: {error}"
        suggestion = value_hint(io, value)
        yield use.place.problem(CompileCode.MATRIX_VALUE, message, *where, suggestion=suggestion)


def _check_probabilities(use: Use, pairs: Any, where: tuple[str, ...]) -> Iterator[Problem]:
    total = sum(share for _, share in pairs)
    if abs(total - 1) > 1e-6:
        message = f"the probabilities add up to {total:g}; they are taken as shares of that"
        suggestion = "let them add up to 1"
        yield use.place.problem(
            CompileCode.PROBABILITIES, message, *where, "value", suggestion=suggestion, severity="warning"
        )


def _check_numbers(use: Use, io: IO, space: Any, where: tuple[str, ...]) -> Iterator[Problem]:
    """Whole numbers from a kind that gives fractions would fail run by run."""
    if io.type == "int" and not _gives_integers(space):
        message = f"the input `{io.name}` is `int`, but this `{space.kind}` gives fractions"
        suggestion = "use `range`, `choice` or `quniform` with whole numbers, or make the input a `float`"
        yield use.place.problem(CompileCode.MATRIX_VALUE, message, *where, "value", suggestion=suggestion)
        return
    if io.validation is None or space.kind not in (*_GRIDS, "uniform", "quniform"):
        return
    for value in _ends(space):
        try:
            validate(io, value)
        except CastError as error:
            message = f"values of this `{space.kind}` do not fit the input `{io.name}`: {error}"
            suggestion = "change the bounds, or the rules of the input"
            yield use.place.problem(CompileCode.MATRIX_VALUE, message, *where, "value", suggestion=suggestion)
            return


def _gives_integers(space: Any) -> bool:
    parts = _parts(space)
    if parts is None:
        return True
    if space.kind in _GRIDS:
        return all(math.isclose(value, round(value), abs_tol=1e-9) for value in _listed_numbers(space.kind, parts))
    return "q" in parts and float(parts["q"]).is_integer()


def _ends(space: Any) -> list[float]:
    parts = _parts(space)
    if parts is None:
        return []
    if space.kind in _GRIDS:
        values = _listed_numbers(space.kind, parts)
        return [values[0], values[-1]] if values else []
    return [parts["low"], parts["high"]]


def _parts(space: Any) -> dict[str, Any] | None:
    if has_template(str(space.value)):
        return None
    try:
        from polyaxon.spec.space import read_parts  # only files with a search pay for its models

        return read_parts(SPACE.model(space.kind), space.value)  # type: ignore[arg-type]  # the table's models are spaces
    except (UserError, ValueError):
        return None


MOST_LISTED = 1_000


def _listed_numbers(kind: str, parts: Mapping[str, Any]) -> list[float]:
    """Return the first values of a kind that can be listed; enough to tell whether they are whole."""
    start, stop = parts["start"], parts["stop"]
    if kind == "range":
        count = min(max(math.ceil((stop - start) / parts["step"] - 1e-9), 0), MOST_LISTED)
        return [start + index * parts["step"] for index in range(count)]
    count = min(parts["num"], MOST_LISTED)
    steps = [index / (count - 1) if count > 1 else 0.0 for index in range(count)]
    if kind == "linspace":
        return [start + (stop - start) * step for step in steps]
    try:
        if kind == "logspace":
            return [float(parts.get("base", 10)) ** (start + (stop - start) * step) for step in steps]
        return [start * (stop / start) ** step for step in steps]
    except (OverflowError, ZeroDivisionError):
        return []


def size_of(params: Mapping[str, Any]) -> int | None:
    """Return how many different points a space has; None when it is continuous, branches or is not known yet."""
    total = 1
    for space in params.values():
        count = _count(space)
        if count is None or space.when is not None:
            return None
        total *= count
    return total


def _count(space: Any) -> int | None:
    if plan(space.value) is not None:
        return None
    if space.kind in ("choice", "pchoice"):
        return len(list(space.value))
    found = _parts(space)
    if found is None:
        return None
    parts: dict[str, Any] = found
    if "num" in parts:
        count: int = parts["num"]
        return count
    if space.kind == "range":
        return _steps(float(parts["stop"] - parts["start"]), parts["step"])
    if space.kind in _DATES:
        span = parts["stop"] - parts["start"]
        step = parts["step"] * (86_400 if space.kind == "daterange" else 1)
        return _steps(span.total_seconds(), step)
    return None


def _steps(length: float, step: float) -> int:
    return max(math.ceil(length / step - 1e-9), 0)


def _check_size(use: Use, matrix: Any, params: Mapping[str, Any]) -> Iterator[Problem]:
    size = size_of(params)
    wanted = getattr(matrix, "num_runs", None)
    asked = wanted if isinstance(wanted, int) else None
    if size is not None and asked is not None and asked > size and matrix.kind in ("random", "grid"):
        message = f"`numRuns` is {asked}, but there are only {size} different combinations"
        yield use.place.problem(
            CompileCode.MATRIX_SIZE,
            message,
            "matrix",
            "numRuns",
            severity="warning",
            suggestion=f"write `numRuns: {size}`",
        )
    total = size if matrix.kind == "grid" and asked is None else min(size or asked or 0, asked or 0) or None
    if total is not None and total > HUGE:
        message = f"the search has {total:,} runs"
        yield use.place.problem(
            CompileCode.MATRIX_SIZE,
            message,
            "matrix",
            severity="warning",
            suggestion="limit it with `numRuns`",
            key=True,
        )


def _check_rows(use: Use, values: list[Any]) -> Iterator[Problem]:
    names = set(values[0]) if values and isinstance(values[0], Mapping) else set()
    for index, row in enumerate(values):
        if not isinstance(row, Mapping):
            continue
        for name in sorted(names - set(row)):
            io = use.view.inputs.get(name)
            if io is not None and io.is_required:
                message = f"this row gives no `{name}`, which {use.title} needs"
                suggestion = f"add `{name}: …` to the row"
                yield use.place.problem(
                    CompileCode.MATRIX_VALUE, message, "matrix", "values", index, suggestion=suggestion
                )
        for name, value in row.items():
            io = use.io(name)
            where = ("matrix", "values", index, name)
            if io is not None:
                yield from _check_value(use, io, value, where)
            elif index == 0 or name not in names:
                yield from _check_unknown(use, name, where)  # type: ignore[arg-type]  # a path of names and places


def _check_resource(use: Use, matrix: Any) -> Iterator[Problem]:
    resource = getattr(matrix, "resource", None)
    if resource is None:
        return
    where = ("matrix", "resource", "name")
    io = use.io(resource.name)
    params = getattr(matrix, "params", None)
    if isinstance(params, Mapping) and resource.name in params:
        message = f"`{resource.name}` is the resource and a searched parameter at once"
        suggestion = f"remove `{resource.name}` from `params`"
        yield use.place.problem(CompileCode.HYPERBAND, message, *where, suggestion=suggestion)
    if io is None:
        yield from _check_unknown(use, resource.name, where)
    elif io.type not in _NUMBERS:
        message = f"the resource must be a number, but the input `{io.name}` is `{io.type}`"
        yield use.place.problem(CompileCode.HYPERBAND, message, *where, suggestion="name an input that is a number")
    elif io.type == "int" and resource.type == "float" and _gives_fractions(matrix):
        message = f"the budgets of this search have fractions, but the input `{io.name}` is `int`"
        yield use.place.problem(
            CompileCode.HYPERBAND, message, "matrix", "resource", "type", suggestion="write `type: int`"
        )
    yield from _check_brackets(use, matrix)


def _gives_fractions(matrix: Any) -> bool:
    """Whether a budget of the search, the largest one divided by `eta` again and again, is no whole number."""
    budget, eta = matrix.max_iterations, matrix.eta if matrix.eta is not None else 3
    if not isinstance(budget, int) or not isinstance(eta, (int, float)):
        return False
    budgets = (budget / eta**step for step in range(int(math.log(budget, eta) + 1e-9) + 1))
    return any(abs(value - round(value)) > 1e-9 for value in budgets)


def _check_brackets(use: Use, matrix: Any) -> Iterator[Problem]:
    most, eta = matrix.max_iterations, matrix.eta if matrix.eta is not None else 3
    if not isinstance(most, int) or not isinstance(eta, (int, float)):
        return
    if most < eta:
        message = f"with `maxIterations: {most}` and `eta: {eta:g}` nothing is ever halved: there is one bracket"
        yield use.place.problem(
            CompileCode.HYPERBAND,
            message,
            "matrix",
            "maxIterations",
            severity="warning",
            suggestion=f"raise `maxIterations` to {math.ceil(eta * eta)} or more",
        )


def _check_metric(use: Use, matrix: Any) -> Iterator[Problem]:
    """A metric that is not declared may be logged all the same; a misspelled one would never be found."""
    names = [(("metric", "name"), getattr(getattr(matrix, "metric", None), "name", None))]
    for index, item in enumerate(matrix.early_stopping or ()):
        names.append((("earlyStopping", index, "metric"), getattr(item, "metric", None)))  # type: ignore[arg-type]  # paths of names and places
    for path, name in names:
        if isinstance(name, str) and use.view.outputs and name not in use.view.outputs and not has_template(name):
            suggestion = did_you_mean(name, use.view.outputs) or f"its outputs are {listed(use.view.outputs)}"
            message = f"{use.title} declares no output `{name}`"
            yield use.place.problem(
                CompileCode.SEARCH_SETTINGS, message, "matrix", *path, severity="warning", suggestion=suggestion
            )
