"""CMA-ES: a normal distribution that learns the shape of the valley it walks down.

N. Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772; equation numbers below are the tutorial's.
The distribution is replayed from the history, one complete generation after the other, so there is no state to
lose. While a generation has stragglers the next one is already drawn from the last known distribution. Unordered
parameters are cells of the unit interval here: prefer `tpe` or `bayes` where they matter.

What earlier searches found shapes the first distribution: M. Nomura et al., "Warm starting CMA-ES for hyperparameter
optimization", AAAI 2021.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property
from operator import attrgetter, is_
from typing import Any

import numpy as np

from polyaxon.model.record import dataclass
from polyaxon.search.cube import Array, Cube
from polyaxon.search.history import Trial, TrialStatus
from polyaxon.search.memory import losses_of
from polyaxon.search.sequential import Sequential, Shape, View
from polyaxon.search.settings import direction, flag, number, optional_whole, space_of, whole
from polyaxon.search.space import SpaceError

__all__ = ["Cmaes"]

_INDEX = attrgetter("index")
# Of the earlier trials the best tenth is promising, and so is what lies within a tenth of the ranges around them.
_PROMISING, _NEAR = 0.1, 0.1


@dataclass(frozen=True)
class Cmaes(Sequential):
    """`kind: cmaes`: `numRuns` trials in generations of `population`."""

    population: int = 8
    step: float = 0.3

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Cmaes:
        space = space_of(matrix)
        dimensions = max(1, Cube(space).dimensions)
        population = optional_whole(matrix, "population", least=4) or 4 + int(3 * np.log(dimensions))
        step = number(matrix, "sigma", 0.3)
        if step <= 0:
            raise SpaceError(f"`sigma` is {step:g}", hint="write a step above 0, such as 0.3")
        shape = Shape(population, population, whole(matrix, "numRuns"), flag(matrix, "asynchronous", True))
        return cls("cmaes", space, shape, (direction(matrix.get("metric")),), population=population, step=step)

    def starts(self, view: View) -> bool:  # noqa: ARG002 - the base's signature
        """The first generation is drawn from the first distribution, not from a design."""
        return not self.cube.dimensions

    @cached_property
    def _progress(self) -> _Progress:
        return _Progress(self._first([]))

    def propose(self, view: View) -> tuple[Array, dict[str, Any]]:
        state = self._learned(view)
        drawn = state.sample(view.generator)
        is_first = not state.generation and bool(self._progress.known)
        reason = {
            "source": "warm cmaes" if is_first else "cmaes",
            "generation": view.index // self.population,
            "learned_from": state.generation,
            "step": round(float(state.sigma), 6),
        }
        return self.cube.spread(np.clip(drawn, 0.0, 1.0 - 1e-12)[None])[0], reason

    def _learned(self, view: View) -> _State:
        """The distribution after the complete generations; what it learned from these very trials is kept."""
        begun = bisect_left(view.trials, 0, key=_INDEX)
        known, members = view.trials[:begun], self._complete(view.trials[begun:], view.index)
        progress = self._progress
        alike = len(known) == len(progress.known) and _begin_with(known, progress.known)
        if not (alike and _begin_with(members, progress.trials)):
            progress.known, progress.trials, progress.state = known, [], self._first(known)
        for start in range(len(progress.trials), len(members), self.population):
            generation = members[start : start + self.population]
            progress.state.learn(self._unit(generation), losses_of(generation, self.signs[0]))
        progress.trials = members
        return progress.state

    def _first(self, known: Sequence[Trial]) -> _State:
        """The distribution to begin with: wide, or around the best of the earlier trials."""
        state = _State(self.cube.dimensions, self.population, self.step)
        ended = [trial for trial in known if trial.status is TrialStatus.SUCCEEDED]
        if ended:
            order = np.argsort(losses_of(ended, self.signs[0]), kind="stable")
            best = order[: max(1, int(_PROMISING * len(ended)))].tolist()
            state.gather(self._unit([ended[place] for place in best]))
        return state

    def _complete(self, mine: Sequence[Trial], upcoming: int) -> list[Trial]:
        """The trials of complete generations, in order."""
        # Numbers only grow, so trials without a gap before them are the first ones.
        without_gap = bisect_left(range(len(mine)), 1, key=lambda place: mine[place].index - place)
        whole_ones = min(without_gap, upcoming) // self.population
        return list(mine[: whole_ones * self.population])

    def _unit(self, trials: Sequence[Trial]) -> Array:
        points = self.cube.encode([trial.params for trial in trials])
        named = self.cube.categorical
        points[:, named] = (points[:, named] + 0.5) / self.cube.categories[named]
        filled: Array = np.nan_to_num(points, nan=0.5)
        return filled


@dataclass
class _Progress:
    """The distribution, the earlier trials it began with, and those that it has learned from: a cache that changes no
    result."""

    state: _State
    known: Sequence[Trial] = ()
    trials: list[Trial] = field(default_factory=list)


def _begin_with(trials: Sequence[Trial], others: Sequence[Trial]) -> bool:
    """Whether the first of the trials are the others."""
    return len(trials) >= len(others) and all(map(is_, others, trials))


class _State:
    """Mean, step size, covariance and evolution paths; `learn` is one turn of the tutorial's figure 6."""

    def __init__(self, dimensions: int, population: int, sigma: float) -> None:
        n = dimensions
        parents = population // 2
        weights = np.log((population + 1) / 2) - np.log(np.arange(1, parents + 1))  # eq. 49
        self.weights = weights / weights.sum()
        self.mueff = 1 / (self.weights**2).sum()  # eq. 8
        self.cs = (self.mueff + 2) / (n + self.mueff + 5)  # eq. 55
        self.ds = 1 + 2 * max(0.0, np.sqrt((self.mueff - 1) / (n + 1)) - 1) + self.cs  # eq. 55
        self.cc = (4 + self.mueff / n) / (n + 4 + 2 * self.mueff / n)  # eq. 56
        self.c1 = 2 / ((n + 1.3) ** 2 + self.mueff)  # eq. 57
        self.cmu = min(1 - self.c1, 2 * (self.mueff - 2 + 1 / self.mueff) / ((n + 2) ** 2 + self.mueff))  # eq. 58
        self.expected = np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))  # E||N(0, I)||
        self.mean = np.full(n, 0.5)
        self.sigma = sigma
        self.covariance = np.eye(n)
        self.path_sigma, self.path_c = np.zeros(n), np.zeros(n)
        self.generation = 0
        self._factor()

    def gather(self, points: Array) -> None:
        """Move the first distribution to these points, no wider than it was: the normal distribution nearest to a
        mixture of small ones around each of them."""
        self.mean = points.mean(axis=0)
        moves = points - self.mean
        near = _NEAR**2 * np.eye(len(self.mean)) + moves.T @ moves / len(points)
        step = float(np.linalg.det(near) ** (0.5 / len(self.mean)))
        self.covariance, self.sigma = near / step**2, min(self.sigma, step)
        self._factor()

    def sample(self, generator: np.random.Generator) -> Array:
        """A draw inside the cube: a few tries, then clipping."""
        for _ in range(20):
            drawn = self.mean + self.sigma * (self.axes @ (self.lengths * generator.normal(size=len(self.mean))))
            if ((drawn >= 0) & (drawn <= 1)).all():
                break
        inside: Array = np.clip(drawn, 0.0, 1.0)
        return inside

    def learn(self, points: Array, losses: Array) -> None:
        n = len(self.mean)
        losses = np.nan_to_num(losses, nan=np.inf)
        chosen = points[np.argsort(losses, kind="stable")[: len(self.weights)]]
        moves = (chosen - self.mean) / self.sigma
        move = self.weights @ moves  # eq. 41
        self.generation += 1
        self.mean = self.mean + self.sigma * move  # eq. 42
        whitened = self.axes @ ((self.axes.T @ move) / self.lengths)
        self.path_sigma = (1 - self.cs) * self.path_sigma + np.sqrt(
            self.cs * (2 - self.cs) * self.mueff
        ) * whitened  # eq. 43
        length = np.linalg.norm(self.path_sigma)
        fading = np.sqrt(1 - (1 - self.cs) ** (2 * self.generation))
        stalled = float(length / fading < (1.4 + 2 / (n + 1)) * self.expected)  # h_sigma
        self.path_c = (1 - self.cc) * self.path_c + stalled * np.sqrt(
            self.cc * (2 - self.cc) * self.mueff
        ) * move  # eq. 45
        lost = (1 - stalled) * self.cc * (2 - self.cc)
        self.covariance = (
            (1 + self.c1 * lost - self.c1 - self.cmu) * self.covariance
            + self.c1 * np.outer(self.path_c, self.path_c)
            + self.cmu * (moves.T * self.weights) @ moves
        )  # eq. 47
        growth = (self.cs / self.ds) * (length / self.expected - 1)  # eq. 44
        self.sigma = min(1.0, float(self.sigma * np.exp(min(1.0, growth))))
        self._factor()

    def _factor(self) -> None:
        values, self.axes = np.linalg.eigh((self.covariance + self.covariance.T) / 2)
        self.lengths = np.sqrt(np.maximum(values, 1e-20))
