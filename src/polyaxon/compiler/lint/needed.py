"""Has the search what it cannot begin without? What the format leaves open, but the algorithms of `search/` refuse.

Settings that hold a template are the run's business. With a tuner of the user's own nothing here is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.lint.use import Use
from polyaxon.errors import Problem

__all__ = ["check_needed"]

_NEEDED: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "hyperopt": (("num_runs", "numRuns", "add `numRuns: 20`, the number of runs"),),
    "tpe": (("num_runs", "numRuns", "add `numRuns: 20`, the number of runs"),),
    "iterative": (("params", "params", "add `params: {lr: {kind: uniform, value: [0, 1]}}`"),),
}
"""By kind: attribute, field and what to write."""
_LEAST: Mapping[str, tuple[tuple[str, float, str], ...]] = {
    "cmaes": (("population", 4, "write 4 or more"), ("sigma", 1e-12, "write a step above 0, such as 0.3")),
}
_MOST_EXPONENT = 700
"""e to the power of more is no number any more."""


def check_needed(use: Use) -> Iterator[Problem]:
    """Yield what the search would be refused for when it runs."""
    matrix: Any = use.operation.matrix  # each kind has fields of its own
    if getattr(matrix, "tuner", None) is not None:
        return
    for attribute, field, suggestion in _NEEDED.get(matrix.kind, ()):
        if getattr(matrix, attribute) is None:
            yield _problem(use, f"a {matrix.kind} search needs `{field}`", suggestion)
    for field, least, suggestion in _LEAST.get(matrix.kind, ()):
        value = getattr(matrix, field)
        if isinstance(value, int | float) and value < least:
            yield _problem(use, f"`{field}` is {value:g}", suggestion, field)
    yield from _check_budgets(use, matrix)
    yield from _check_exponents(use, getattr(matrix, "params", None))


def _check_budgets(use: Use, matrix: Any) -> Iterator[Problem]:
    least, most = getattr(matrix, "min_iterations", None), getattr(matrix, "max_iterations", None)
    if isinstance(least, int) and isinstance(most, int) and least > most:
        message = f"`minIterations` is {least}, more than the `maxIterations` of {most}"
        yield _problem(use, message, "lower `minIterations`", "minIterations")


def _check_exponents(use: Use, params: Any) -> Iterator[Problem]:
    for name, space in params.items() if isinstance(params, Mapping) else ():
        if space.kind not in ("loguniform", "qloguniform"):
            continue
        bounds = space.value.values() if isinstance(space.value, Mapping) else space.value
        if any(isinstance(bound, int | float) and bound > _MOST_EXPONENT for bound in bounds):
            message = f"the values of `{name}` overflow: the bounds of `{space.kind}` are exponents of e"
            yield _problem(use, message, "write [-9, -2] for values from 0.0001 to 0.1", "params", name, "value")


def _problem(use: Use, message: str, suggestion: str, *path: str) -> Problem:
    return use.place.problem(CompileCode.SEARCH_NEEDS, message, "matrix", *path, suggestion=suggestion)
