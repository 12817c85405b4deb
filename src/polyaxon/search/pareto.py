"""Which trials are better when there are several objectives? Those that no other beats in all of them.

Ranks are the layers of non-dominated trials; within a layer the less crowded come first, so that a prefix of the
order spreads along the front (K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyaxon.search.cube import Array, Mask
from polyaxon.search.history import Trial, TrialStatus
from polyaxon.search.settings import metrics

__all__ = ["front", "front_of", "non_dominated", "pareto_order"]

Order = np.ndarray[Any, np.dtype[np.intp]]


def front(losses: Array) -> Order:
    """The rows that no other row dominates; less is better."""
    return np.flatnonzero(~_dominated(losses))


def front_of(trials: Sequence[Trial], matrix: Mapping[str, Any]) -> list[Trial]:
    """The trials that no other beats in all the objectives of the matrix, by index."""
    finished = [trial for trial in trials if trial.status is TrialStatus.SUCCEEDED and trial.values]
    return [finished[place] for place in non_dominated([trial.values for trial in finished], metrics(matrix))]


def non_dominated(values: Sequence[Sequence[float]], signs: Sequence[float]) -> list[int]:
    """The same for raw objectives, each with the sign that turns it into a loss."""
    if not values:
        return []
    return [int(place) for place in front(np.array(values) * np.array(signs))]


def pareto_order(losses: Array) -> Order:
    """All rows from best to worst: by layer, then from lonely to crowded, then by place."""
    left = np.arange(len(losses))
    layers: list[Order] = []
    while left.size:
        inside = ~_dominated(losses[left])
        layer = left[inside]
        layers.append(layer[np.argsort(-_room(losses[layer]), kind="stable")])
        left = left[~inside]
    return np.concatenate(layers) if layers else left


def _dominated(losses: Array) -> Mask:
    no_worse = (losses[:, None, :] <= losses[None, :, :]).all(axis=2)
    better = (losses[:, None, :] < losses[None, :, :]).any(axis=2)
    return np.asarray((no_worse & better).any(axis=0))


def _room(losses: Array) -> Array:
    """The crowding distance: how far the neighbours along each objective are; infinite at the ends."""
    room = np.zeros(len(losses))
    for column in losses.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        room[order[[0, -1]]] = np.inf
        if span > 0 and len(order) > 2:
            room[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return room
