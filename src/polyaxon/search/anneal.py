"""Simulated annealing: stay near a good trial, ever nearer as trials accumulate.

The centre is a good trial, the better the likelier; the neighbourhood shrinks with the number of trials made, as
in hyperopt's `anneal` (the file format names the algorithm after it).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from polyaxon.search.cube import Array
from polyaxon.search.sequential import View

__all__ = ["propose_anneal"]

_COOLING = 0.1
_GREED = 2.0


def propose_anneal(view: View, order: np.ndarray[Any, np.dtype[np.intp]]) -> tuple[Array, dict[str, Any]]:
    """The next point, given the known trials from best to worst."""
    cube, generator = view.cube, view.generator
    rank = min(len(order) - 1, int(generator.geometric(1.0 / (1.0 + _GREED))) - 1)
    chosen = int(order[rank])
    centre = view.points[chosen]
    radius = 1.0 / (1.0 + _COOLING * len(order))
    fresh = cube.spread(generator.random((1, cube.dimensions)))[0]
    point = fresh.copy()
    numeric = (cube.categories == 0) & ~np.isnan(centre)
    # A window of width `radius` around the centre, pushed back inside the unit interval.
    low = np.clip(centre[numeric] - radius / 2, 0.0, 1.0 - radius)
    point[numeric] = low + radius * generator.random(int(numeric.sum()))
    names = cube.categorical
    kept = names[(generator.random(names.size) > radius) & ~np.isnan(centre[names])]
    point[kept] = centre[kept]
    reason = {"source": "anneal", "near": view.trials[chosen].index, "radius": round(radius, 4)}
    return cube.snap(point[None])[0], reason
