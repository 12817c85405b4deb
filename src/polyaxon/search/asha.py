"""Asynchronous successive halving: promote as soon as a trial is in the best 1/eta of its rung, never wait.

L. Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020. Rung k gives R * eta^(k - s_max);
new configurations come from a Parzen model of the highest rung that has enough results, as in
BOHB (S. Falkner et al., ICML 2018), or are random (`algorithm: rand`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from polyaxon.search.cube import Cube
from polyaxon.search.draw import mixed
from polyaxon.search.halving import Budget, ranked
from polyaxon.search.history import Suggestion, Trial, ordered, own
from polyaxon.search.random import Random
from polyaxon.search.sequential import View
from polyaxon.search.settings import direction, one_of, space_of, whole
from polyaxon.search.space import Space
from polyaxon.search.tpe import propose_tpe

__all__ = ["Asha"]

_FRESH, _EXPLORE = 41, 42
# A share of the new configurations stays random, so that a wrong model cannot rule anything out.
_RANDOM_SHARE = 0.2


@dataclass(frozen=True)
class Asha:
    """`kind: asha`: `numRuns` configurations start, the best go on to the full budget."""

    space: Space
    budget: Budget
    sign: float
    runs: int
    algorithm: str
    kind: str = "asha"
    asynchronous: bool = True
    total: int | None = None

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Asha:
        space = space_of(matrix)
        runs = whole(matrix, "numRuns")
        return cls(
            space,
            Budget.read(matrix),
            direction(matrix.get("metric")),
            runs if space.size is None else min(runs, space.size),
            one_of(matrix, "algorithm", ("tpe", "rand")),
        )

    @cached_property
    def cube(self) -> Cube:
        return Cube(self.space)

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        trials = ordered(history)
        made: list[Suggestion] = []
        while len(made) < count:
            suggestion = self._promotion(trials) or self._fresh(trials, seed)
            if suggestion is None:
                break
            made.append(suggestion)
            trials.append(suggestion.pending(max(-1, *(trial.index for trial in trials), -1) + 1))
        return made

    def done(self, history: Sequence[Trial]) -> bool:
        trials = own(history)
        if any(trial.is_pending for trial in trials) or self._promotion(trials) is not None:
            return False
        return sum(trial.rung == 0 for trial in trials) >= self.runs

    def _promotion(self, trials: Sequence[Trial]) -> Suggestion | None:
        """The promotion to the highest rung that has one."""
        for rung in reversed(range(self.budget.steps)):
            here = [trial for trial in own(trials) if trial.rung == rung]
            best = ranked(here, self.sign)
            finished = sum(not trial.is_pending for trial in here)
            above = Counter(self._key(trial) for trial in own(trials) if trial.rung == rung + 1)
            for trial in best[: math.floor(finished / self.budget.eta)]:
                if above[self._key(trial)]:
                    above[self._key(trial)] -= 1
                    continue
                return self._granted(trial.params, rung + 1, trial)
        return None

    def _key(self, trial: Trial) -> Any:
        return self.space.key(trial.params)

    def _granted(self, params: Mapping[str, Any], rung: int, origin: Trial | None = None, **why: Any) -> Suggestion:
        resource = self.budget.cast(self.budget.most * self.budget.eta ** (rung - self.budget.steps))
        reason: dict[str, Any] = {"source": "random", "rung": rung, "resource": resource, **why}
        if origin is not None:
            reason |= {"source": "promotion", "from": origin.index, "value": origin.last_value}
        return Suggestion(
            self.budget.grant(params, resource),
            resource=float(resource),
            rung=rung,
            origin=origin.index if origin is not None and self.budget.resume else None,
            reason=reason,
        )

    def _fresh(self, trials: Sequence[Trial], seed: int) -> Suggestion | None:
        started = [trial for trial in own(trials) if trial.rung == 0]
        number = len(started)
        if number >= self.runs:
            return None
        model = self._model(trials, number, seed)
        if model is not None:
            point, reason = propose_tpe(model, np.argsort(model.losses, kind="stable"))
            if model.is_new(point):
                return self._granted(self.cube.decode(point), 0, **reason)
        return self._drawn(started, number, seed)

    def _drawn(self, started: Sequence[Trial], number: int, seed: int) -> Suggestion:
        """The first configuration of a seeded order that was not started yet."""
        size = self.space.size
        draws = Random.of(self.space, self.runs if size is None else size)
        if size is None:
            return self._granted(draws.window(number, 1, mixed(seed, _FRESH))[0].params, 0)
        taken = {self._key(trial) for trial in started}
        for place in range(size):
            params = draws.window(place, 1, mixed(seed, _FRESH))[0].params
            if self.space.key(params) not in taken:
                return self._granted(params, 0)
        raise ValueError("every point of the space is taken")  # `runs` is capped at the size: a bug of ours

    def _model(self, trials: Sequence[Trial], number: int, seed: int) -> View | None:
        """What the Parzen model sees: the highest rung with enough results; None when a random draw is due."""
        if self.algorithm == "rand" or mixed(seed, _EXPLORE, number) % 1000 < 1000 * _RANDOM_SHARE:
            return None
        enough = self.cube.dimensions + 3
        for rung in reversed(range(self.budget.steps + 1)):
            known = ranked([trial for trial in trials if trial.rung == rung], self.sign)
            if len(known) >= enough:
                break
        else:
            return None
        pending = [trial for trial in trials if trial.is_pending]
        started = [trial for trial in own(trials) if trial.rung == 0]
        return View(
            cube=self.cube,
            points=self.cube.encode([trial.params for trial in known]),
            losses=np.array([self.sign * (trial.last_value or 0.0) for trial in known]),
            pending=self.cube.encode([trial.params for trial in pending]),
            index=number,
            seed=seed,
            trials=tuple(known),
            seen=frozenset(self._key(trial) for trial in started),
        )
