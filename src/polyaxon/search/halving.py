"""Hyperband: many configurations on a small budget, the best of them on a larger one, and so on.

L. Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", JMLR 18 (2018), with the
numbers of the file format: R = maxIterations, eta, brackets i = 0 … s_max of s = s_max - i, and a bracket's rungs
j = 0 … s. Logarithms and powers are rounded to what they mean: R = 243 with eta = 3 has s_max = 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from polyaxon.search.draw import mixed
from polyaxon.search.history import Suggestion, Trial, TrialStatus, own
from polyaxon.search.random import Random
from polyaxon.search.settings import direction, flag, number, one_of, space_of, whole
from polyaxon.search.space import Space, SpaceError

__all__ = ["Budget", "Hyperband", "Rung", "brackets", "ranked"]

_SLACK = 1e-9
_BRACKET = 31


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
        return cls(str(resource["name"]), kind, most, eta, flag(matrix, "resume", False))

    @property
    def steps(self) -> int:
        """s_max: how often R can be divided by eta."""
        return math.floor(math.log(self.most) / math.log(self.eta) + _SLACK)

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


def ranked(trials: Sequence[Trial], sign: float) -> list[Trial]:
    """The trials that reported anything, best first; complete ones before those stopped on the way."""
    known = [trial for trial in trials if not trial.is_pending and trial.last_value is not None]
    known = [trial for trial in known if trial.status is not TrialStatus.FAILED]
    return sorted(
        known,
        key=lambda trial: (
            trial.status is not TrialStatus.SUCCEEDED,
            sign * (trial.last_value or 0.0),
            trial.index,
        ),
    )


@dataclass(frozen=True)
class Hyperband:
    """`kind: hyperband`: rung after rung, bracket after bracket.

    The format waits for a bracket to end before the next begins; with `asynchronous: true` waiting slots take up the
    next bracket. The trials are the same either way.
    """

    space: Space
    budget: Budget
    sign: float
    asynchronous: bool = False
    kind: str = "hyperband"

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Hyperband:
        budget = Budget.read(matrix)
        sign = direction(matrix.get("metric"))
        return cls(space_of(matrix), budget, sign, flag(matrix, "asynchronous", False))

    @cached_property
    def brackets(self) -> list[list[Rung]]:
        """The rungs of every bracket."""
        return brackets(self.budget, self.space.size)

    @property
    def total(self) -> int:
        return sum(rung.count for bracket in self.brackets for rung in bracket)

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        made: list[Suggestion] = []
        rungs = _by_rung(history)
        for bracket in range(len(self.brackets)):
            new, finished = self._next(bracket, rungs, seed, count - len(made))
            made += new
            alive = finished is not None
            if len(made) >= count or not alive or (not finished and not self.asynchronous):
                break
        return made

    def done(self, history: Sequence[Trial]) -> bool:
        rungs = _by_rung(history)
        for bracket in range(len(self.brackets)):
            new, finished = self._next(bracket, rungs, 0, 1)
            if finished is None:
                return True
            if new or not finished:
                return False
        return True

    def _next(
        self, bracket: int, rungs: Mapping[tuple[int, int], list[Trial]], seed: int, count: int
    ) -> tuple[list[Suggestion], bool | None]:
        """New suggestions of a bracket, and whether it is finished; None when all its runs failed."""
        below: list[Trial] = []
        for step, rung in enumerate(self.brackets[bracket]):
            made = rungs.get((bracket, step), [])
            survivors = ranked(below, self.sign)[: rung.count]
            if step and not survivors:
                return [], None
            wanted = rung.count if step == 0 else len(survivors)
            if len(made) < wanted:
                stop = min(wanted, len(made) + count)
                if step == 0:
                    return self._fresh(bracket, rung, len(made), stop, seed), False
                return [self._promoted(survivors[n], bracket, step, rung) for n in range(len(made), stop)], False
            if any(trial.is_pending for trial in made):
                return [], False
            below = made
        return [], True

    def _fresh(self, bracket: int, rung: Rung, start: int, stop: int, seed: int) -> list[Suggestion]:
        draws = Random.of(self.space, rung.count).window(start, stop - start, mixed(seed, _BRACKET, bracket))
        return [
            Suggestion(
                self.budget.grant(draw.params, rung.resource),
                resource=float(rung.resource),
                iteration=bracket,
                bracket=bracket,
                reason={"source": "random", "bracket": bracket, "rung": 0, "resource": rung.resource},
            )
            for draw in draws
        ]

    def _promoted(self, trial: Trial, bracket: int, step: int, rung: Rung) -> Suggestion:
        return Suggestion(
            self.budget.grant(trial.params, rung.resource),
            resource=float(rung.resource),
            iteration=bracket,
            bracket=bracket,
            rung=step,
            origin=trial.index if self.budget.resume else None,
            reason={
                "source": "promotion",
                "from": trial.index,
                "value": trial.last_value,
                "bracket": bracket,
                "rung": step,
                "resource": rung.resource,
            },
        )


def _by_rung(history: Sequence[Trial]) -> dict[tuple[int, int], list[Trial]]:
    found: dict[tuple[int, int], list[Trial]] = {}
    for trial in own(history):
        found.setdefault((trial.bracket, trial.rung), []).append(trial)
    return found
