"""Grid search: the cartesian product, the last key varying fastest, counted like digits and never stored."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.enumerated import Enumerated
from polyaxon.search.history import Suggestion
from polyaxon.search.kinds import DISCRETE
from polyaxon.search.settings import optional_whole, space_of
from polyaxon.search.space import Parameter, Space, SpaceError

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid(Enumerated):
    """Every combination in declared key order, or the first `numRuns` of them."""

    space: Space
    total: int
    kind: str = "grid"

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Grid:
        space = space_of(matrix)
        for parameter in space.parameters:
            if parameter.kind not in DISCRETE:
                raise SpaceError(
                    f"parameter `{parameter.name}`: a grid cannot expand the distribution `{parameter.kind}`",
                    parameter.name,
                    "use choice, range or linspace, or search with kind: random",
                )
        size = prod(_count(parameter) for parameter in space.parameters)
        return cls(space, min(size, optional_whole(matrix, "numRuns") or size))

    def window(self, start: int, count: int, seed: int) -> list[Suggestion]:  # noqa: ARG002 - no chance in a grid
        return [self._at(index) for index in range(max(0, start), min(self.total, start + count))]

    def _at(self, index: int) -> Suggestion:
        rest = index
        digits: list[int] = []
        for parameter in reversed(self.space.parameters):
            rest, digit = divmod(rest, _count(parameter))
            digits.append(digit)
        params = {
            parameter.name: parameter.levels[digit] if parameter.levels is not None else None
            for parameter, digit in zip(self.space.parameters, reversed(digits), strict=True)
        }
        return Suggestion(params, reason={"source": "grid", "point": index + 1, "of": self.total})


def _count(parameter: Parameter) -> int:
    return parameter.count or 1
