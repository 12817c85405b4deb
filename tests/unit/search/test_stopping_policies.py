"""Stopping policies judge curves at equal steps and say why; early stopping ends whole searches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon.search import SpaceError, Trial, TrialStatus, failures_exceed, goal_reached, should_stop


def trial(index: int, *values: float, status: TrialStatus = TrialStatus.PENDING, value: float | None = None) -> Trial:
    return Trial(index, {}, status, value, curve=tuple((step + 1, v) for step, v in enumerate(values)))


OTHERS = [trial(1, 4.0, 3.0, 2.0), trial(2, 5.0, 4.0, 3.0), trial(3, 9.0, 9.0, 9.0)]


@pytest.mark.parametrize(
    ("policy", "values", "stops"),
    [
        # The running averages of the others at step 2 are 3.5, 4.5 and 9: median 4.5, mean 5.67.
        ({"kind": "median"}, (6.0, 4.6), True),
        ({"kind": "median"}, (6.0, 4.5), False),
        ({"kind": "median"}, (4.0, 99.0), False),
        ({"kind": "average"}, (6.0, 5.6), False),
        ({"kind": "average"}, (6.0, 5.7), True),
        # The best values so far are 3, 4 and 9.
        ({"kind": "truncation", "percent": 50}, (8.0, 8.0), True),
        ({"kind": "truncation", "percent": 25}, (8.0, 8.0), False),
        ({"kind": "truncation", "percent": 25}, (9.5, 9.5), True),
        ({"kind": "truncation", "percent": 50}, (4.0, 4.0), False),
        ({"kind": "diff", "percent": 10}, (9.0, 3.2), False),
        ({"kind": "diff", "percent": 10}, (9.0, 3.4), True),
    ],
)
def test_each_policy_draws_its_own_line(policy: dict[str, Any], values: tuple[float, ...], stops: bool) -> None:
    reason = should_stop(policy, trial(0, *values), OTHERS, "minimize")
    assert (reason is not None) == stops
    if reason is not None:
        assert reason.policy == policy["kind"]
        assert reason.step == 2
        assert reason.compared == 3
        assert f"{reason.value:.6g} against {reason.bound:.6g}" in reason.message


def test_maximizing_turns_every_comparison_round() -> None:
    others = [trial(index + 1, *(-value for _, value in other.curve)) for index, other in enumerate(OTHERS)]
    reason = should_stop({"kind": "median"}, trial(0, -6.0, -4.6), others, "maximize")
    assert reason is not None
    assert reason.bound == -4.5
    assert should_stop({"kind": "median"}, trial(0, -6.0, -4.5), others, "maximize") is None


@pytest.mark.parametrize(
    ("limits", "observations", "speaks"),
    [
        ({}, 1, True),
        ({"evaluationInterval": 2}, 1, False),
        ({"evaluationInterval": 2}, 2, True),
        ({"evaluationInterval": 2}, 3, False),
        ({"minInterval": 3}, 2, False),
        ({"minInterval": 3}, 3, True),
        ({"minSamples": 4}, 3, False),
        ({"minSamples": 3}, 3, True),
    ],
)
def test_a_policy_speaks_only_when_due(limits: dict[str, Any], observations: int, speaks: bool) -> None:
    reason = should_stop({"kind": "median", **limits}, trial(0, *[50.0] * observations), OTHERS, "minimize")
    assert (reason is not None) == speaks


def test_young_trials_are_not_compared_with_and_nobody_stops_alone() -> None:
    assert should_stop({"kind": "median"}, trial(0, 9.0, 9.0), [trial(1, 0.0)], "minimize") is None
    assert should_stop({"kind": "median"}, trial(0, 9.0), [], "minimize") is None
    assert should_stop({"kind": "median"}, trial(0), OTHERS, "minimize") is None


def test_failed_trials_and_on_request_succeeded_ones_are_left_out() -> None:
    failed = [trial(1, 0.0, status=TrialStatus.FAILED)]
    assert should_stop({"kind": "diff", "percent": 5}, trial(0, 9.0), failed, "minimize") is None
    done = [trial(1, 0.0, status=TrialStatus.SUCCEEDED)]
    assert should_stop({"kind": "diff", "percent": 5}, trial(0, 9.0), done, "minimize") is not None
    without = {"kind": "diff", "percent": 5, "includeSucceeded": False}
    assert should_stop(without, trial(0, 9.0), done, "minimize") is None


@pytest.mark.parametrize(
    ("policy", "stops"),
    [({"kind": "median"}, True), ({"kind": "average"}, True), ({"kind": "truncation", "percent": 40}, False)],
)
def test_what_was_stopped_before_does_not_lower_the_bar(policy: dict[str, Any], stops: bool) -> None:
    hopeless = [trial(index, 9.0, 9.0, status=TrialStatus.STOPPED) for index in (4, 5, 6)]
    good = [trial(index, 4.0, 3.0, status=TrialStatus.SUCCEEDED) for index in (1, 2)]
    reason = should_stop(policy, trial(7, 5.0, 5.0), [*good, *hopeless], "minimize")
    assert (reason is not None) == stops
    if reason is not None:
        assert (reason.bound, reason.compared) == (3.5, 2)


@pytest.mark.parametrize("policy", [{"kind": "mean"}, {"kind": "truncation", "percent": 0}])
def test_a_wrong_policy_is_refused(policy: dict[str, Any]) -> None:
    with pytest.raises(SpaceError):
        should_stop(policy, trial(0, 1.0), OTHERS, "minimize")


CURVES = st.lists(st.lists(st.floats(-100, 100), min_size=3, max_size=3), min_size=1, max_size=8)


@settings(deadline=None)
@given(st.sampled_from(["median", "average", "truncation", "diff"]), CURVES)
def test_the_best_trial_is_never_stopped(kind: str, curves: list[list[float]]) -> None:
    trials = [trial(index, *curve) for index, curve in enumerate(curves)]
    best = min(trials, key=lambda one: min(value for _, value in one.curve))
    policy = {"kind": kind, "percent": 40}
    assert should_stop(policy, best, [other for other in trials if other is not best], "minimize") is None


def test_a_goal_is_reached_by_value_and_direction_and_never_by_nothing() -> None:
    trials = [trial(0), trial(1, value=float("nan")), trial(2, value=0.95), trial(3, value=0.99)]
    up = {"value": 0.9, "optimization": "maximize"}
    assert goal_reached(up, trials) is trials[2]
    assert goal_reached({"value": 0.1, "optimization": "minimize"}, trials) is None
    assert goal_reached(up, trials[:2]) is None


@pytest.mark.parametrize(
    ("failed", "made", "percent", "stops"), [(1, 4, 25, True), (1, 5, 25, False), (0, 4, 1, False)]
)
def test_failures_end_a_search_at_their_percentage(failed: int, made: int, percent: int, stops: bool) -> None:
    trials = [
        trial(index, status=TrialStatus.FAILED if index < failed else TrialStatus.PENDING) for index in range(made)
    ]
    assert failures_exceed({"percent": percent}, trials) is stops
