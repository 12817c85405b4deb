"""Asynchronous successive halving: promote as soon as a trial is in the best 1/eta of its rung, never wait.

L. Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020. Rung k gives R * eta^(k - s_max);
new configurations come from a model of the results so far (`fresh`), or are random (`algorithm: rand`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.fresh import Fresh, ranked
from polyaxon.search.halving import Budget
from polyaxon.search.history import Suggestion, Trial, next_index, ordered, own
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

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        trials = ordered(history)
        made: list[Suggestion] = []
        while len(made) < count:
            suggestion = self._promotion(trials) or self._fresh(trials, seed)
            if suggestion is None:
                break
            made.append(suggestion)
            trials.append(suggestion.pending(next_index(trials)))
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
        if len(started) >= self.runs:
            return None
        source = Fresh(self.space, self.sign, self.algorithm)
        params, reason = source.configuration(trials, started, len(started), seed)
        return self._granted(params, 0, **reason)
