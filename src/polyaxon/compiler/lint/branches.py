"""Can the parameters that take part only sometimes do so, and can the runs without them start?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.lint.near import did_you_mean, listed
from polyaxon.compiler.lint.use import Use
from polyaxon.compiler.template import has_template
from polyaxon.errors import Problem
from polyaxon.spec.kinds import COUNTABLE

__all__ = ["check_branches"]


def check_branches(use: Use, params: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the `when` of a search's parameters."""
    before: dict[str, Any] = {}
    for name, space in params.items():
        for parent, values in (space.when or {}).items():
            yield from _check_condition(use, name, parent, values, params, before)
        if space.when is not None:
            yield from _check_input(use, name)
        before[name] = space


def _check_condition(
    use: Use, name: str, parent: str, values: Any, params: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[Problem]:
    where = ("matrix", "params", name, "when", parent)
    if parent not in params:
        message = f"`{name}` takes part by `{parent}`, which the search does not vary"
        suggestion = did_you_mean(parent, before) or (f"it varies {listed(before)} before" if before else None)
        yield use.place.problem(CompileCode.MATRIX_VALUE, message, *where, suggestion=suggestion, key=True)
    elif parent not in before:
        message = f"`{name}` takes part by `{parent}`, which is declared after it"
        yield use.place.problem(
            CompileCode.MATRIX_VALUE, message, *where, suggestion=f"move `{parent}` above `{name}`", key=True
        )
    elif before[parent].kind not in COUNTABLE | {"pchoice"}:
        message = f"`{name}` takes part by `{parent}`, whose values cannot be listed"
        yield use.place.problem(
            CompileCode.MATRIX_VALUE, message, *where, suggestion=f"make `{parent}` a `choice`", key=True
        )
    else:
        yield from _check_values(use, parent, before[parent], values, where)


def _check_values(use: Use, parent: str, space: Any, values: Any, where: tuple[str, ...]) -> Iterator[Problem]:
    """Values that are written down can be looked for; those of other kinds the search looks for itself."""
    if space.kind not in ("choice", "pchoice") or not isinstance(space.value, list):
        return
    levels = [item[0] if space.kind == "pchoice" else item for item in space.value]
    wanted = values if isinstance(values, list) else [values]
    if not wanted:
        message = f"without a value of `{parent}` it never takes part"
        yield use.place.problem(CompileCode.MATRIX_VALUE, message, *where, suggestion=f"choose from {levels}")
    for value in wanted:
        if value not in levels and not has_template(str([*levels, value])):
            message = f"`{parent}` is never {value!r}"
            suggestion = did_you_mean(str(value), [str(level) for level in levels]) or f"its values are {levels}"
            yield use.place.problem(CompileCode.MATRIX_VALUE, message, *where, suggestion=suggestion)


def _check_input(use: Use, name: str) -> Iterator[Problem]:
    io = use.io(name)
    if io is not None and not io.is_required:
        return
    message = (
        f"`{name}` takes part in some runs only, but {use.title} has no input of that name"
        if io is None
        else f"`{name}` takes part in some runs only, but {use.title} needs it in all of them"
    )
    suggestion = f"declare `{name}` with `isOptional: true`" if io is None else "add `isOptional: true`, or a `value`"
    yield use.place.problem(
        CompileCode.MATRIX_VALUE, message, "matrix", "params", name, suggestion=suggestion, key=True
    )
