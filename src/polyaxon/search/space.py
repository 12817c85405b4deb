"""What can be searched? The parameters of a matrix as an ordered, immutable space.

Every parameter is either a sequence of levels (possibly weighted) or a law on the real line, and both map to and
from the unit interval; algorithms know nothing else. No numpy here: grid, random and mapping load without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from polyaxon.errors import UserError
from polyaxon.model.record import dataclass
from polyaxon.search.laws import Law
from polyaxon.search.levels import Levels, Listed, key_of

__all__ = ["Parameter", "Space", "SpaceError", "parse_space"]


class SpaceError(UserError):
    """A parameter or a setting of the search is wrong. `name` is the parameter, where one is to blame."""

    def __init__(self, message: str, name: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.name = name


@dataclass(frozen=True, slots=True)
class Parameter:
    """One dimension. Exactly one of `levels` and `law` is set.

    `ordered` tells whether neighbouring levels are alike (numbers, dates) or mere names.
    """

    name: str
    kind: str
    levels: Levels | None = None
    weights: tuple[float, ...] | None = None
    law: Law | None = None
    ordered: bool = True

    @property
    def count(self) -> int | None:
        """How many levels, None when the values are a continuum."""
        return None if self.levels is None else len(self.levels)

    def quantile(self, u: float) -> Any:
        """The value at `u` of [0, 1): uniform `u` gives the parameter's own distribution."""
        if self.levels is None:
            return self.real.quantile(u)
        count = len(self.levels)
        if self.weights is None:
            return self.levels[min(count - 1, int(u * count))]
        running, last = 0.0, 0
        for place, weight in enumerate(self.weights):
            running += weight
            last = place if weight > 0 else last
            if u < running and weight > 0:
                return self.levels[place]
        return self.levels[last]

    def position(self, value: Any) -> float | None:
        """Where `value` lies in [0, 1]: the middle of its level's cell, or its cumulative probability."""
        if self.levels is None:
            return self.real.cumulative(value)
        place = self.levels.position(value)
        return None if place is None else (place + 0.5) / len(self.levels)

    def at(self, u: float) -> Any:
        """The value whose cell holds `u`, all levels being equally wide: the inverse of `position`."""
        if self.levels is None:
            return self.real.quantile(u)
        return self.levels[min(len(self.levels) - 1, max(0, int(u * len(self.levels))))]

    @property
    def real(self) -> Law:
        """The law of a continuous parameter."""
        if self.law is None:  # a bug of ours, not the user's: parse_space sets one of the two
            raise TypeError(f"`{self.name}` has levels, not a law")
        return self.law

    def distinct(self) -> Parameter:
        """The same parameter without repeated values and values of probability 0."""
        if not isinstance(self.levels, Listed):
            return self
        weights = self.weights or (1.0,) * len(self.levels)
        shares: dict[Any, float] = {}
        values: dict[Any, Any] = {}
        for value, weight in zip(self.levels.values, weights, strict=True):
            if weight > 0:
                key = key_of(value)
                values.setdefault(key, value)
                shares[key] = shares.get(key, 0.0) + weight
        if len(values) == len(self.levels):
            return self
        total = sum(shares.values())
        return replace(
            self,
            levels=Listed(tuple(values.values())),
            weights=tuple(share / total for share in shares.values()),
        )


@dataclass(frozen=True)
class Space:
    """Parameters in declared order."""

    parameters: tuple[Parameter, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    @cached_property
    def size(self) -> int | None:
        """How many distinct points there are, None when some parameter is continuous."""
        counts = [parameter.distinct().count for parameter in self.parameters]
        return None if None in counts else math.prod(count for count in counts if count is not None)

    @cached_property
    def unique(self) -> Space:
        """The space without repeated values and values of probability 0."""
        return Space(tuple(parameter.distinct() for parameter in self.parameters))

    def point(self, positions: Sequence[float]) -> dict[str, Any]:
        """The params at a point of the unit cube, cells of levels being equally wide."""
        return {p.name: p.at(u) for p, u in zip(self.parameters, positions, strict=True)}

    def positions(self, params: Mapping[str, Any]) -> list[float | None]:
        """The point of the unit cube for params; None where a parameter is missing or its value foreign."""
        return [p.position(params[p.name]) if p.name in params else None for p in self.parameters]

    def key(self, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """What makes two suggestions the same."""
        return tuple(key_of(params.get(name)) for name in self.names)

    def __contains__(self, params: object) -> bool:
        if not isinstance(params, Mapping) or set(params) != set(self.names):
            return False
        return all(_holds(parameter, params[parameter.name]) for parameter in self.parameters)


def parse_space(params: Mapping[str, Mapping[str, Any]]) -> Space:
    """The space of a matrix's `params` section; raises `SpaceError` naming the parameter and the fix."""
    from polyaxon.search.kinds import parse_parameter  # the table of kinds imports this module's types

    if not params:
        raise SpaceError("the search has no params", hint="give at least one parameter under `params`")
    return Space(tuple(parse_parameter(str(name), spec) for name, spec in params.items()))


def _holds(parameter: Parameter, value: Any) -> bool:
    if parameter.levels is not None:
        place = parameter.levels.position(value)
        return place is not None and key_of(parameter.levels[place]) == key_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    law = parameter.real
    low, high = law.bounds
    margin = law.q + 1e-9 * max(abs(low), abs(high)) if math.isfinite(low) and math.isfinite(high) else law.q
    on_step = not law.q or abs(value / law.q - round(value / law.q)) < 1e-6
    return low - margin <= value <= high + margin and on_step
