"""Which configuration should start next in a search over budgets? One a model likes, now and then a random one.

The model is the Parzen estimator of `tpe` over all configurations, each with the largest budget it had: those that came
far are better than those that did not, and at equal budgets the loss decides. Some stay random, so that a wrong model
cannot rule anything out (the scheme of BOHB, S. Falkner et al., ICML 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from polyaxon.model.record import dataclass
from polyaxon.search.cube import Cube
from polyaxon.search.draw import mixed, unit
from polyaxon.search.history import Trial, TrialStatus
from polyaxon.search.memory import Keys
from polyaxon.search.random import Random
from polyaxon.search.sequential import View
from polyaxon.search.space import Space
from polyaxon.search.tpe import propose_tpe

__all__ = ["Fresh", "ranked"]

_DRAW, _EXPLORE = 41, 42
_RANDOM_SHARE = 0.15
_ATTEMPTS = 100
_MOST_KNOWN = 600
"""The best ones: what is far worse says nothing about where the good ones end."""


@dataclass(frozen=True)
class Fresh:
    """The source of new configurations: `algorithm` is `tpe` or `rand`; `taken` ones are not given again."""

    space: Space
    sign: float
    algorithm: str

    @cached_property
    def keys(self) -> Keys:
        """The keys of trials."""
        return Keys(self.space)

    @cached_property
    def _cube(self) -> Cube:
        return Cube(self.space)

    def configuration(
        self, trials: Sequence[Trial], taken: Sequence[Trial], number: int, seed: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The params of configuration `number`, and the reason for them."""
        if self.algorithm == "tpe" and unit(seed, _EXPLORE, number) >= _RANDOM_SHARE:
            view = self._view(trials, taken, number, seed)
            if view is not None:
                point, reason = propose_tpe(view, np.arange(len(view.losses)))
                if view.is_new(point):
                    return view.cube.decode(point), reason
        return self._drawn(taken, number, seed), {"source": "random"}

    def _drawn(self, taken: Sequence[Trial], number: int, seed: int) -> dict[str, Any]:
        """A draw by the parameters' own distributions, again while it is taken; in the end any that is left."""
        seed, size = mixed(seed, _DRAW), self.space.size
        # Other spaces repeat only on branches that hold few points.
        may_repeat = size is not None or self.space.is_conditional
        keys = {self.keys.of(trial) for trial in taken} if may_repeat else set()
        for attempt in range(_ATTEMPTS):
            params = self.space.drawn(partial(unit, seed, number, attempt))
            if self.space.key(params) not in keys:
                return params
        if size is None:
            return params
        for suggestion in Random.of(self.space, size).window(0, size, seed):
            if self.space.key(suggestion.params) not in keys:
                return dict(suggestion.params)
        raise ValueError("every point of the space is taken")  # callers cap their counts at the size

    def _view(self, trials: Sequence[Trial], taken: Sequence[Trial], number: int, seed: int) -> View | None:
        """What the model sees, best first; None while there is too little."""
        cube = self._cube
        highest: dict[Any, Trial] = {}
        for trial in trials:
            if not trial.is_pending and trial.last_value is not None:
                key = self.keys.of(trial)
                if key not in highest or _spent(trial) >= _spent(highest[key]):
                    highest[key] = trial
        known = ranked(list(highest.values()), self.sign)
        known.sort(key=lambda trial: -_spent(trial))
        known = known[:_MOST_KNOWN]
        if len(known) < cube.dimensions + 3:
            return None
        pending = [trial for trial in trials if trial.is_pending]
        return View(
            cube=cube,
            points=cube.encode([trial.params for trial in known]),
            losses=np.arange(len(known), dtype=np.float64),
            pending=cube.encode([trial.params for trial in pending]),
            index=number,
            seed=seed,
            trials=known,
            seen=frozenset(self.keys.of(trial) for trial in taken),
        )


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


def _spent(trial: Trial) -> float:
    return trial.resource or 0.0
