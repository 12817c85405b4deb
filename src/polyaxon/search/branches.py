"""Which points does a space have, and which is number i? Parameters that take part only on some branches included.

A parameter with `when` exists for some values of parameters declared before it, so the points are the leaves of a tree.
They are counted from the counts of its subtrees and found by number, the last parameter varying fastest; nothing is
listed, and a space without conditions is the plain product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from polyaxon.search.levels import key_of

if TYPE_CHECKING:
    from polyaxon.search.space import Parameter

__all__ = ["Branches"]


class Branches:
    """The points of discrete parameters, of which each is declared after those it depends on."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        named: dict[str, set[Any]] = {}
        for parameter in self.parameters:
            for parent, values in parameter.when:
                named.setdefault(parent, set()).update(values)
        self._named = named
        self._counts: dict[Any, int] = {}

    def is_parent(self, parameter: Parameter) -> bool:
        """Whether others depend on it."""
        return parameter.name in self._named

    def count(self, place: int = 0, chosen: Mapping[str, Any] | None = None) -> int:
        """How many points there are, given values for the parameters before `place`."""
        if place == len(self.parameters):
            return 1
        chosen = chosen or {}
        # Only what some condition names tells branches apart.
        key = (place, tuple((name, self._token(name, chosen)) for name in self._named if name in chosen))
        if key not in self._counts:
            self._counts[key] = self._counted(place, chosen)
        return self._counts[key]

    def rooms(self, place: int, chosen: Mapping[str, Any]) -> list[int]:
        """How many points lie behind each level of the active parameter at `place`."""
        parameter = self.parameters[place]
        levels = parameter.levels or ()
        if parameter.name not in self._named:
            return [self.count(place + 1, chosen)] * len(levels)
        return [self.count(place + 1, {**chosen, parameter.name: levels[number]}) for number in range(len(levels))]

    def at(self, index: int, place: int = 0, chosen: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Point number `index` of those that have these values for the parameters before `place`."""
        found = dict(chosen or {})
        for here in range(place, len(self.parameters)):
            parameter = self.parameters[here]
            if parameter.levels is None or not parameter.is_active(found):
                continue
            number = 0
            if self.is_parent(parameter):
                rooms = self.rooms(here, found)
                while index >= rooms[number]:
                    index -= rooms[number]
                    number += 1
            else:
                number, index = divmod(index, self.count(here + 1, found))
            found[parameter.name] = parameter.levels[number]
        return found

    def _counted(self, place: int, chosen: Mapping[str, Any]) -> int:
        parameter = self.parameters[place]
        if not parameter.is_active(chosen):
            return self.count(place + 1, chosen)
        if parameter.name in self._named:
            return sum(self.rooms(place, chosen))
        return (parameter.count or 1) * self.count(place + 1, chosen)

    def _token(self, name: str, chosen: Mapping[str, Any]) -> Any:
        key = key_of(chosen[name])
        return key if key in self._named[name] else None
