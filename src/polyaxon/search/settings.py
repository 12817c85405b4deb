"""How are the settings of a matrix read? One setting at a time, with errors that say what to write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from polyaxon.search.space import Space, SpaceError, parse_space

__all__ = ["direction", "flag", "metrics", "number", "one_of", "optional_whole", "space_of", "whole"]


def space_of(matrix: Mapping[str, Any]) -> Space:
    """The space of the matrix's `params`."""
    params = matrix.get("params")
    if not isinstance(params, Mapping):
        raise SpaceError(f"a {matrix.get('kind')} search needs `params`", hint="add `params: {name: {kind, value}}`")
    return parse_space(params)


def optional_whole(matrix: Mapping[str, Any], field: str, least: int = 1) -> int | None:
    """A whole number of at least `least`, or None when the setting is absent."""
    value = matrix.get(field)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SpaceError(f"`{field}` is {value!r}", hint=f"write a whole number of at least {least}")
    return value


def whole(matrix: Mapping[str, Any], field: str, default: int | None = None, least: int = 1) -> int:
    """The same, refused when absent and without a default."""
    value = optional_whole(matrix, field, least)
    if value is not None:
        return value
    if default is None:
        raise SpaceError(f"a {matrix.get('kind')} search needs `{field}`", hint=f"add `{field}: {max(10, least)}`")
    return default


def number(matrix: Mapping[str, Any], field: str, default: float) -> float:
    """A finite number."""
    value = matrix.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SpaceError(f"`{field}` is {value!r}, not a number", hint=f"write a number, such as {default:g}")
    return float(value)


def flag(matrix: Mapping[str, Any], field: str, default: bool) -> bool:
    """True or false."""
    value = matrix.get(field)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise SpaceError(f"`{field}` is {value!r}", hint="write true or false")
    return value


def one_of(matrix: Mapping[str, Any], field: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed words; the first is the default."""
    value = matrix.get(field)
    if value is None:
        return allowed[0]
    if value not in allowed:
        raise SpaceError(f"`{field}` is {value!r}", hint="write one of: " + ", ".join(allowed))
    return str(value)


def direction(metric: Any) -> float:
    """+1 to minimize, -1 to maximize: what values are multiplied by so that less is better."""
    optimization = metric.get("optimization") if isinstance(metric, Mapping) else None
    if optimization not in ("minimize", "maximize"):
        raise SpaceError(
            "the search needs `metric` with its optimization",
            hint="write metric: {name: loss, optimization: minimize}",
        )
    return 1.0 if optimization == "minimize" else -1.0


def metrics(matrix: Mapping[str, Any]) -> tuple[float, ...]:
    """The directions of all objectives: `metrics` (several) or `metric` (one)."""
    several = matrix.get("metrics")
    if several is None:
        return (direction(matrix.get("metric")),)
    if not isinstance(several, list | tuple) or not several:
        raise SpaceError("`metrics` is not a list", hint="write metrics: [{name: loss, optimization: minimize}, …]")
    return tuple(direction(metric) for metric in several)
