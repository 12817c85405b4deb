"""The optimizer alone, for loops of one's own: ask for params, run them anywhere, tell what came out.

    optimizer = Optimizer({"lr": {"kind": "loguniform", "value": [-9.2, 0]}}, "bayes", seed=1)
    for _ in range(50):
        trial = optimizer.ask()
        optimizer.tell(trial, train(**trial.params))
    print(optimizer.best.params)

A thin shell over `plan_search`: it keeps the history, the search stays a pure function of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from polyaxon.errors import UsageError
from polyaxon.search.history import Trial, TrialStatus
from polyaxon.search.plan import plan_search
from polyaxon.search.settings import metrics
from polyaxon.search.stopping import StopReason, should_stop

__all__ = ["Optimizer"]

# Settings that a file must give and a loop of one's own need not: the loop itself decides when to end.
_ENDLESS = 10**12
_DEFAULTS: dict[str, dict[str, Any]] = {
    "random": {"numRuns": _ENDLESS},
    "bayes": {"numInitialRuns": 10, "maxIterations": _ENDLESS},
    "hyperopt": {"numRuns": 1, "maxIterations": _ENDLESS},
    "tpe": {"numRuns": 1, "maxIterations": _ENDLESS},
    "iterative": {"maxIterations": _ENDLESS},
    "cmaes": {"numRuns": _ENDLESS},
    "asha": {"numRuns": _ENDLESS},
}


class Optimizer:
    """Ask and tell over a space written as in the file: `{name: {"kind": …, "value": …}}`.

    `kind` is any matrix kind, `settings` its other keys (`numInitialRuns=5`, `eta=3`, `resource={…}`).
    `pruning` is a stopping policy of the format; with it `report` says when to give a trial up.
    `known` are trials, or (params, value) pairs, of earlier searches to learn from.
    """

    def __init__(
        self,
        space: Mapping[str, Mapping[str, Any]],
        kind: str = "bayes",
        *,
        seed: int = 0,
        optimization: str = "minimize",
        pruning: Mapping[str, Any] | None = None,
        known: Iterable[Trial | tuple[Mapping[str, Any], float]] = (),
        **settings: Any,
    ) -> None:
        matrix: dict[str, Any] = {
            "kind": kind,
            "params": space,
            "metric": {"name": "value", "optimization": optimization},
            **_DEFAULTS.get(kind, {}),
            **settings,
        }
        self.search = plan_search(matrix)
        self.matrix = matrix
        self._seed = seed
        self._optimization = optimization
        self._pruning = pruning
        self._trials = {-1 - place: _earlier(-1 - place, item) for place, item in enumerate(known)}
        self._reasons: dict[int, Mapping[str, Any]] = {}

    @property
    def trials(self) -> list[Trial]:
        """All trials of this search by index, pending ones included."""
        return [self._trials[index] for index in sorted(self._trials) if index >= 0]

    @property
    def done(self) -> bool:
        """Whether `ask` has nothing more to give."""
        return self.search.done(list(self._trials.values()))

    @property
    def best(self) -> Trial:
        """The succeeded trial with the best value (of the first objective, when there are several)."""
        finished = [t for t in self._trials.values() if t.status is TrialStatus.SUCCEEDED and t.last_value is not None]
        if not finished:
            raise UsageError("no trial has succeeded yet", hint="call tell(trial, value) first")
        sign = metrics(self.matrix)[0]
        return min(finished, key=lambda trial: (sign * (trial.last_value or 0.0), trial.index))

    @property
    def front(self) -> list[Trial]:
        """With several objectives: the trials that no other beats in all of them, by index."""
        from polyaxon.search.pareto import front_of  # numpy, for those who ask

        return front_of(self.trials, self.matrix)

    def ask(self) -> Trial:
        """The next trial to run; its `params` are what to run it with."""
        history = list(self._trials.values())
        suggestions = self.search.suggest(history, self._seed, 1)
        if not suggestions:
            if self.search.done(history):
                raise UsageError("the search is finished", hint="check `optimizer.done` before `ask()`")
            raise UsageError(
                "the search waits for results of pending trials", hint="call tell() for them, then ask() again"
            )
        index = max(-1, max(self._trials, default=-1)) + 1
        self._trials[index] = suggestions[0].pending(index)
        self._reasons[index] = suggestions[0].reason
        return self._trials[index]

    def explain(self, trial: Trial | int) -> Mapping[str, Any]:
        """Why this trial was suggested."""
        return self._reasons[self._pending(trial, finished=True).index]

    def report(self, trial: Trial | int, step: int, value: float) -> StopReason | None:
        """Note an intermediate value; the answer is a reason to stop the trial, or None to go on."""
        current = self._pending(trial)
        current = replace(current, curve=(*current.curve, (int(step), float(value))))
        self._trials[current.index] = current
        if self._pruning is None:
            return None
        others = [other for other in self.trials if other.index != current.index]
        reason = should_stop(self._pruning, current, others, self._optimization)
        if reason is not None:
            self._trials[current.index] = replace(current, status=TrialStatus.STOPPED)
        return reason

    def tell(self, trial: Trial | int, value: float | Sequence[float] | None = None, *, failed: bool = False) -> None:
        """Close a trial with its objective, its several objectives, or as failed."""
        current = self._pending(trial, finished=True)
        if current.status is TrialStatus.STOPPED:
            return  # a stopped trial keeps its curve; its caller may still report where it ended
        if not current.is_pending:
            raise UsageError(f"trial {current.index} is closed already", hint="tell each trial once")
        if failed:
            self._trials[current.index] = replace(current, status=TrialStatus.FAILED)
        elif value is None:
            raise UsageError("tell needs a value or failed=True", hint="write tell(trial, loss)")
        elif isinstance(value, Sequence):
            values = tuple(float(item) for item in value)
            self._trials[current.index] = replace(current, status=TrialStatus.SUCCEEDED, value=values[0], values=values)
        else:
            self._trials[current.index] = replace(current, status=TrialStatus.SUCCEEDED, value=float(value))

    def _pending(self, trial: Trial | int, *, finished: bool = False) -> Trial:
        index = trial if isinstance(trial, int) else trial.index
        if index not in self._trials or index < 0:
            raise UsageError(f"no trial {index}", hint="pass what ask() returned")
        current = self._trials[index]
        if not finished and not current.is_pending:
            raise UsageError(f"trial {index} is closed already", hint="report only while a trial runs")
        return current


def _earlier(index: int, item: Trial | tuple[Mapping[str, Any], float]) -> Trial:
    """A result of an earlier search under a negative index: it informs and does not count."""
    if isinstance(item, Trial):
        return replace(item, index=index)
    params, value = item
    return Trial(index, dict(params), TrialStatus.SUCCEEDED, float(value))
