"""Grid, random and mapping: every suggestion is known by its number."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon.search import Enumerable, SpaceError, Suggestion, plan_search
from polyaxon.search.contract import Search
from polyaxon.search.draw import apportion, permuted

QUICK_START: dict[str, Any] = {
    "learning_rate": {"kind": "linspace", "value": "0.001:0.1:5"},
    "dropout": {"kind": "choice", "value": [0.25, 0.3]},
    "conv_activation": {"kind": "pchoice", "value": [["relu", 0.1], ["sigmoid", 0.8]]},
    "epochs": {"kind": "choice", "value": [5, 10]},
}


def plan(kind: str, **settings: Any) -> Enumerable:
    search: Search = plan_search({"kind": kind, **settings})
    assert isinstance(search, Enumerable)
    return search


def points(suggestions: list[Suggestion]) -> list[tuple[Any, ...]]:
    return [tuple(suggestion.params.values()) for suggestion in suggestions]


def test_a_grid_counts_with_the_last_key_fastest() -> None:
    grid = plan("grid", params={"a": {"kind": "choice", "value": [1, 2]}, "b": {"kind": "choice", "value": ["x", "y"]}})
    assert points(grid.window(0, 10, 0)) == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]
    assert grid.total == 4


def test_num_runs_keeps_the_first_points_of_a_grid() -> None:
    grid = plan("grid", numRuns=3, params={name: {"kind": "range", "value": [0, 3, 1]} for name in "ab"})
    assert points(grid.window(0, 10, 0)) == [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0)]
    assert grid.done([]) is False


def test_a_grid_over_a_distribution_is_refused() -> None:
    with pytest.raises(SpaceError, match=r"`lr`.*cannot expand"):
        plan("grid", params={"lr": {"kind": "uniform", "value": [0, 1]}})


def test_a_window_far_into_a_huge_space_costs_no_walk_there() -> None:
    params = {f"p{place}": {"kind": "range", "value": [0, 1e9, 1]} for place in range(4)}
    for kind in ("grid", "random"):
        search = plan(kind, params=params, numRuns=10**15)
        assert len(set(points(search.window(10**14, 50, 3)))) == 50


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 45), st.integers(-(2**70), 2**70))
def test_random_draws_distinct_points_of_a_finite_space_and_never_more_than_it_has(runs: int, seed: int) -> None:
    search = plan("random", numRuns=runs, params=QUICK_START)
    drawn = search.window(0, runs, seed)
    assert search.total == len(drawn) == len(set(points(drawn))) == min(runs, 40)
    assert all(search.space is not None and suggestion.params in search.space for suggestion in drawn)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 1000))
def test_windows_are_pieces_of_one_sequence(start: int, count: int, seed: int) -> None:
    search = plan("random", numRuns=30, params=QUICK_START)
    assert search.window(start, count, seed) == search.window(0, 30, seed)[start : start + count]


def test_suggest_continues_after_the_trials_already_made() -> None:
    search = plan("random", numRuns=10, params=QUICK_START)
    first = search.suggest([], 4, 6)
    history = [suggestion.pending(index) for index, suggestion in enumerate(first)]
    assert first + search.suggest(history, 4, 6) == search.window(0, 10, 4)


def test_runs_are_shared_out_by_the_probabilities_of_pchoice() -> None:
    params = {**QUICK_START, "noise": {"kind": "range", "value": [0, 1000, 1]}}
    drawn = plan("random", numRuns=200, params=params).window(0, 200, 9)
    assert Counter(suggestion.params["conv_activation"] for suggestion in drawn) == {"sigmoid": 180, "relu": 20}


def test_over_many_seeds_each_point_comes_as_often_as_its_probability() -> None:
    params = {
        "a": {"kind": "pchoice", "value": [["x", 0.7], ["y", 0.3]]},
        "b": {"kind": "pchoice", "value": [[1, 0.5], [2, 0.5]]},
        "c": {"kind": "choice", "value": ["u", "v"]},
    }
    search = plan("random", numRuns=1, params=params)
    counts = Counter(points(search.window(0, 1, seed))[0] for seed in range(4000))
    for a, b, c in product("xy", (1, 2), "uv"):
        assert counts[(a, b, c)] == pytest.approx(4000 * (0.7 if a == "x" else 0.3) / 4, rel=0.15)


def test_a_space_with_impossible_and_repeated_values_ends() -> None:
    params = {
        "a": {"kind": "choice", "value": [1, 1, 2]},
        "b": {"kind": "pchoice", "value": [["never", 0.0], ["x", 0.5], ["y", 0.5]]},
    }
    search = plan("random", numRuns=100, params=params)
    assert search.total == 4
    assert set(points(search.window(0, 100, 0))) == {(1, "x"), (1, "y"), (2, "x"), (2, "y")}


def test_a_continuous_space_is_drawn_evenly_and_seed_zero_is_a_seed() -> None:
    search = plan("random", numRuns=2000, params={"u": {"kind": "uniform", "value": [0, 10]}})
    drawn = [suggestion.params["u"] for suggestion in search.window(0, 2000, 0)]
    assert drawn == [suggestion.params["u"] for suggestion in search.window(0, 2000, 0)]
    assert Counter(int(value) for value in drawn) == pytest.approx(dict.fromkeys(range(10), 200), abs=60)


def test_a_mapping_runs_its_items_in_order_and_an_empty_one_is_done() -> None:
    items = [{"lr": 0.1}, {"lr": 0.01, "opt": "adam"}]
    search = plan("mapping", values=items)
    assert [suggestion.params for suggestion in search.window(0, 9, 0)] == items
    assert plan("mapping", values=[]).done([])


@pytest.mark.parametrize(
    ("matrix", "fix"),
    [
        ({"kind": "grdi"}, "did you mean `grid`"),
        ({"kind": "random", "params": QUICK_START}, "numRuns"),
        ({"kind": "random", "params": QUICK_START, "numRuns": 0}, "at least 1"),
        ({"kind": "random", "params": QUICK_START, "numRuns": True}, "at least 1"),
        ({"kind": "grid"}, "params"),
        ({"kind": "mapping"}, "values"),
        ({"kind": "mapping", "values": [1]}, "write {name: value"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_fix(matrix: dict[str, Any], fix: str) -> None:
    with pytest.raises(SpaceError) as refused:
        plan_search(matrix)
    assert fix in str(refused.value.hint)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5000), st.integers(0, 100))
def test_permuted_is_a_permutation(size: int, seed: int) -> None:
    assert sorted(permuted(place, size, seed) for place in range(size)) == list(range(size))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(1, 20), st.floats(0, 1, exclude_max=True))
def test_apportion_shares_everything_within_the_capacities(shares: list[float], room: int, offset: float) -> None:
    rooms = tuple(room if share > 0 else 0 for share in shares)
    for count in (sum(rooms), sum(rooms) // 2):
        parts = apportion(count, tuple(shares), rooms, offset)
        assert sum(parts) == count
        assert all(0 <= part <= most for part, most in zip(parts, rooms, strict=True))
