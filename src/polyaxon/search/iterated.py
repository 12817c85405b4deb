"""The searches of the format that go by iterations of `numRuns`: hyperopt (tpe, rand, anneal), tpe, iterative."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np

from polyaxon.model.record import dataclass
from polyaxon.search.anneal import propose_anneal
from polyaxon.search.contract import Search
from polyaxon.search.cube import Array
from polyaxon.search.history import Suggestion, Trial, TrialStatus, next_index
from polyaxon.search.pareto import Order, pareto_order
from polyaxon.search.random import Random
from polyaxon.search.sequential import DESIGNS, Sequential, Shape, View
from polyaxon.search.settings import flag, metrics, one_of, optional_whole, space_of, whole
from polyaxon.search.space import Space, SpaceError
from polyaxon.search.tpe import propose_tpe

__all__ = ["Hyperopt", "Iterated", "Iterative"]

# As many random trials before the model is asked, unless the file says `numInitialRuns`.
_WARM_UP = 10

Proposal = Callable[[View, Order], tuple[Array, dict[str, Any]]]
_ALGORITHMS: dict[str, Proposal] = {"tpe": propose_tpe, "anneal": propose_anneal}


@dataclass(frozen=True)
class Iterated(Sequential):
    """TPE or annealing over the trials in order of merit."""

    algorithm: str = "tpe"
    warm_up: int = _WARM_UP

    def starts(self, view: View) -> bool:
        return len(view.losses) == 0 or not self.cube.dimensions or view.begun < self.warm_up

    def propose(self, view: View) -> tuple[Array, dict[str, Any]]:
        return _ALGORITHMS[self.algorithm](view, self._order(view))

    def _order(self, view: View) -> Order:
        if len(self.signs) == 1:
            return np.argsort(view.losses, kind="stable")
        return pareto_order(_objectives(view.trials, self.signs))


class Hyperopt:
    """`kind: hyperopt` and `kind: tpe`."""

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Search:
        space = space_of(matrix)
        algorithm = one_of(matrix, "algorithm", ("tpe", "rand", "anneal"))
        signs = metrics(matrix)
        shape = _shape(matrix, whole(matrix, "numRuns"))
        if algorithm == "rand":
            return RandomBatches.shaped(str(matrix["kind"]), space, shape)
        if len(signs) > 1 and algorithm != "tpe":
            raise SpaceError("several objectives need the algorithm `tpe`", hint="write algorithm: tpe")
        warm_up, design = whole(matrix, "numInitialRuns", _WARM_UP), one_of(matrix, "initialDesign", tuple(DESIGNS))
        return Iterated(str(matrix["kind"]), space, shape, signs, design, algorithm, warm_up)


class Iterative:
    """`kind: iterative` without a tuner: one random suggestion per iteration."""

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Search:
        whole(matrix, "maxIterations")
        shape = _shape(matrix, optional_whole(matrix, "numRuns") or 1)
        return RandomBatches.shaped("iterative", space_of(matrix), shape)


@dataclass(frozen=True)
class RandomBatches(Random):
    """Random draws that belong to iterations."""

    shape: Shape = field(default_factory=lambda: Shape(1, 1, None))

    @classmethod
    def shaped(cls, kind: str, space: Space, shape: Shape) -> RandomBatches:
        """As many draws as the shape holds, or as the space does."""
        runs = shape.total or 0
        return cls(space, runs if space.size is None else min(runs, space.size), kind, shape)

    @property
    def asynchronous(self) -> bool:
        return self.shape.asynchronous

    def window(self, start: int, count: int, seed: int) -> list[Suggestion]:
        return [
            replace(suggestion, iteration=self.shape.iteration(start + place))
            for place, suggestion in enumerate(super().window(start, count, seed))
        ]

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        if self.asynchronous:
            return super().suggest(history, seed, count)
        iteration = self.shape.iteration(next_index(history))
        if any(trial.is_pending and 0 <= trial.index < self.shape.start(iteration) for trial in history):
            return []
        left = self.shape.end(iteration) - next_index(history)
        return super().suggest(history, seed, min(count, left))


def _objectives(trials: Sequence[Trial], signs: tuple[float, ...]) -> Array:
    """One row per trial; a trial without all its values is as bad as the worst in each objective."""
    rows = np.full((len(trials), len(signs)), np.nan)
    for place, trial in enumerate(trials):
        if trial.status is TrialStatus.SUCCEEDED and len(trial.values) == len(signs):
            rows[place] = np.array(trial.values) * signs
    whole_rows = np.isfinite(rows).all(axis=1)
    rows[~whole_rows] = rows[whole_rows].max(axis=0) if whole_rows.any() else 0.0
    return rows


def _shape(matrix: Mapping[str, Any], runs: int) -> Shape:
    """Iterations 0 … maxIterations of `runs` each; without maxIterations there is the one iteration."""
    iterations = optional_whole(matrix, "maxIterations", least=0) or 0
    return Shape(runs, runs, runs * (iterations + 1), flag(matrix, "asynchronous", True))
