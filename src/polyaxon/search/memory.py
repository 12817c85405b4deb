"""What was worked out about each trial of a history, so that it is worked out once: a cache that changes no result.

A search stays a function of its history. What is kept belongs to the trials that stand at their places; where others
stand, it is forgotten. So a suggestion costs what is new, and a few passes of numpy over the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import compress
from operator import is_not
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyaxon.search.cube import Array, Cube, Mask
from polyaxon.search.history import Trial, TrialStatus
from polyaxon.search.space import Space

__all__ = ["Keys", "Memory", "losses_of"]

_CODES = {TrialStatus.PENDING: 0, TrialStatus.SUCCEEDED: 1, TrialStatus.FAILED: 2, TrialStatus.STOPPED: 3}
_PENDING, _SUCCEEDED, _FAILED = 0, 1, 2

Codes = NDArray[np.uint8]


class Keys:
    """What makes the params of each trial the same as another's."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._known: dict[int, tuple[Mapping[str, Any], tuple[Any, ...]]] = {}

    def of(self, trial: Trial) -> tuple[Any, ...]:
        """The key of the trial's params."""
        known = self._known.get(trial.index)
        if known is None or known[0] is not trial.params:
            known = self._known[trial.index] = (trial.params, self._space.key(trial.params))
        return known[1]


class Memory:
    """The points, values and statuses of the trials last taken in; `seen` are their keys where `keyed`."""

    def __init__(self, cube: Cube, keyed: bool) -> None:
        self._cube = cube
        self._keyed = keyed
        self._trials: list[Trial] = []
        self._seen: set[Any] = set()
        self._points = np.empty((64, cube.dimensions))
        self._values = np.empty(64)
        self._codes: Codes = np.empty(64, dtype=np.uint8)

    def take(self, trials: Sequence[Trial]) -> None:
        """Make this the memory of `trials`, which are in order."""
        if len(trials) < len(self._trials):
            self._forget()
        for place in list(compress(range(len(self._trials)), map(is_not, self._trials, trials))):
            if trials[place].params != self._trials[place].params:
                self._forget()
                break
            self._note(place, trials[place])
        self._add(trials[len(self._trials) :])
        self._trials = list(trials)

    def known(self, sign: float) -> tuple[list[Trial], Array, Array]:
        """The trials that models learn from, their points and their losses; see `losses_of`."""
        count = len(self._trials)
        ended = self._codes[:count] != _PENDING
        losses = np.full(count, np.nan)
        losses[ended] = _losses(sign * self._values[:count][ended], self._codes[:count][ended])
        found = ~np.isnan(losses)
        return list(compress(self._trials, found.tolist())), self._points[:count][found], losses[found]

    @property
    def pending(self) -> Array:
        """The points of the trials that go on."""
        waiting: Mask = self._codes[: len(self._trials)] == _PENDING
        return self._points[: len(self._trials)][waiting]

    @property
    def seen(self) -> Set[Any]:
        """The keys of all trials; not to be changed."""
        return self._seen

    def _forget(self) -> None:
        self._trials, self._seen = [], set()

    def _add(self, trials: Sequence[Trial]) -> None:
        if not trials:
            return
        begin, end = len(self._trials), len(self._trials) + len(trials)
        while end > len(self._values):
            self._points = np.concatenate([self._points, np.empty_like(self._points)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
            self._codes = np.concatenate([self._codes, np.empty_like(self._codes)])
        self._points[begin:end] = self._cube.encode([trial.params for trial in trials])
        for place, trial in enumerate(trials, begin):
            self._note(place, trial)
        if self._keyed:
            self._seen.update(self._cube.space.key(trial.params) for trial in trials)

    def _note(self, place: int, trial: Trial) -> None:
        value = trial.last_value
        self._values[place] = np.nan if value is None else value
        self._codes[place] = _CODES[trial.status]


def losses_of(finished: Sequence[Trial], sign: float) -> Array:
    """What models learn from each finished trial: less is better, NaN is nothing.

    A failed trial is as bad as the worst success: its neighbourhood is avoided, not forbidden. A stopped trial is
    at best the median, because a value on the way is not yet an objective.
    """
    values = [trial.last_value for trial in finished]
    known = np.array([np.nan if value is None else sign * value for value in values], dtype=np.float64)
    return _losses(known, np.array([_CODES[trial.status] for trial in finished], dtype=np.uint8))


def _losses(values: Array, codes: Codes) -> Array:
    losses = values.copy()
    losses[codes == _FAILED] = np.nan
    missing = np.isnan(losses)
    complete = codes == _SUCCEEDED
    good = losses[complete & ~missing]
    if not good.size:
        return losses
    stopped = ~complete & ~missing
    losses[stopped] = np.maximum(losses[stopped], np.median(good))
    losses[missing] = losses[~missing].max()
    return losses
