"""How much one compilation may render: values that name each other twice would otherwise double at every step.

A template's own work is bounded by the sandbox (`prices`); this bounds what all templates of one operation make
together, the simple ones included. Outside of a compilation nothing is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

__all__ = ["ALLOWANCE", "charge", "size_of", "within_allowance"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

ALLOWANCE = 20_000_000
"""Characters, those that a loop's steps and a list's items stand for included."""
ITEM = 16

_left: ContextVar[list[int] | None] = ContextVar("_left", default=None)


def within_allowance(work: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let each call of `work` have an allowance of its own."""

    @wraps(work)
    def bounded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        token = _left.set([ALLOWANCE])
        try:
            return work(*args, **kwargs)
        finally:
            _left.reset(token)

    return bounded


def charge(amount: int) -> bool:
    """Take from the allowance; False when it is used up."""
    left = _left.get()
    if left is None:
        return amount <= ALLOWANCE
    left[0] -= amount
    return left[0] >= 0


def size_of(value: Any) -> int:
    """Return about how long the value is when written out. Shared parts are looked at once and counted each time."""
    if isinstance(value, str):
        return len(value)
    return _size(value, {}) if isinstance(value, (Mapping, list, tuple)) else 0


def _size(value: Any, known: dict[int, int]) -> int:
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, (Mapping, list, tuple)):
        return 0
    size = known.get(id(value))
    if size is None:
        size = ITEM * len(value)
        for item in value.values() if isinstance(value, Mapping) else value:
            size += _size(item, known)
        known[id(value)] = size
    return size
