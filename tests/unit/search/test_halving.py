"""Hyperband's numbers are those of the format's worked tables; asha promotes without waiting."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from search_builders import METRIC, MIXED, RESOURCE, drive, finished, loss_of

from polyaxon.search import SpaceError, Trial, TrialStatus, plan_search
from polyaxon.search.budget import Budget, brackets

TABLES = [
    (81, 3, "float", "81@1 27@3 9@9 3@27 1@81 · 34@3 11@9 3@27 1@81 · 15@9 5@27 1@81 · 8@27 2@81 · 5@81"),
    (9, 3, "float", "9@1 3@3 1@9 · 5@3 1@9 · 3@9"),
    (27, 3, "int", "27@1 9@3 3@9 1@27 · 12@3 4@9 1@27 · 6@9 2@27 · 4@27"),
    (16, 2, "float", "16@1 8@2 4@4 2@8 1@16 · 10@2 5@4 2@8 1@16 · 7@4 3@8 1@16 · 5@8 2@16 · 5@16"),
    (10, 3, "int", "9@1 3@3 1@10 · 5@3 1@10 · 3@10"),
    (
        243,
        3,
        "int",
        "243@1 81@3 27@9 9@27 3@81 1@243 · 98@3 32@9 10@27 3@81 1@243 · 41@9 13@27 4@81 1@243 · "
        "18@27 6@81 2@243 · 9@81 3@243 · 6@243",
    ),
    (1000, 10, "int", "1000@1 100@10 10@100 1@1000 · 134@10 13@100 1@1000 · 20@100 2@1000 · 4@1000"),
    (1, 3, "float", "1@1"),
]


@pytest.mark.parametrize(("most", "eta", "kind", "table"), TABLES)
def test_brackets_are_those_of_the_worked_tables(most: int, eta: int, kind: str, table: str) -> None:
    plan = brackets(Budget("epochs", kind, most, eta, resume=False))
    assert " · ".join(" ".join(f"{rung.count}@{rung.resource:g}" for rung in rungs) for rungs in plan) == table


@pytest.mark.parametrize(("most", "eta", "kind", "table"), TABLES)
def test_a_whole_search_runs_its_worked_table(most: int, eta: int, kind: str, table: str) -> None:
    resource = {"name": "epochs", "type": kind}
    search = hyperband(maxIterations=most, eta=eta, resource=resource, algorithm="rand")
    trials: list[Trial] = []
    brackets_run: dict[int, list[str]] = {}
    while not search.done(trials):
        rung = [s.pending(len(trials) + place) for place, s in enumerate(search.suggest(trials, 1, 10**6))]
        brackets_run.setdefault(rung[0].bracket, []).append(f"{len(rung)}@{rung[0].params['epochs']:g}")
        assert {trial.params["epochs"] for trial in rung} == {rung[0].resource}
        trials += map(finished, rung)
    assert " · ".join(map(" ".join, brackets_run.values())) == table


@pytest.mark.parametrize(("most", "eta", "steps"), [(243, 3, 5), (1000, 10, 3), (1, 3, 0), (80, 3, 3)])
def test_logarithms_are_exact_where_r_is_a_power_of_eta(most: int, eta: int, steps: int) -> None:
    assert Budget("epochs", "int", most, eta, resume=False).steps == steps


def hyperband(**settings: Any) -> Any:
    matrix = {"kind": "hyperband", "maxIterations": 9, "eta": 3, "resource": RESOURCE, "metric": METRIC}
    return plan_search({**matrix, "params": MIXED, **settings})


def test_hyperband_runs_rung_after_rung_and_bracket_after_bracket() -> None:
    _, suggestions = drive(hyperband(), 1, workers=4, chance=random.Random(2))
    order = list(dict.fromkeys((s.bracket, s.rung) for s in suggestions))
    assert order == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)]
    assert Counter((s.bracket, s.rung, s.params["epochs"]) for s in suggestions) == {
        (0, 0, 1): 9,
        (0, 1, 3): 3,
        (0, 2, 9): 1,
        (1, 0, 3): 5,
        (1, 1, 9): 1,
        (2, 0, 9): 3,
    }


def test_the_best_of_a_rung_go_on_with_their_own_params() -> None:
    trials, suggestions = drive(hyperband(), 1)
    best = sorted(trials[:9], key=lambda trial: loss_of(trial.params))[:3]
    for trial, suggestion in zip(best, suggestions[9:12], strict=True):
        assert {**suggestion.params, "epochs": 1} == dict(trial.params)
        assert suggestion.reason["from"] == trial.index
        assert suggestion.origin is None


def test_resume_names_the_trial_to_continue() -> None:
    _, suggestions = drive(hyperband(resume=True), 1)
    assert [s.origin for s in suggestions[9:12]] == [s.reason["from"] for s in suggestions[9:12]]
    assert all(s.origin is None for s in suggestions[:9])


def test_a_rung_waits_for_all_its_runs_and_brackets_may_overlap_when_asked() -> None:
    for asynchronous, expected in ((False, 0), (True, 8)):
        search = hyperband(asynchronous=asynchronous)
        history = [s.pending(index) for index, s in enumerate(search.suggest([], 1, 9))]
        history = [finished(trial) for trial in history[:8]] + history[8:]
        assert len(search.suggest(history, 1, 50)) == expected
        assert not search.done(history)


def test_failed_runs_are_not_promoted_and_fewer_go_on() -> None:
    search = hyperband()
    history = [s.pending(index) for index, s in enumerate(search.suggest([], 1, 9))]
    history = [replace(t, status=TrialStatus.FAILED) if t.index != 4 else finished(t) for t in history]
    assert [s.reason["from"] for s in search.suggest(history, 1, 9)] == [4]


def test_a_rung_without_any_result_ends_the_search() -> None:
    search = hyperband()
    history = [replace(s.pending(i), status=TrialStatus.FAILED) for i, s in enumerate(search.suggest([], 1, 9))]
    assert search.suggest(history, 1, 9) == []
    assert search.done(history)


def test_a_finite_space_caps_a_bracket() -> None:
    search = hyperband(params={"a": {"kind": "choice", "value": [1, 2, 3, 4]}})
    _, suggestions = drive(search, 1)
    assert len([s for s in suggestions if (s.bracket, s.rung) == (0, 0)]) == 4
    assert len(suggestions) == search.total


def test_random_configurations_follow_the_probabilities_of_a_finite_space() -> None:
    params = {
        "a": {"kind": "pchoice", "value": [["often", 0.9], ["seldom", 0.1]]},
        "b": {"kind": "range", "value": [0, 1000, 1]},
    }
    search = hyperband(params=params, maxIterations=81, algorithm="rand")
    drawn = [suggestion.params["a"] for suggestion in search.suggest([], 1, 81)]
    assert 60 <= drawn.count("often") < 81


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({"eta": 1}, "above 1"),
        ({"resource": None}, "resource: {name: epochs"),
        ({"resource": {"name": "e", "type": "text"}}, "float, int"),
        ({"metric": {"name": "loss"}}, "optimization"),
        ({"maxIterations": None}, "maxIterations"),
        ({"params": None}, "params"),
    ],
)
def test_impossible_settings_are_refused_with_the_fix(settings: dict[str, Any], fix: str) -> None:
    with pytest.raises(SpaceError) as refused:
        hyperband(**settings)
    assert fix in str(refused.value.hint)


def asha(**settings: Any) -> Any:
    matrix = {"kind": "asha", "maxIterations": 27, "eta": 3, "resource": RESOURCE, "metric": METRIC, "numRuns": 27}
    return plan_search({**matrix, "params": MIXED, **settings})


@pytest.mark.parametrize("algorithm", ["tpe", "rand"])
def test_asha_promotes_a_third_of_each_rung(algorithm: str) -> None:
    _, suggestions = drive(asha(algorithm=algorithm), 1, workers=4, chance=random.Random(1))
    rungs = Counter(suggestion.rung for suggestion in suggestions)
    assert rungs[0] == 27
    assert rungs[1] >= 9
    assert rungs[2] >= 3
    assert rungs[3] >= 1
    assert {s.rung: s.params["epochs"] for s in suggestions} == {0: 1, 1: 3, 2: 9, 3: 27}


def test_asha_promotes_as_soon_as_it_can_while_others_run() -> None:
    search = asha()
    history = [s.pending(index) for index, s in enumerate(search.suggest([], 1, 6))]
    history[:3] = [finished(trial, value) for trial, value in zip(history[:3], (3.0, 1.0, 2.0), strict=True)]
    promoted = search.suggest(history, 1, 1)[0]
    assert (promoted.rung, promoted.reason["from"]) == (1, 1)


def test_asha_promotes_each_trial_once() -> None:
    trials, _ = drive(asha(), 4, workers=3, chance=random.Random(4))
    for rung in (1, 2, 3):
        keys = [tuple((k, v) for k, v in t.params.items() if k != "epochs") for t in trials if t.rung == rung]
        assert len(set(keys)) == len(keys)


def test_asha_gives_no_trial_less_than_the_smallest_budget() -> None:
    _, suggestions = drive(asha(minIterations=3), 1, workers=4, chance=random.Random(1))
    assert {s.rung: s.params["epochs"] for s in suggestions} == {0: 3, 1: 9, 2: 27}
    with pytest.raises(SpaceError, match="more than the `maxIterations`"):
        asha(minIterations=28)


def test_a_later_bracket_runs_nothing_that_had_as_much_resource_already() -> None:
    params = {"x": {"kind": "choice", "value": list(range(40))}}
    search = hyperband(params=params, maxIterations=9)
    _, suggestions = drive(search, 2, workers=3, chance=random.Random(2))
    most: dict[int, float] = {}
    for suggestion in suggestions:
        x, resource = suggestion.params["x"], suggestion.resource or 0.0
        assert resource > most.get(x, 0.0)
        most[x] = resource
