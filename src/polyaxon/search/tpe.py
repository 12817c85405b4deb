"""Tree-structured Parzen estimator, multivariate: where were the good trials dense and the others not?

J. Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011, with one joint density over all
parameters (S. Falkner et al., "BOHB", ICML 2018). Trials are split into good and other; the suggestion is the
sample of the good density whose ratio to the other is largest. Pending trials count as bad, so that parallel
workers keep apart. Several objectives are split by Pareto rank (`pareto`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from polyaxon.search.cube import Array, Cube
from polyaxon.search.parzen import Parzen
from polyaxon.search.sequential import View

__all__ = ["propose_tpe"]

# Measured on the problems of benchmarks/search.py that are not held out: narrower kernels and a weaker prior than the
# usual 0.2 and 1 find the optimum sooner, more candidates than this begin to chase the edges of the good density, and
# crossing candidates helps at every second suggestion more than at each.
_CANDIDATES = 64
_WIDTH = 0.07
_PRIOR = 0.5
_GOOD_SHARE, _MOST_GOOD, _MOST_OTHERS = 0.15, 40, 500


def propose_tpe(view: View, order: np.ndarray[Any, np.dtype[np.intp]]) -> tuple[Array, dict[str, Any]]:
    """The next point, given the known trials from best to worst."""
    cube, generator = view.cube, view.generator
    good_count = _good(len(order))
    good, rest = order[:good_count], order[good_count:]
    # The latest say most about where the search is, and the work per suggestion stays bounded.
    latest = np.sort(rest)[-_MOST_OTHERS:]
    others = np.concatenate([view.points[latest], view.pending])
    below = _mixture(cube, view.points[good])
    above = _mixture(cube, others)
    drawn = below.sample(_CANDIDATES, generator)
    candidates = cube.snap(_crossed(drawn, generator) if view.index % 2 else drawn)
    scores = below.log_density(candidates) - above.log_density(candidates)
    ranking = np.argsort(-scores, kind="stable")
    best = next((place for place in ranking.tolist() if view.is_new(candidates[place])), int(ranking[0]))
    reason = {
        "source": "tpe",
        "good_trials": int(good_count),
        "other_trials": len(others),
        "log_ratio": round(float(scores[best]), 4),
        "nearest_good": _nearest(view, good, candidates[best]),
    }
    return candidates[best], reason


def _crossed(points: Array, generator: np.random.Generator) -> Array:
    """Half of the points with every coordinate from another one: where parameters act apart, the best values of each
    need not have met in one trial."""
    count, dimensions = points.shape
    mixed = points.copy()
    for column in range(dimensions):
        mixed[: count // 2, column] = points[generator.permutation(count)[: count // 2], column]
    return mixed


def _good(count: int) -> int:
    """How many of `count` trials are good."""
    return max(1, min(int(np.ceil(_GOOD_SHARE * count)), _MOST_GOOD))


def _mixture(cube: Cube, centres: Array) -> Parzen:
    """One kernel per trial and one uniform kernel, the prior."""
    count, dimensions = centres.shape
    rows = np.vstack([centres, np.full((1, dimensions), np.nan)])
    shrink = max(1, count) ** (-1.0 / (dimensions + 4))
    widths = np.full(dimensions, _WIDTH * shrink)
    slip = np.full(dimensions, min(0.9, 1.0 / (1.0 + 0.5 * count)))
    weights = np.append(np.ones(count), _PRIOR)
    return Parzen(cube, rows, weights, widths, slip)


def _nearest(view: View, good: np.ndarray[Any, np.dtype[np.intp]], point: Array) -> int | None:
    """The index of the good trial most like the suggestion."""
    gaps = np.nan_to_num(view.points[good] - point, nan=0.5)
    gaps[:, view.cube.categorical] = gaps[:, view.cube.categorical] != 0
    return view.trials[int(good[np.argmin((gaps**2).sum(axis=1))])].index if len(good) else None
