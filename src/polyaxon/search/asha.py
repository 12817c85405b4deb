"""Asynchronous successive halving: promote as soon as a trial is in the best 1/eta of its rung, never wait.

L. Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020. Rung k gives R * eta^(k - s_max);
new configurations come from a model of the results so far (`fresh`), or are random (`algorithm: rand`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.budget import Budget
from polyaxon.search.fresh import Fresh, ranked
from polyaxon.search.history import Suggestion, Trial, following, ordered
from polyaxon.search.settings import direction, one_of, space_of, whole
from polyaxon.search.space import Space

__all__ = ["Asha"]


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
    def _source(self) -> Fresh:
        return Fresh(self.space, self.sign, self.algorithm)

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        trials = ordered(history)
        made: list[Suggestion] = []
        while len(made) < count:
            rungs = _by_rung(trials)
            suggestion = self._promotion(rungs) or self._fresh(trials, rungs.get(0, []), seed)
            if suggestion is None:
                break
            made.append(suggestion)
            trials.append(suggestion.pending(following(trials)))
        return made

    def done(self, history: Sequence[Trial]) -> bool:
        trials = ordered(history)
        rungs = _by_rung(trials)
        if any(trial.is_pending for trial in trials) or self._promotion(rungs) is not None:
            return False
        return len(rungs.get(0, ())) >= self.runs

    def _promotion(self, rungs: Mapping[int, Sequence[Trial]]) -> Suggestion | None:
        """The promotion to the highest rung that has one."""
        key_of = self._source.keys.of
        for rung in reversed(range(self.budget.steps)):
            here = rungs.get(rung, ())
            best = ranked(here, self.sign)
            finished = sum(not trial.is_pending for trial in here)
            above = Counter(map(key_of, rungs.get(rung + 1, ())))
            for trial in best[: math.floor(finished / self.budget.eta)]:
                if above[key_of(trial)]:
                    above[key_of(trial)] -= 1
                    continue
                return self._granted(trial.params, rung + 1, trial)
        return None

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

    def _fresh(self, trials: Sequence[Trial], started: Sequence[Trial], seed: int) -> Suggestion | None:
        if len(started) >= self.runs:
            return None
        params, reason = self._source.configuration(trials, started, len(started), seed)
        return self._granted(params, 0, **reason)


def _by_rung(trials: Sequence[Trial]) -> dict[int, list[Trial]]:
    """The search's own trials, in order."""
    found: dict[int, list[Trial]] = {}
    for trial in trials:
        if trial.index >= 0:
            found.setdefault(trial.rung, []).append(trial)
    return found
