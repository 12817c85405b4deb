"""Which running trials are not worth finishing, and when is the whole search over?

Stopping policies compare curves of (step, value). A policy speaks only at its evaluations (every
`evaluationInterval` observations, not before `minInterval`, with at least `minSamples` trials to compare with) and
always says why. Comparisons are made at the step of the judged trial: nobody is blamed for being young.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.history import Trial, TrialStatus
from polyaxon.search.settings import flag, number, one_of, optional_whole
from polyaxon.search.space import SpaceError

__all__ = ["POLICIES", "StopReason", "evaluations", "failures_exceed", "goal_reached", "should_stop"]

Curve = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a trial was stopped: its own value against the bound that the others set."""

    policy: str
    step: int
    value: float
    bound: float
    compared: int
    message: str


@dataclass(frozen=True, slots=True)
class _Rivals:
    """The judged curve and those it is compared with, all as losses up to the same step."""

    mine: Curve
    others: list[Curve]

    @property
    def best(self) -> float:
        return min(value for _, value in self.mine)


def should_stop(
    policy: Mapping[str, Any], trial: Trial, others: Sequence[Trial], optimization: str
) -> StopReason | None:
    """The reason to stop `trial` now, or None. Pure: nothing but the curves is looked at."""
    judge, default_share = POLICIES[one_of(policy, "kind", tuple(POLICIES))]
    share = number(policy, "percent", default_share)
    if not 0 < share < 100:
        raise SpaceError(f"`percent` is {share:g}", hint="write a number between 0 and 100")
    sign = -1.0 if optimization == "maximize" else 1.0
    mine = [(step, sign * value) for step, value in trial.curve if math.isfinite(value)]
    if not mine or not _is_due(policy, len(mine)):
        return None
    rivals = _Rivals(mine, _comparable(policy, trial, others, mine[-1][0], sign))
    least = optional_whole(policy, "minSamples", least=0)
    if len(rivals.others) < max(1, 1 if least is None else least):
        return None
    verdict = judge(rivals, share)
    if verdict is None:
        return None
    value, bound, words = verdict
    value, bound = sign * value, sign * bound
    message = f"{words}: {value:.6g} against {bound:.6g} at step {mine[-1][0]} ({len(rivals.others)} runs compared)"
    return StopReason(str(policy["kind"]), mine[-1][0], value, bound, len(rivals.others), message)


def evaluations(policy: Mapping[str, Any], before: int, now: int) -> list[int]:
    """After how many observations a trial is judged, of those that came since there were `before`."""
    return [count for count in range(before + 1, now + 1) if _is_due(policy, count)]


def goal_reached(stopping: Mapping[str, Any], trials: Iterable[Trial]) -> Trial | None:
    """metric_early_stopping: the first trial whose objective reaches the value asked for.

    Missing values reach nothing.
    """
    goal = number(stopping, "value", 0.0)
    sign = -1.0 if one_of(stopping, "optimization", ("minimize", "maximize")) == "maximize" else 1.0
    for trial in sorted(trials, key=lambda trial: trial.index):
        if trial.value is not None and sign * trial.value <= sign * goal:
            return trial
    return None


def failures_exceed(stopping: Mapping[str, Any], trials: Sequence[Trial]) -> bool:
    """failure_early_stopping: whether the failed are at least `percent` of all trials made."""
    failed = sum(trial.status is TrialStatus.FAILED for trial in trials)
    return failed > 0 and failed * 100 >= number(stopping, "percent", 100.0) * len(trials)


def _is_due(policy: Mapping[str, Any], observations: int) -> bool:
    every = optional_whole(policy, "evaluationInterval") or 1
    earliest = optional_whole(policy, "minInterval", least=0) or 0
    return observations >= max(1, earliest) and observations % every == 0


def _comparable(
    policy: Mapping[str, Any], trial: Trial, others: Sequence[Trial], step: int, sign: float
) -> list[Curve]:
    """The curves of other trials that reached `step`, cut there."""
    left_out = {TrialStatus.FAILED}
    if not flag(policy, "includeSucceeded", True):
        left_out.add(TrialStatus.SUCCEEDED)
    if policy["kind"] in _AMONG_THE_HOPEFUL:
        left_out.add(TrialStatus.STOPPED)
    curves: list[Curve] = []
    for other in sorted(others, key=lambda other: other.index):
        if other.index == trial.index or other.status in left_out:
            continue
        if not other.curve or max(at for at, _ in other.curve) < step:
            continue
        cut = [(at, sign * value) for at, value in other.curve if at <= step and math.isfinite(value)]
        if cut:
            curves.append(cut)
    return curves


Verdict = tuple[float, float, str] | None


def _median(rivals: _Rivals, share: float) -> Verdict:  # noqa: ARG001 - the policies share one signature
    bound = median(fmean(value for _, value in curve) for curve in rivals.others)
    return (
        (rivals.best, bound, "best value so far is worse than the median of running averages")
        if (rivals.best > bound)
        else None
    )


def _average(rivals: _Rivals, share: float) -> Verdict:  # noqa: ARG001
    bound = fmean(fmean(value for _, value in curve) for curve in rivals.others)
    return (
        (rivals.best, bound, "best value so far is worse than the mean of running averages")
        if (rivals.best > bound)
        else None
    )


def _truncation(rivals: _Rivals, share: float) -> Verdict:
    """Among the worst `share` percent: ties are kept, so that equals never stop each other."""
    rivals_best = sorted(min(value for _, value in curve) for curve in rivals.others)
    all_best = sorted([*rivals_best, rivals.best])
    kept = len(all_best) - math.floor(len(all_best) * share / 100)
    bound = all_best[max(0, kept - 1)]
    return (rivals.best, bound, f"among the worst {share:g}% of runs") if rivals.best > bound else None


def _diff(rivals: _Rivals, share: float) -> Verdict:
    best = min(value for curve in rivals.others for _, value in curve)
    bound = best + abs(best) * share / 100
    return (rivals.best, bound, f"worse than the best run by more than {share:g}%") if rivals.best > bound else None


# Whoever was found hopeless before would make the middle of the others worse than it is. (The worst share of all counts
# everybody, and to the best of all the hopeless do not matter.)
_AMONG_THE_HOPEFUL = {"median", "average"}
# kind → the judgement, and its percent when the policy gives none (median and average use none).
POLICIES: dict[str, tuple[Callable[[_Rivals, float], Verdict], float]] = {
    "median": (_median, 50.0),
    "average": (_average, 50.0),
    "truncation": (_truncation, 50.0),
    "diff": (_diff, 50.0),
}
