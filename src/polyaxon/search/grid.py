"""Grid search: the cartesian product, the last key varying fastest, counted like digits and never stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.enumerated import Enumerated
from polyaxon.search.history import Suggestion
from polyaxon.search.kinds import DISCRETE
from polyaxon.search.settings import optional_whole, space_of
from polyaxon.search.space import Space, SpaceError

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
        size = space.branches.count()
        return cls(space, min(size, optional_whole(matrix, "numRuns") or size))

    def window(self, start: int, count: int, seed: int) -> list[Suggestion]:  # noqa: ARG002 - no chance in a grid
        return [
            Suggestion(self.space.branches.at(index), reason={"source": "grid", "point": index + 1, "of": self.total})
            for index in range(max(0, start), min(self.total, start + count))
        ]
