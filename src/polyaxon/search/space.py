"""What can be searched? The parameters of a matrix as an ordered, immutable space.

Every parameter is either a sequence of levels (possibly weighted) or a law on the real line, and both map to and
from the unit interval; algorithms know nothing else. No numpy here: grid, random and mapping load without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from polyaxon.errors import UserError
from polyaxon.model.record import dataclass
from polyaxon.search.branches import Branches
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
    when: tuple[tuple[str, frozenset[Any]], ...] = ()
    """It takes part only where every named parameter has one of these values (their keys)."""

    def is_active(self, params: Mapping[str, Any]) -> bool:
        """Whether it takes part, given the parameters before it."""
        return all(name in params and key_of(params[name]) in keys for name, keys in self.when)

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
        if any(parameter.levels is None for parameter in self.parameters):
            return None
        return self.unique.branches.count()

    @cached_property
    def is_conditional(self) -> bool:
        """Whether some parameter takes part only for some values of others."""
        return any(parameter.when for parameter in self.parameters)

    @cached_property
    def unique(self) -> Space:
        """The space without repeated values and values of probability 0."""
        return Space(tuple(parameter.distinct() for parameter in self.parameters))

    @cached_property
    def branches(self) -> Branches:
        """The points of a finite space by number."""
        return Branches(self.parameters)

    def drawn(self, uniform: Callable[[int], float]) -> dict[str, Any]:
        """A point by the parameters' own distributions; `uniform` gives the share of the parameter at a place."""
        params: dict[str, Any] = {}
        for place, parameter in enumerate(self.parameters):
            if parameter.is_active(params):
                params[parameter.name] = parameter.quantile(uniform(place))
        return params

    def point(self, positions: Sequence[float]) -> dict[str, Any]:
        """The params at a point of the unit cube, cells of levels being equally wide."""
        return self.active({p.name: p.at(u) for p, u in zip(self.parameters, positions, strict=True)})

    def active(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Without the parameters that take no part, in declared order."""
        kept: dict[str, Any] = {}
        for parameter in self.parameters:
            if parameter.name in params and parameter.is_active(kept):
                kept[parameter.name] = params[parameter.name]
        return kept

    def positions(self, params: Mapping[str, Any]) -> list[float | None]:
        """The point of the unit cube for params; None where a parameter is missing or its value foreign."""
        return [p.position(params[p.name]) if p.name in params else None for p in self.parameters]

    def key(self, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """What makes two suggestions the same."""
        return tuple(key_of(params.get(name)) for name in self.names)

    def covers(self, params: Mapping[str, Any]) -> bool:
        """Whether the params are of this space, or between its points: what models can learn from."""
        taking_part = [parameter for parameter in self.parameters if parameter.is_active(params)]
        return set(params) == {parameter.name for parameter in taking_part} and all(
            _is_between(parameter, params[parameter.name]) for parameter in taking_part
        )

    def __contains__(self, params: object) -> bool:
        if not isinstance(params, Mapping):
            return False
        taking_part = [parameter for parameter in self.parameters if parameter.is_active(params)]
        if set(params) != {parameter.name for parameter in taking_part}:
            return False
        return all(_holds(parameter, params[parameter.name]) for parameter in taking_part)


def parse_space(params: Mapping[str, Mapping[str, Any]]) -> Space:
    """The space of a matrix's `params` section; raises `SpaceError` naming the parameter and the fix."""
    from polyaxon.search.kinds import parse_parameter  # the table of kinds imports this module's types

    if not params:
        raise SpaceError("the search has no params", hint="give at least one parameter under `params`")
    parsed: dict[str, Parameter] = {}
    for name, spec in params.items():
        parameter = parse_parameter(str(name), spec)
        conditions = spec.get("when")
        parsed[parameter.name] = replace(parameter, when=_when(parameter.name, conditions, parsed))
    return Space(tuple(parsed.values()))


def _when(name: str, conditions: Any, before: Mapping[str, Parameter]) -> tuple[tuple[str, frozenset[Any]], ...]:
    """The conditions of one parameter; all of them must hold for it to take part."""
    if conditions is None:
        return ()
    if not isinstance(conditions, Mapping) or not conditions:
        raise SpaceError(f"parameter `{name}`: `when` is {conditions!r}", name, "write when: {other: value}")
    found: list[tuple[str, frozenset[Any]]] = []
    for parent, values in conditions.items():
        other = before.get(str(parent))
        if other is None or other.levels is None:
            why = "is not declared before it" if other is None else "has no list of values"
            raise SpaceError(
                f"parameter `{name}` takes part by `{parent}`, which {why}",
                name,
                f"declare `{parent}` above `{name}`" if other is None else f"make `{parent}` a choice",
            )
        wanted = values if isinstance(values, list | tuple) else [values]
        meant = [_level_meant(other.levels, value) for value in wanted]
        if None in meant or not wanted:
            what = repr(wanted[meant.index(None)]) if wanted else "nothing"
            levels = ", ".join(str(other.levels[place]) for place in range(min(10, len(other.levels))))
            raise SpaceError(
                f"parameter `{name}` takes part when `{parent}` is {what}, which it never is",
                name,
                f"its values are {levels}",
            )
        found.append((other.name, frozenset(key_of(other.levels[place]) for place in meant if place is not None)))
    return tuple(found)


def _level_meant(levels: Levels, value: Any) -> int | None:
    """The level that is written as `value`: 0.3 is the level 0.30000000000000004 of a range."""
    place = levels.position(value)
    if place is None or key_of(levels[place]) == key_of(value):
        return place
    level = levels[place]
    numbers = all(isinstance(item, int | float) and not isinstance(item, bool) for item in (level, value))
    return place if numbers and math.isclose(level, value, rel_tol=1e-9, abs_tol=1e-12) else None


def _is_between(parameter: Parameter, value: Any) -> bool:
    """Whether a number lies between the first and the last level; anything else must be one of the levels."""
    levels = parameter.levels
    if levels is None or isinstance(value, bool) or not isinstance(value, int | float) or not parameter.ordered:
        return _holds(parameter, value)
    ends = (levels[0], levels[len(levels) - 1])
    return levels.position(value) is not None and min(ends) <= value <= max(ends)


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
