"""Which parameters mattered? Each one's share of the variance that a model of the objective explains.

A Gaussian process is fitted to the finished trials, and the total-effect index of every parameter is estimated on its
mean over the whole space (M. Jansen, "Analysis of variance designs for model output", 1999; A. Saltelli et al.,
"Variance based sensitivity analysis of model output", 2010, table 2 f). Interactions count for every parameter
that takes part; the shares are scaled to add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyaxon.search.cube import Cube
from polyaxon.search.history import Trial, ordered
from polyaxon.search.kernels import kernel_named
from polyaxon.search.memory import losses_of
from polyaxon.search.process import fit, posterior
from polyaxon.search.space import parse_space
from polyaxon.search.threads import one_thread

__all__ = ["importance"]

_SAMPLES = 512
_MOST_TRIALS = 300
_STEPS = 40


def importance(params: Mapping[str, Mapping[str, Any]], trials: Sequence[Trial], seed: int = 0) -> dict[str, float]:
    """Parameter → share of the explained variance, largest first; empty with fewer than four results."""
    cube = Cube(parse_space(params))
    finished = [trial for trial in ordered(trials) if not trial.is_pending]
    losses = losses_of(finished, 1.0)
    known = ~np.isnan(losses)
    if known.sum() < 4 or not cube.dimensions:
        return {}
    points = cube.encode([trial.params for trial in finished])[known][-_MOST_TRIALS:]
    points = _filled(cube, points)
    values = losses[known][-_MOST_TRIALS:]
    values = (values - values.mean()) / (float(values.std()) or 1.0)
    with one_thread():
        shares = _total_effects(cube, points, values, seed)
    names = [parameter.name for parameter in cube.parameters]
    found = dict(zip(names, (shares / (shares.sum() or 1.0)).tolist(), strict=True))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _total_effects(cube: Cube, points: Any, values: Any, seed: int) -> Any:
    """Half the mean squared change of the prediction when one coordinate is drawn again, per parameter."""
    categorical = cube.categories > 0
    kernel = kernel_named("matern", 2.5)
    start = np.append(np.full(cube.dimensions, np.log(0.5 * np.sqrt(cube.dimensions))), np.log(1e-2))
    theta = fit(points, values, categorical, kernel, [start], _STEPS)
    process = posterior(points, values, categorical, kernel, theta)
    generator = np.random.Generator(np.random.PCG64(seed))
    first = cube.spread(generator.random((_SAMPLES, cube.dimensions)))
    second = cube.spread(generator.random((_SAMPLES, cube.dimensions)))
    base, _ = process.mean_and_variance(_filled(cube, cube.snap(first)))
    effects = np.empty(cube.dimensions)
    for column in range(cube.dimensions):
        changed = first.copy()
        changed[:, column] = second[:, column]
        moved, _ = process.mean_and_variance(_filled(cube, cube.snap(changed)))
        effects[column] = 0.5 * np.mean((base - moved) ** 2)
    return effects


def _filled(cube: Cube, points: Any) -> Any:
    """A parameter that takes no part sits in the middle, or in a level of its own."""
    return np.where(np.isnan(points), np.where(cube.categories > 0, -1.0, 0.5), points)
