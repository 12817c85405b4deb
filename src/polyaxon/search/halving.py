"""Hyperband: many configurations on a small budget, the best of them on a larger one, and so on.

L. Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", JMLR 18 (2018), with the
numbers of the file format (`budget`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.budget import Budget, Rung, brackets
from polyaxon.search.draw import mixed
from polyaxon.search.fresh import Fresh, ranked
from polyaxon.search.history import Suggestion, Trial, following, ordered, own
from polyaxon.search.settings import direction, flag, one_of, space_of
from polyaxon.search.space import Space

__all__ = ["Hyperband"]

_BRACKET = 31


@dataclass(frozen=True)
class Hyperband:
    """`kind: hyperband`: rung after rung, bracket after bracket.

    The format waits for a bracket to end before the next begins; with `asynchronous: true` waiting slots take up the
    next bracket. New configurations follow a model of what was learned so far, or are random (`algorithm: rand`).
    """

    space: Space
    budget: Budget
    sign: float
    algorithm: str = "tpe"
    asynchronous: bool = False
    kind: str = "hyperband"

    @classmethod
    def plan(cls, matrix: Mapping[str, Any]) -> Hyperband:
        budget = Budget.read(matrix)
        return cls(
            space_of(matrix),
            budget,
            direction(matrix.get("metric")),
            one_of(matrix, "algorithm", ("tpe", "rand")),
            flag(matrix, "asynchronous", False),
        )

    @cached_property
    def brackets(self) -> list[list[Rung]]:
        """The rungs of every bracket."""
        return brackets(self.budget, self.space.size)

    @cached_property
    def _source(self) -> Fresh:
        return Fresh(self.space, self.sign, self.algorithm)

    @property
    def total(self) -> int:
        return sum(rung.count for bracket in self.brackets for rung in bracket)

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        trials = ordered(history)
        made: list[Suggestion] = []
        while len(made) < count:
            step = self._step(trials)
            if not isinstance(step, _Step):
                break
            suggestion = self._suggestion(step, trials, seed)
            made.append(suggestion)
            trials.append(suggestion.pending(following(trials)))
        return made

    def done(self, history: Sequence[Trial]) -> bool:
        return self._step(ordered(history)) is _OVER

    def _step(self, trials: Sequence[Trial]) -> _Step | object:
        """What comes next: a place in a rung, `_WAIT` for pending trials, or `_OVER`."""
        rungs = _by_rung(trials)
        waits = False
        for bracket in range(len(self.brackets)):
            step = self._bracket_step(bracket, rungs)
            if step is _WAIT:
                waits = True
                if not self.asynchronous:
                    break
            elif step is _OVER:  # every run of a rung failed: more brackets would only repeat that
                break
            elif step is not None:
                return step
        return _WAIT if waits else _OVER

    def _bracket_step(self, bracket: int, rungs: Mapping[tuple[int, int], list[Trial]]) -> _Step | object | None:
        """The same for one bracket, None when it is finished."""
        below: list[Trial] = []
        for level, rung in enumerate(self.brackets[bracket]):
            made = rungs.get((bracket, level), [])
            survivors = ranked(below, self.sign)[: rung.count]
            if level and not survivors:
                return _OVER
            if len(made) < (len(survivors) if level else rung.count):
                return _Step(bracket, level, len(made), survivors[len(made)] if level else None)
            if any(trial.is_pending for trial in made):
                return _WAIT
            below = made
        return None

    def _suggestion(self, step: _Step, trials: Sequence[Trial], seed: int) -> Suggestion:
        rung = self.brackets[step.bracket][step.rung]
        reason: dict[str, Any] = {"bracket": step.bracket, "rung": step.rung, "resource": rung.resource}
        if step.survivor is None:
            taken = self._taken(step, trials, rung.resource)
            params, why = self._source.configuration(trials, taken, step.place, mixed(seed, _BRACKET, step.bracket))
        else:
            params = dict(step.survivor.params)
            why = {"source": "promotion", "from": step.survivor.index, "value": step.survivor.last_value}
        continues = step.survivor is not None and self.budget.resume
        return Suggestion(
            self.budget.grant(params, rung.resource),
            resource=float(rung.resource),
            iteration=step.bracket,
            bracket=step.bracket,
            rung=step.rung,
            origin=step.survivor.index if step.survivor is not None and continues else None,
            reason={**why, **reason},
        )

    def _taken(self, step: _Step, trials: Sequence[Trial], resource: float) -> list[Trial]:
        """What a new configuration must differ from: its bracket's others, and whatever had as much resource already.

        Running that again would buy nothing; only where a finite space has nothing else left is it run again.
        """
        mine = [trial for trial in own(trials) if (trial.bracket, trial.rung) == (step.bracket, 0)]
        if self.space.size is None:
            return mine
        paid = [trial for trial in trials if trial.resource is not None and trial.resource >= resource]
        everything = {self._source.keys.of(trial) for trial in (*mine, *paid)}
        return [*mine, *paid] if len(everything) < self.space.size else mine


@dataclass(frozen=True, slots=True)
class _Step:
    """Place number `place` of a rung, for a survivor of the rung below or, in the first, for a new configuration."""

    bracket: int
    rung: int
    place: int
    survivor: Trial | None


_WAIT, _OVER = object(), object()


def _by_rung(history: Sequence[Trial]) -> dict[tuple[int, int], list[Trial]]:
    found: dict[tuple[int, int], list[Trial]] = {}
    for trial in own(history):
        found.setdefault((trial.bracket, trial.rung), []).append(trial)
    return found
