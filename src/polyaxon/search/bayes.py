"""Bayesian optimization: fit a Gaussian process to what is known, try the point it expects most of.

Defaults: Matérn 5/2 with one length scale per parameter, fitted hyperparameters, log expected improvement.
A file's `utilityFunction` and `gaussianProcess` are honoured: acquisition, kappa, eps, kernel, nu; `lengthScale` is
where fitting starts, `numRestartsOptimizer` further starts, `numWarmup` and `numIterations` the effort of the
acquisition search. Pending trials take part with the mean the process expects of them, so parallel workers keep apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from polyaxon.model.record import dataclass
from polyaxon.search.acquisition import (
    Acquisition,
    confidence_bound,
    log_expected_improvement,
    log_improvement_probability,
)
from polyaxon.search.cube import Array
from polyaxon.search.kernels import Kernel, kernel_named
from polyaxon.search.process import Posterior, fit, posterior
from polyaxon.search.sequential import DESIGNS, Sequential, Shape, View
from polyaxon.search.settings import direction, flag, number, one_of, optional_whole, space_of, whole
from polyaxon.search.threads import one_thread

__all__ = ["Bayes"]

_FIT_STEPS = 25
_SEARCH_STEPS = 15
_MOST_ENUMERATED = 2000
_MOST_TRIALS = 300
_STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
# In a continuum suggestions take turns. Expected improvement keeps its distance from what is known: one in four goes
# where the process expects the best, with a small bonus for the uncertain, and so reaches the bottom of a valley.
# Compressed losses make the last digits of a good value worth as much as a better valley: one takes losses as they are.
_TURNS: tuple[dict[str, Any], ...] = ({}, {"acquisition": "ucb", "kappa": 0.3}, {}, {"compresses": False})


@dataclass(frozen=True)
class Utility:
    """What the file says about the model and the acquisition."""

    kernel: Kernel
    acquisition: str = "ei"
    kappa: float = 2.576
    eps: float = 0.0
    length: float | None = None
    restarts: int = 0
    candidates: int = 600
    searches: int = 6
    compresses: bool = True
    """Whether large losses are; that the file says nothing of all this."""

    @classmethod
    def read(cls, matrix: Mapping[str, Any]) -> Utility:
        settings = matrix.get("utilityFunction")
        if not isinstance(settings, Mapping):
            return cls(kernel_named("matern", 2.5))
        process = settings.get("gaussianProcess") or {}
        return cls(
            kernel=kernel_named(one_of(process, "kernel", ("matern", "rbf")), number(process, "nu", 1.5)),
            acquisition=one_of(settings, "acquisitionFunction", ("ucb", "ei", "poi")),
            kappa=number(settings, "kappa", 2.576),
            eps=number(settings, "eps", 0.0),
            length=number(process, "lengthScale", 1.0),
            restarts=optional_whole(process, "numRestartsOptimizer", least=0) or 0,
            candidates=optional_whole(settings, "numWarmup") or cls.candidates,
            searches=optional_whole(settings, "numIterations") or cls.searches,
            compresses=False,
        )

    def score(self, best: float, unit: float) -> Acquisition:
        """The acquisition function, for losses of which one is `unit` of the metric."""
        if self.acquisition == "ucb":
            return confidence_bound(self.kappa)
        if self.acquisition == "poi":
            return log_improvement_probability(best, self.eps / unit)
        return log_expected_improvement(best, self.eps / unit)


@dataclass(frozen=True)
class Bayes(Sequential):
    """`kind: bayes`."""

    utility: Utility = field(default_factory=lambda: Utility(kernel_named("matern", 2.5)))

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Bayes:
        first, iterations = whole(matrix, "numInitialRuns"), whole(matrix, "maxIterations")
        shape = Shape(first, 1, first + iterations, flag(matrix, "asynchronous", True))
        signs, design = (direction(matrix.get("metric")),), one_of(matrix, "initialDesign", tuple(DESIGNS))
        return cls("bayes", space_of(matrix), shape, signs, design, Utility.read(matrix))

    def starts(self, view: View) -> bool:
        return super().starts(view) or len(view.losses) < 2

    def propose(self, view: View) -> tuple[Array, dict[str, Any]]:
        with one_thread():
            return self._proposal(view)

    def _proposal(self, view: View) -> tuple[Array, dict[str, Any]]:
        utility = self._turn(view)
        points, losses = _kept(_filled(view.points, view), view.losses)
        values, unit = _standardised(losses, utility.compresses)
        process = self._process(view, points, values)
        best = float(values.min())
        score = utility.score(best, unit)
        pool = self._candidates(view, points, values)
        scores = _scores(process, score, pool)
        polished = _filled(view.cube.snap(self._polished(view, process, score, pool, scores)), view)
        pool = np.vstack([polished, pool])
        scores = np.concatenate([_scores(process, score, polished), scores])
        ranking = np.argsort(-scores, kind="stable")
        place = next((place for place in ranking.tolist() if view.is_new(pool[place])), int(ranking[0]))
        return pool[place], _reason(utility, process, pool[place], best, float(scores[place]))

    def _turn(self, view: View) -> Utility:
        """The settings of this suggestion: the file's, or those whose turn it is."""
        if not self.utility.compresses or view.cube.space.size is not None:
            return self.utility
        return replace(self.utility, **_TURNS[view.index % len(_TURNS)])

    def _process(self, view: View, points: Array, values: Array) -> Posterior:
        """The fitted process, pending trials included with the mean it expects of them."""
        categorical = view.cube.categories > 0
        kernel = self.utility.kernel
        theta = fit(points, values, categorical, kernel, self._fit_starts(view, points.shape[1]), _FIT_STEPS)
        process = posterior(points, values, categorical, kernel, theta)
        if not len(view.pending):
            return process
        pending = _filled(view.pending, view)
        believed, _ = process.mean_and_variance(pending)
        more, all_values = np.vstack([points, pending]), np.concatenate([values, believed])
        return posterior(more, all_values, categorical, kernel, theta, process.scale)

    def _fit_starts(self, view: View, dimensions: int) -> list[Array]:
        length = 0.5 * np.sqrt(dimensions) if self.utility.length is None else max(0.02, self.utility.length)
        starts = [np.append(np.full(dimensions, np.log(length)), np.log(1e-3))]
        for _ in range(self.utility.restarts):
            starts.append(starts[0] + view.generator.normal(0.0, 1.0, dimensions + 1))
        return starts

    def _candidates(self, view: View, points: Array, values: Array) -> Array:
        """Every point of a small space; else points from everywhere and from around the best trials."""
        cube, generator, count = view.cube, view.generator, self.utility.candidates
        if cube.space.size is not None and cube.space.size <= _MOST_ENUMERATED:
            return _filled(cube.everything, view)
        wide = cube.spread(generator.random((count, cube.dimensions)))
        leaders = points[np.argsort(values, kind="stable")[:5]]
        near = leaders[generator.integers(0, len(leaders), count // 2)]
        fresh = cube.spread(generator.random(near.shape))
        # One or a few coordinates move, by small and by large steps: a trial itself need not be tried again.
        moves = generator.random(near.shape) < np.maximum(1.5 / cube.dimensions, 0.3)
        moves[np.arange(len(near)), generator.integers(0, cube.dimensions, len(near))] = True
        steps = near + generator.normal(size=near.shape) * 10.0 ** generator.uniform(-2.5, -0.5, (len(near), 1))
        steps[:, cube.categorical] = fresh[:, cube.categorical]
        return _filled(cube.snap(np.vstack([wide, np.where(moves, steps, near)])), view)

    def _polished(self, view: View, process: Posterior, score: Acquisition, pool: Array, scores: Array) -> Array:
        """The best candidates moved uphill together; unordered columns, and what takes no part, are held."""
        numeric = np.flatnonzero(~process.categorical.astype(bool))
        starts = pool[np.argsort(-scores, kind="stable")[: self.utility.searches]].copy()
        if not numeric.size:
            return starts
        moving = view.cube.taking_part(starts)[:, numeric]

        def descend(flat: Array) -> tuple[float, Array]:
            starts[:, numeric] = flat.reshape(-1, numeric.size)
            mean, variance, mean_slope, variance_slope = process.with_gradient(starts)
            deviation = np.sqrt(variance)
            value, by_mean, by_deviation = score(mean, deviation)
            slope = by_mean[:, None] * mean_slope + (by_deviation / (2 * deviation))[:, None] * variance_slope
            return -float(value.sum()), -(slope[:, numeric] * moving).ravel()

        found = minimize(
            descend,
            starts[:, numeric].ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * (len(starts) * numeric.size),
            options={"maxiter": _SEARCH_STEPS, "maxfun": _SEARCH_STEPS},
        )
        starts[:, numeric] = found.x.reshape(-1, numeric.size)
        return starts


def _reason(utility: Utility, process: Posterior, point: Array, best: float, score: float) -> dict[str, Any]:
    mean, variance = process.mean_and_variance(point[None])
    gain, spread = best - float(mean[0]), float(np.sqrt(variance[0]))
    return {
        "source": "bayes",
        "acquisition": utility.acquisition,
        "score": round(score, 4),
        "expected_gain": round(gain, 4),
        "uncertainty": round(spread, 4),
        "mode": "exploitation" if gain > spread else "exploration",
    }


def _scores(process: Posterior, score: Acquisition, points: Array) -> Array:
    mean, variance = process.mean_and_variance(points)
    return score(mean, np.sqrt(variance))[0]


def _filled(points: Array, view: View) -> Array:
    """A parameter that a trial did not have sits in the middle, or in a level of its own."""
    middle = np.where(view.cube.categories > 0, -1.0, 0.5)
    return np.where(np.isnan(points), middle, points)


def _kept(points: Array, losses: Array) -> tuple[Array, Array]:
    """All trials, or the best and the latest of very many: the work grows with the cube of their number."""
    if len(losses) <= _MOST_TRIALS:
        return points, losses
    best = np.argsort(losses, kind="stable")[: _MOST_TRIALS // 2]
    rest = np.setdiff1d(np.arange(len(losses)), best)[-(_MOST_TRIALS - len(best)) :]
    chosen = np.sort(np.concatenate([best, rest]))
    return points[chosen], losses[chosen]


def _standardised(losses: Array, compresses: bool) -> tuple[Array, float]:
    """Losses with mean 0 and deviation 1, and the deviation they had.

    With `compresses` large losses are first compressed by log(1 + strength * loss), with the strength that makes them
    most nearly normal (the profile likelihood of G. Box and D. Cox, "An analysis of transformations", 1964):
    where most of the space is a steep wall, the valley is what matters.
    """
    unit = float(losses.std()) or 1.0
    if not compresses:
        return (losses - losses.mean()) / unit, unit
    low = losses.min()
    spread = float(np.median(losses) - low) or unit
    relative = (losses - low) / spread
    best, best_fit = relative, -0.5 * len(losses) * np.log(relative.var() + 1e-12)
    for strength in _STRENGTHS:
        grown = np.log1p(strength * relative)
        likelihood = -0.5 * len(losses) * np.log((grown / strength).var() + 1e-12) - grown.sum()
        if likelihood > best_fit:
            best, best_fit = grown, likelihood
    return (best - best.mean()) / (float(best.std()) or 1.0), unit
