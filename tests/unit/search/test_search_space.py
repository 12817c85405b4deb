"""Every parameter kind of the format: its values, its laws, its refusals."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon.errors import UserError
from polyaxon.search import SpaceError, parse_space
from polyaxon.search.draw import unit
from polyaxon.search.space import Parameter


def parameter(kind: str, value: object) -> Parameter:
    return parse_space({"x": {"kind": kind, "value": value}}).parameters[0]


def values_of(kind: str, value: object) -> list[object]:
    levels = parameter(kind, value).levels
    assert levels is not None
    return [levels[index] for index in range(len(levels))]


EXPANSIONS = [
    ("choice", [1, "a", None, {"k": 1}], [1, "a", None, {"k": 1}]),
    ("range", [1, 10, 2], [1.0, 3.0, 5.0, 7.0, 9.0]),
    ("range", {"start": 0.1, "stop": 1, "step": 0.3}, [0.1, 0.4, 0.7]),
    ("range", "1:4:1", [1.0, 2.0, 3.0]),
    ("linspace", "0.001:0.1:5", [0.001, 0.02575, 0.0505, 0.07525, 0.1]),
    ("linspace", [0, 1, 1], [0.0]),
    ("logspace", "0.01:0.1:5", [10 ** (0.01 + 0.0225 * step) for step in range(5)]),
    ("logspace", [0, 3, 4, 2], [1.0, 2.0, 4.0, 8.0]),
    ("geomspace", "1:1000:4", [1, 10, 100, 1000]),
    ("daterange", ["2024-01-01", "2024-01-10", 4], [date(2024, 1, 1), date(2024, 1, 5), date(2024, 1, 9)]),
    (
        "datetimerange",
        {"start": "2024-01-01T00:00:00", "stop": "2024-01-01T03:00:00", "step": "PT1H"},
        [datetime(2024, 1, 1, hour, tzinfo=UTC).replace(tzinfo=None) for hour in range(3)],
    ),
    ("datetimerange", [datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:02:00+00:00", 60], None),
]


@pytest.mark.parametrize(("kind", "value", "expected"), EXPANSIONS)
def test_a_discrete_kind_expands_to_the_list_of_the_format(kind: str, value: object, expected: Any) -> None:
    if expected is None:
        expected = [datetime(2024, 1, 1, 0, minute, tzinfo=UTC).replace(tzinfo=None) for minute in range(2)]
    found = values_of(kind, value)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == (pytest.approx(other) if isinstance(other, float) else other)


LAWS = [
    ("uniform", [2, 4], 0.5, 3.0),
    ("uniform", "2:4", 0.25, 2.5),
    ("loguniform", [math.log(1e-4), 0], 0.5, 1e-2),
    ("normal", {"loc": 3, "scale": 2}, 0.5, 3.0),
    ("lognormal", [0, 1], 0.5, 1.0),
    ("qnormal", [0, 10, 4], 0.55, 0.0),
    ("qlognormal", [3, 0.1, 5], 0.5, 20.0),
    ("quniform", [0, 10, 4], 0.55, 4.0),
    ("qloguniform", [0, math.log(100), 10], 0.999, 100.0),
    ("uniform", [0, 1, 7], 0.5, 0.5),
]


@pytest.mark.parametrize(("kind", "value", "share", "expected"), LAWS)
def test_a_distribution_has_the_quantiles_of_its_law(kind: str, value: object, share: float, expected: float) -> None:
    assert parameter(kind, value).quantile(share) == pytest.approx(expected)


def test_q_kinds_round_to_the_nearest_multiple_and_stay_inside_their_bounds() -> None:
    drawn = [parameter("quniform", [1, 11, 4]).quantile(unit(3, index)) for index in range(300)]
    assert set(drawn) == {4.0, 8.0}
    assert parameter("quniform", [0, 1, 0.1]).quantile(0.31) == 0.3


def test_the_ends_of_a_q_kind_have_half_the_probability_of_its_middle() -> None:
    drawn = [parameter("quniform", [0, 2, 1]).quantile(unit(5, index)) for index in range(4000)]
    assert drawn.count(0.0) == pytest.approx(1000, abs=150)
    assert drawn.count(1.0) == pytest.approx(2000, abs=150)


def test_pchoice_draws_by_probability_and_gives_missing_mass_to_the_last_item() -> None:
    relu = parameter("pchoice", [["relu", 0.1], ["sigmoid", 0.8]])
    drawn = [relu.quantile(unit(1, index)) for index in range(5000)]
    assert drawn.count("relu") == pytest.approx(500, abs=100)


REFUSALS = [
    ({"kind": "chioce", "value": [1]}, "did you mean `choice`"),
    ({"kind": "choice", "value": []}, "write value: [a, b, …]"),
    ({"kind": "choice", "value": "abc"}, "write value: [a, b, …]"),
    ({"kind": "choice"}, "give it a `value`"),
    ({"kind": "choice", "value": [1], "values": [2]}, "keep only"),
    ({"kind": "pchoice", "value": [["a", 0.7], ["b", 0.7]]}, "add up to 1"),
    ({"kind": "pchoice", "value": [["a", 2]]}, "between 0 and 1"),
    ({"kind": "range", "value": [0, 10]}, "[start, stop, step]"),
    ({"kind": "range", "value": [10, 0, 1]}, "swap or widen"),
    ({"kind": "range", "value": [0, 10, -1]}, "above 0"),
    ({"kind": "range", "value": 4202}, "[start, stop, step]"),
    ({"kind": "linspace", "value": "0:abc:5"}, "write a number for `stop`"),
    ({"kind": "linspace", "value": [0, 1, 2.5]}, "whole number"),
    ({"kind": "linspace", "value": [0, 1, 5, 6]}, "[start, stop, num]"),
    ({"kind": "logspace", "value": {"start": 0, "stop": 1, "num": 3, "bas": 2}}, "[start, stop, num]"),
    ({"kind": "geomspace", "value": [0, 1, 3]}, "one sign"),
    ({"kind": "daterange", "value": ["2024-02-01", "2024-01-01", 1]}, "dates such as"),
    ({"kind": "datetimerange", "value": ["2024-01-01", "2024-01-02", "often"]}, "duration such as PT1H"),
    ({"kind": "normal", "value": [0, -1]}, "scale of 0 or more"),
    ({"kind": "quniform", "value": [0, 1, 0]}, "q above 0"),
    ({"kind": "loguniform", "value": [1, 1000]}, "logarithms of the bounds"),
    (3, "{kind: …, value: …}"),
]


@pytest.mark.parametrize(("spec", "fix"), REFUSALS)
def test_a_wrong_parameter_is_refused_with_its_name_and_the_fix(spec: Any, fix: str) -> None:
    with pytest.raises(SpaceError) as refused:
        parse_space({"lr": spec})
    assert isinstance(refused.value, UserError)
    assert refused.value.name == "lr"
    assert "lr" in refused.value.message
    assert fix in str(refused.value.hint)


def test_the_size_counts_distinct_points_and_is_unknown_for_a_continuum() -> None:
    assert parse_space({"a": {"kind": "choice", "value": [1, 1.0, 2]}}).size == 2
    assert parse_space({"a": {"kind": "pchoice", "value": [["x", 0.0], ["y", 1.0]]}}).size == 1
    assert parse_space({"a": {"kind": "range", "value": [0, 1e9, 1]}}).size == 10**9
    assert parse_space({"a": {"kind": "uniform", "value": [0, 1]}}).size is None


KINDS = st.sampled_from([(kind, value) for kind, value, _ in EXPANSIONS] + [(k, v) for k, v, *_ in LAWS])


@settings(max_examples=40, deadline=None)
@given(KINDS, st.floats(0, 1, exclude_max=True))
def test_cube_and_value_are_inverse_where_a_value_came_from_the_cube(kind: tuple[str, object], u: float) -> None:
    space = parse_space({"x": {"kind": kind[0], "value": kind[1]}})
    params = space.point([u])
    assert params in space
    again = space.positions(params)[0]
    assert again is not None
    assert 0 <= again <= 1
    back = space.point([again])["x"]
    assert back == (pytest.approx(params["x"], rel=1e-6, abs=1e-6) if isinstance(back, float) else params["x"])


def test_dates_written_as_text_are_recognised_in_history() -> None:
    space = parse_space({"d": {"kind": "daterange", "value": ["2024-01-01", "2024-01-11", 1]}})
    assert space.positions({"d": "2024-01-03"}) == space.positions({"d": date(2024, 1, 3)}) == [0.25]


def test_importing_the_room_and_planning_simple_searches_needs_no_numpy() -> None:
    code = (
        "import sys; from polyaxon.search import plan_search\n"
        "s = plan_search({'kind': 'random', 'numRuns': 3, 'params': {'a': {'kind': 'uniform', 'value': [0, 1]}}})\n"
        "s.window(0, 3, 1); assert not {'numpy', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
