"""Random search: distinct draws from a finite space, independent draws from a continuous one.

Any suggestion can be computed from its number alone. In a finite space number i is the i-th place of a seeded
permutation, so nothing is drawn twice and nothing drawn is remembered. Weighted values (pchoice, the bounded
q-kinds) get their share of the runs by systematic rounding, one parameter after the other: of n runs, an item of
probability p gets floor(n p) or ceil(n p) and n p on average, as far as it has that many distinct points. That
keeps the weights and the distinctness without looking at earlier draws, which rejection would need. Values that
other parameters depend on share the runs alike: a branch with few points is not drowned by one with many.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.branches import Branches
from polyaxon.search.draw import apportion, mixed, permuted, unit
from polyaxon.search.enumerated import Enumerated
from polyaxon.search.history import Suggestion
from polyaxon.search.settings import space_of, whole
from polyaxon.search.space import Space

__all__ = ["Random"]

# Names of the streams of chance: the order of the draws, the rounding of shares, the permutation within a block.
_ORDER, _SHARE, _BLOCK, _VALUE = 1, 2, 3, 4


@dataclass(frozen=True)
class Random(Enumerated):
    """`numRuns` draws; a finite space caps them at its size."""

    space: Space
    total: int
    kind: str = "random"

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Random:
        return cls.of(space_of(matrix), whole(matrix, "numRuns"))

    @classmethod
    def of(cls, space: Space, runs: int) -> Random:
        """`runs` draws from a space."""
        return cls(space, runs if space.size is None else min(runs, space.size))

    def window(self, start: int, count: int, seed: int) -> list[Suggestion]:
        draw = self._independent if self.space.size is None else self._distinct
        return [
            Suggestion(draw(index, seed), reason={"source": "random", "point": index + 1, "of": self.total})
            for index in range(max(0, start), min(self.total, start + count))
        ]

    def _independent(self, index: int, seed: int) -> dict[str, Any]:
        return self.space.drawn(partial(unit, seed, _VALUE, index))

    def _distinct(self, index: int, seed: int) -> dict[str, Any]:
        branches, split = self._split
        chosen: dict[str, Any] = {}
        place, runs = index, self.total
        if split:
            place = permuted(index, self.total, mixed(seed, _ORDER))
        path = mixed(seed, _SHARE)
        for number in range(split):
            parameter = branches.parameters[number]
            levels = parameter.levels
            if levels is None or not parameter.is_active(chosen):
                continue
            weights = parameter.weights or (1.0,) * len(levels)
            shares = apportion(runs, weights, tuple(branches.rooms(number, chosen)), unit(path, 0))
            item = 0
            while place >= shares[item]:
                place -= shares[item]
                item += 1
            runs, chosen[parameter.name] = shares[item], levels[item]
            path = mixed(path, item)
        rest = permuted(place, branches.count(split, chosen), mixed(path, _BLOCK))
        found = branches.at(rest, split, chosen)
        return {name: found[name] for name in self.space.names if name in found}

    @cached_property
    def _split(self) -> tuple[Branches, int]:
        """The parameters, first those that runs are shared out by (weighted, or deciding about others); how many."""
        parameters = self.space.unique.parameters
        tree = Branches(parameters)
        shared = [parameter for parameter in parameters if parameter.weights is not None or tree.is_parent(parameter)]
        plain = [parameter for parameter in parameters if parameter not in shared]
        return Branches([*shared, *plain]), len(shared)
