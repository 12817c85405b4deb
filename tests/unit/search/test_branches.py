"""Parameters that take part only sometimes: how many points there are, which they are, and what is refused."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_builders import BRANCHING, FEW_BRANCHES, matrix

from polyaxon.search import Optimizer, SpaceError, importance, parse_space, plan_search
from polyaxon.search.cube import Cube


@st.composite
def branching(draw: st.DrawFn) -> dict[str, Any]:
    """Up to five choices, each of which may depend on some before it."""
    params: dict[str, Any] = {}
    for name in "abcde"[: draw(st.integers(1, 5))]:
        params[name] = {"kind": "choice", "value": list(range(draw(st.integers(1, 4))))}
        parents = draw(st.lists(st.sampled_from(sorted(params)), max_size=2, unique=True))
        conditions = {
            parent: draw(st.lists(st.sampled_from(params[parent]["value"]), min_size=1, unique=True))
            for parent in parents
            if parent != name
        }
        if conditions:
            params[name]["when"] = conditions
    return params


def listed(params: dict[str, Any]) -> list[dict[str, Any]]:
    """Every point, worked out the slow way: the product, and of each combination what takes part."""
    found: list[dict[str, Any]] = []
    for values in itertools.product(*(spec["value"] for spec in params.values())):
        point: dict[str, Any] = {}
        for name, value in zip(params, values, strict=True):
            conditions = params[name].get("when", {})
            if all(parent in point and point[parent] in wanted for parent, wanted in conditions.items()):
                point[name] = value
        if point not in found:
            found.append(point)
    return found


@settings(max_examples=150, deadline=None)
@given(branching())
def test_a_grid_has_every_point_once_in_the_order_of_the_product(params: dict[str, Any]) -> None:
    grid = plan_search({"kind": "grid", "params": params})
    assert [dict(suggestion.params) for suggestion in grid.suggest([], 0, 10_000)] == listed(params)
    assert grid.total == parse_space(params).size == len(listed(params))


@settings(max_examples=60, deadline=None)
@given(branching(), st.integers(0, 2**40))
def test_as_many_draws_as_there_are_points_are_all_the_points(params: dict[str, Any], seed: int) -> None:
    search = plan_search({"kind": "random", "numRuns": 10_000, "params": params})
    drawn = [dict(suggestion.params) for suggestion in search.suggest([], seed, 10_000)]
    assert len(drawn) == search.total
    assert sorted(map(repr, drawn)) == sorted(map(repr, listed(params)))


@settings(max_examples=60, deadline=None)
@given(branching())
def test_what_a_model_sees_of_a_point_gives_the_point_back(params: dict[str, Any]) -> None:
    cube = Cube(parse_space(params))
    points = cube.encode(listed(params))
    assert [cube.decode(point) for point in points] == listed(params)
    assert [cube.decode(point) for point in cube.snap(points)] == listed(params)


def test_branches_share_the_draws_alike_however_many_points_they_have() -> None:
    alike = {**FEW_BRANCHES, "model": {"kind": "choice", "value": ["none", "trees", "net"]}}
    search = plan_search({"kind": "random", "numRuns": 6, "params": alike})
    assert Counter(suggestion.params["model"] for suggestion in search.suggest([], 3, 6)) == {
        "none": 2,
        "trees": 2,
        "net": 2,
    }
    weighted = plan_search({"kind": "random", "numRuns": 10, "params": FEW_BRANCHES})
    drawn = Counter(suggestion.params["model"] for suggestion in weighted.suggest([], 3, 10))
    assert drawn == {"none": 2, "trees": 5, "net": 3}


def test_a_branch_of_one_point_is_tried_once_though_the_space_has_no_end() -> None:
    search = plan_search({**matrix("tpe", BRANCHING), "numRuns": 20, "maxIterations": 0})
    optimizer = Optimizer(BRANCHING, "tpe", seed=4)
    models = []
    for _ in range(40):
        trial = optimizer.ask()
        models.append(trial.params["model"])
        optimizer.tell(trial, 0.0 if trial.params["model"] == "none" else 1.0)
    assert models.count("none") == 1
    assert search.total == 20


def test_a_space_knows_what_lies_in_it() -> None:
    space = parse_space(FEW_BRANCHES)
    assert {"model": "none", "seed": 1} in space
    assert {"model": "net", "layers": 1, "seed": 1} in space
    assert {"model": "net", "layers": 2, "seed": 1} not in space  # `act` takes part
    assert {"model": "none", "depth": 3, "seed": 1} not in space
    assert space.active({"seed": 1, "act": "relu", "layers": 1, "model": "net"}) == {
        "model": "net",
        "layers": 1,
        "seed": 1,
    }


def test_importance_is_shared_among_parameters_that_take_part_sometimes() -> None:
    optimizer = Optimizer(BRANCHING, "random", seed=4)
    for _ in range(40):
        trial = optimizer.ask()
        optimizer.tell(trial, trial.params.get("depth", 9.0))
    shares = importance(BRANCHING, optimizer.trials)
    assert sum(shares.values()) == pytest.approx(1)
    assert next(iter(shares)) in ("model", "depth")


def test_a_number_of_a_condition_is_the_level_that_it_means() -> None:
    params = {
        "x": {"kind": "linspace", "value": [0, 1, 11]},
        "y": {"kind": "choice", "value": [1, 2], "when": {"x": [0.3, 0.7]}},
    }
    assert 0.3 not in [0.1 * number for number in range(11)], "the levels are not written so"
    assert parse_space(params).size == 9 + 2 * 2


@pytest.mark.parametrize(
    ("when", "message", "hint"),
    [
        ({"b": 1}, "`c` takes part by `b`, which is not declared before it", "declare `b` above `c`"),
        ({"x": 1}, "`c` takes part by `x`, which has no list of values", "make `x` a choice"),
        ({"a": 3}, "when `a` is 3, which it never is", "its values are 1, 2"),
        ({"a": []}, "when `a` is nothing, which it never is", "its values are 1, 2"),
        ({}, "`when` is {}", "write when: {other: value}"),
    ],
)
def test_a_condition_that_cannot_hold_is_refused(when: Any, message: str, hint: str) -> None:
    params = {
        "a": {"kind": "choice", "value": [1, 2]},
        "x": {"kind": "uniform", "value": [0, 1]},
        "c": {"kind": "choice", "value": [1], "when": when},
        "b": {"kind": "choice", "value": [1]},
    }
    with pytest.raises(SpaceError) as error:
        parse_space(params)
    assert message in error.value.message
    assert error.value.hint == hint
