"""What every search promises, whatever its algorithm."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_builders import BRANCHING, FEW_BRANCHES, FINITE, MIXED, SEARCHES, drive, finished, loss_of, matrix

from polyaxon.search import SpaceError, Trial, TrialStatus, parse_space, plan_search

EVERY = pytest.mark.parametrize("name", sorted(SEARCHES))
BUDGETED = {name for name, settings_ in SEARCHES.items() if "resource" in settings_}
SPACES = st.sampled_from([MIXED, FINITE, BRANCHING, FEW_BRANCHES])
FEW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def without_resource(params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name != "epochs"}


@EVERY
@FEW
@given(SPACES, st.integers(0, 2**40), st.integers(1, 4))
def test_suggestions_lie_in_the_space_and_the_search_ends(name: str, params: Any, seed: int, workers: int) -> None:
    search, space = plan_search(matrix(name, params)), parse_space(params)
    trials, suggestions = drive(search, seed, workers, chance=random.Random(seed))
    assert search.done(trials)
    assert all(without_resource(suggestion.params) in space for suggestion in suggestions)
    assert all(suggestion.reason["source"] for suggestion in suggestions)
    if search.total is not None:
        assert len(suggestions) == search.total


@pytest.mark.parametrize("name", sorted(set(SEARCHES) - BUDGETED))
@FEW
@given(
    st.sampled_from([(FINITE, 30), (FEW_BRANCHES, 22)]),
    st.integers(0, 10**6),
)
def test_a_finite_space_is_never_searched_twice_at_one_point(name: str, params: Any, seed: int) -> None:
    declared, size = params
    settings_ = {**matrix(name, declared), "numRuns": 100, "maxIterations": 100}
    _, suggestions = drive(plan_search(settings_), seed, 3, chance=random.Random(seed))
    space = parse_space(declared)
    assert len({space.key(suggestion.params) for suggestion in suggestions}) == len(suggestions) == space.size == size


@pytest.mark.parametrize("name", sorted(BUDGETED))
@FEW
@given(SPACES, st.integers(0, 10**6), st.integers(1, 4))
def test_a_budget_is_given_to_a_configuration_once(name: str, params: Any, seed: int, workers: int) -> None:
    _, suggestions = drive(plan_search(matrix(name, params)), seed, workers, chance=random.Random(seed))
    space = parse_space(params)
    given_ = [(s.bracket, s.rung, space.key(s.params)) for s in suggestions]
    assert len(set(given_)) == len(given_)


@EVERY
@FEW
@given(SPACES, st.integers(0, 10**6), st.integers(1, 4))
def test_the_same_seed_and_history_give_the_same_suggestions(name: str, params: Any, seed: int, workers: int) -> None:
    first = drive(plan_search(matrix(name, params)), seed, workers)
    assert first == drive(plan_search(matrix(name, params)), seed, workers)


@EVERY
@FEW
@given(SPACES, st.integers(0, 10**6), st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    name: str, params: Any, seed: int, cut: int, chance: random.Random
) -> None:
    search = plan_search(matrix(name, params))
    trials, _ = drive(search, seed, 3)
    history = [
        trial if place % 3 else replace(trial, status=TrialStatus.PENDING, value=None)
        for place, trial in enumerate(trials[: min(cut, len(trials) - 1)])
    ]
    shuffled = chance.sample(history, len(history))
    assert search.suggest(history, seed, 3) == search.suggest(shuffled, seed, 3)
    assert search.done(history) == search.done(shuffled)


@EVERY
@FEW
@given(SPACES, st.integers(0, 10**6), st.integers(0, 30))
def test_asking_for_three_is_asking_for_one_three_times(name: str, params: Any, seed: int, cut: int) -> None:
    search = plan_search(matrix(name, params))
    history = drive(search, seed, 2)[0][:cut]
    history = [trial for trial in history if not trial.is_pending]
    together = search.suggest(history, seed, 3)
    one_by_one = []
    for _ in range(3):
        new = search.suggest(history, seed, 1)
        one_by_one += new
        history = [*history, *(suggestion.pending(len(history)) for suggestion in new)]
    assert together == one_by_one


@EVERY
@FEW
@given(SPACES, st.integers(0, 10**6), st.integers(0, 30))
def test_a_search_killed_anywhere_continues_as_if_undisturbed(name: str, params: Any, seed: int, cut: int) -> None:
    whole, _ = drive(plan_search(matrix(name, params)), seed)
    rest = plan_search(matrix(name, params))  # a new process knows the history alone
    again = list(whole[: min(cut, len(whole))])
    while new := rest.suggest(again, seed, 1):
        again.append(finished(new[0].pending(len(again))))
    assert again == whole


@EVERY
@FEW
@given(SPACES, st.integers(0, 10**6), st.lists(st.integers(0, 25), min_size=2, max_size=4))
def test_what_a_search_was_asked_before_changes_no_answer(name: str, params: Any, seed: int, cuts: list[int]) -> None:
    whole, _ = drive(plan_search(matrix(name, params)), seed, 2)
    asked = plan_search(matrix(name, params))
    for turn, cut in enumerate(cuts):
        history = whole[:cut]
        if turn % 2:  # another search's results in the same places
            history = [
                trial if trial.index % 3 else replace(trial, status=TrialStatus.FAILED, value=None) for trial in history
            ]
        assert asked.suggest(history, seed, 2) == plan_search(matrix(name, params)).suggest(history, seed, 2)


@EVERY
@FEW
@given(SPACES, st.integers(0, 10**6))
def test_failed_stopped_and_missing_results_are_data_not_the_end(name: str, params: Any, seed: int) -> None:
    def end(trial: Trial) -> Trial:
        if trial.index % 4 == 1:
            return replace(trial, status=TrialStatus.FAILED)
        if trial.index % 4 == 2:
            return replace(trial, status=TrialStatus.STOPPED, curve=((1, 0.5), (2, float("nan"))))
        return finished(trial, float("nan") if trial.index % 8 == 3 else None)

    search = plan_search(matrix(name, params))
    trials, _ = drive(search, seed, 3, end)
    assert search.done(trials)


@pytest.mark.parametrize("name", sorted(SEARCHES))
def test_a_search_whose_every_trial_fails_still_ends(name: str) -> None:
    search = plan_search(matrix(name, MIXED))
    trials, _ = drive(search, 3, 2, lambda trial: replace(trial, status=TrialStatus.FAILED))
    assert search.done(trials)


@pytest.mark.parametrize("name", ["bayes", "tpe", "anneal", "cmaes"])
def test_adaptive_searches_beat_random_draws(name: str) -> None:
    params = {axis: {"kind": "uniform", "value": [-2, 2]} for axis in "abc"}
    budget = {"numRuns": 60, "numInitialRuns": 10, "maxIterations": 50 if name == "bayes" else 0}

    def best(kind: dict[str, Any], seed: int) -> float:
        trials, _ = drive(plan_search(kind), seed)
        return min(loss_of(trial.params) for trial in trials)

    seeds = range(1 if name == "bayes" else 3)  # one suggestion of bayes takes as long as ten of the others
    mine = [best({**matrix(name, params), **budget}, seed) for seed in seeds]
    chance = [best({"kind": "random", "numRuns": 60, "params": params}, seed) for seed in seeds]
    assert sorted(mine)[len(seeds) // 2] < sorted(chance)[len(seeds) // 2]


@pytest.mark.parametrize("name", ["bayes", "tpe", "cmaes"])
def test_maximizing_is_minimizing_the_negative(name: str) -> None:
    params = {axis: {"kind": "uniform", "value": [-2, 2]} for axis in "ab"}
    down = matrix(name, params)
    up = {**down, "metric": {"name": "score", "optimization": "maximize"}}
    low, _ = drive(plan_search(down), 5)
    high, _ = drive(plan_search(up), 5, end=lambda trial: finished(trial, -loss_of(trial.params)))
    assert [trial.params for trial in low] == [trial.params for trial in high]


@pytest.mark.parametrize("name", ["bayes", "tpe", "rand"])
def test_batches_wait_for_the_batch_before_when_asked_to(name: str) -> None:
    search = plan_search({**matrix(name, MIXED), "asynchronous": False})
    first = search.suggest([], 1, 100)
    assert {suggestion.iteration for suggestion in first} == {0}
    history = [suggestion.pending(index) for index, suggestion in enumerate(first)]
    assert search.suggest(history, 1, 100) == []
    assert not search.done(history)
    history = [finished(trial) for trial in history]
    assert {suggestion.iteration for suggestion in search.suggest(history, 1, 100)} == {1}


def test_without_being_asked_to_wait_a_freed_slot_gets_a_suggestion_at_once() -> None:
    for name in ("bayes", "tpe", "anneal", "cmaes", "asha"):
        search = plan_search(matrix(name, MIXED))
        assert search.asynchronous
        history = [suggestion.pending(index) for index, suggestion in enumerate(search.suggest([], 1, 9))]
        history[3] = finished(history[3])
        assert len(search.suggest(history, 1, 1)) == 1


def test_trials_of_earlier_searches_inform_and_do_not_count() -> None:
    params = {axis: {"kind": "uniform", "value": [-2, 2]} for axis in "ab"}
    old, _ = drive(plan_search({"kind": "random", "numRuns": 40, "params": params}), 1)
    known = [replace(trial, index=-1 - trial.index) for trial in old]
    search = plan_search({**matrix("tpe", params), "numInitialRuns": 1})
    assert not search.done(known)
    history = [*known, finished(search.suggest(known, 1, 1)[0].pending(0))]
    reason = search.suggest(history, 1, 1)[0].reason
    assert reason["source"] == "tpe"
    assert reason["good_trials"] + reason["other_trials"] == 41


def test_an_evolution_begins_around_the_best_of_earlier_trials() -> None:
    params = {axis: {"kind": "uniform", "value": [0, 1]} for axis in "abc"}

    def loss(trial: Trial) -> float:
        return sum((trial.params[axis] - goal) ** 2 for axis, goal in zip("abc", (0.15, 0.8, 0.6), strict=True))

    drawn = plan_search({"kind": "random", "numRuns": 60, "params": params}).suggest([], 1, 60)
    known = [finished(s.pending(-1 - place), loss(s.pending(0))) for place, s in enumerate(drawn)]
    known[7] = replace(known[7], status=TrialStatus.FAILED, value=None, values=())
    search = plan_search(matrix("cmaes", params))
    warm, cold = ([loss(s.pending(0)) for s in search.suggest(history, 1, 20)] for history in (known, []))
    assert sorted(warm)[10] < 0.5 * sorted(cold)[10]
    assert search.suggest(known, 1, 1)[0].reason["source"] == "warm cmaes"
    only_failed = [replace(trial, status=TrialStatus.FAILED, value=None, values=()) for trial in known]
    assert [s.params for s in search.suggest(only_failed, 1, 9)] == [s.params for s in search.suggest([], 1, 9)]


@pytest.mark.parametrize("name", ["bayes", "tpe"])
def test_the_initial_design_is_even_unless_independent_draws_are_asked_for(name: str) -> None:
    params = {axis: {"kind": "uniform", "value": [0, 1]} for axis in "ab"}
    budget = {"numInitialRuns": 32, "numRuns": 32}

    def taken(**design: str) -> set[tuple[int, int]]:
        made = plan_search({**matrix(name, params), **budget, **design}).suggest([], 5, 32)
        assert {suggestion.reason["source"] for suggestion in made} == {"initial design"}
        return {(int(4 * suggestion.params["a"]), int(4 * suggestion.params["b"])) for suggestion in made}

    assert len(taken()) == 16, "two points of 32 in each cell of 16"
    assert taken(initialDesign="sobol") == taken()
    assert len(taken(initialDesign="random")) < 16
    with pytest.raises(SpaceError, match="initialDesign"):
        taken(initialDesign="halton")


def test_foreign_trials_of_earlier_searches_use_up_no_point_of_a_finite_space() -> None:
    params = {"a": {"kind": "choice", "value": [1, 2, 3]}}
    known = [finished(Trial(-1 - value, {"a": 10 + value}, TrialStatus.PENDING, None)) for value in range(5)]
    search = plan_search(matrix("tpe", params))
    assert not search.done(known)
    assert {s.params["a"] for s in search.suggest(known, 1, 9)} == {1, 2, 3}


def test_several_objectives_spread_along_the_front() -> None:
    params = {"x": {"kind": "uniform", "value": [0, 1]}, "y": {"kind": "uniform", "value": [0, 1]}}
    metrics = [{"name": "a", "optimization": "minimize"}, {"name": "b", "optimization": "maximize"}]
    search = plan_search({"kind": "tpe", "numRuns": 80, "params": params, "metrics": metrics})

    def end(trial: Trial) -> Trial:
        x, y = trial.params["x"], trial.params["y"]
        return replace(trial, status=TrialStatus.SUCCEEDED, values=(x + y, x - y))

    trials, _ = drive(search, 2, end=end)
    # The front is y = 0: x trades one objective for the other.
    late = trials[40:]
    assert sum(trial.params["y"] < 0.15 for trial in late) > 20
    assert max(trial.params["x"] for trial in late) - min(trial.params["x"] for trial in late) > 0.5


def test_trials_that_lack_a_parameter_are_tolerated() -> None:
    for name in ("tpe", "bayes", "anneal"):
        search = plan_search(matrix(name, MIXED))
        trials, _ = drive(search, 1)
        history = [
            replace(trial, params={key: value for key, value in trial.params.items() if key != "act"})
            for trial in trials[:8]
        ]
        assert search.suggest(history, 1, 1)[0].params["act"] in ("relu", "tanh", "gelu")
