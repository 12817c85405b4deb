"""How much a halving search gives to how many: the file's budget, and the brackets and rungs that follow from it.

Numbers of the file format: R = maxIterations, eta, brackets i = 0 … s_max of s = s_max - i, and a bracket's rungs
j = 0 … s. Logarithms and powers are rounded to what they mean: R = 243 with eta = 3 has s_max = 5. Nothing here needs
numpy: the engine plans with it too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.settings import flag, number, one_of, whole
from polyaxon.search.space import SpaceError

__all__ = ["Budget", "Rung", "brackets"]

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Rung:
    """`count` configurations that get `resource` each."""

    count: int
    resource: float


@dataclass(frozen=True, slots=True)
class Budget:
    """What the file says about resources: the input that receives them, its type, R, eta and resume."""

    name: str
    kind: str
    most: int
    eta: float
    resume: bool
    least: int = 1
    """No rung gives less."""

    @classmethod
    def read(cls, matrix: Mapping[str, Any]) -> Budget:
        resource = matrix.get("resource")
        if not isinstance(resource, Mapping) or not resource.get("name"):
            raise SpaceError(
                f"a {matrix.get('kind')} search needs `resource`", hint="write resource: {name: epochs, type: int}"
            )
        eta = number(matrix, "eta", 3.0)
        if eta <= 1:
            raise SpaceError(f"`eta` is {eta:g}", hint="write an eta above 1, such as 3")
        kind = one_of(resource, "type", ("float", "int"))
        most = whole(matrix, "maxIterations")
        least = whole(matrix, "minIterations", 1)
        if least > most:
            raise SpaceError(
                f"`minIterations` is {least}, more than the `maxIterations` of {most}",
                hint=f"write a minIterations of at most {most}",
            )
        return cls(str(resource["name"]), kind, most, eta, flag(matrix, "resume", False), least)

    @property
    def steps(self) -> int:
        """s_max: how often R can be divided by eta."""
        return math.floor(math.log(self.most / self.least) / math.log(self.eta) + _SLACK)

    def cast(self, resource: float) -> float:
        """The resource as its input takes it; int truncates."""
        near = round(resource)
        exact = float(near) if abs(resource - near) < _SLACK * max(1.0, abs(resource)) else resource
        return int(exact) if self.kind == "int" else exact

    def grant(self, params: Mapping[str, Any], resource: float) -> dict[str, Any]:
        """The configuration with this much resource."""
        return {**params, self.name: resource}


def brackets(budget: Budget, most_points: int | None = None) -> list[list[Rung]]:
    """The whole plan: brackets in order, each a list of rungs. A finite space caps the first rungs at its size."""
    plan: list[list[Rung]] = []
    for s in range(budget.steps, -1, -1):
        count = math.ceil((budget.steps + 1) * budget.eta**s / (s + 1) - _SLACK)
        count = count if most_points is None else min(count, most_points)
        rungs = [
            Rung(
                math.floor(count * budget.eta**-j + _SLACK),
                budget.cast(budget.most * budget.eta ** (j - s)),
            )
            for j in range(s + 1)
        ]
        plan.append([rung for rung in rungs if rung.count > 0])
    return plan
