"""Names, times and values of event files."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.tracking import layout


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("loss", "loss"),
        ("train/loss:1", "train__loss1"),
        ("train//loss", "train__loss"),
        ("a b", "a-b"),
        ("a.b-c", "a-b-c"),
        ("100%", "100"),
        ("précision", "precision"),
        ("日本", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_names_are_made_safe(name: str, stored: str) -> None:
    assert layout.safe_name(name) == stored


@given(st.text())
def test_a_safe_name_stays_in_its_directory_and_is_its_own_safe_name(name: str) -> None:
    stored = layout.safe_name(name)
    assert stored
    assert not set(stored) & set("/\\.\0|\n ")
    assert layout.safe_name(stored) == stored


def test_moments_are_taken_in_every_form() -> None:
    moment = datetime(2026, 3, 1, 10, 30, 0, 250, tzinfo=UTC)
    for given_moment in (moment, moment.timestamp(), "2026-03-01T10:30:00.000250Z", moment.replace(tzinfo=None)):
        assert layout.timestamp(layout.seconds(given_moment)) == "2026-03-01 10:30:00.000250+00:00"


def test_metric_rows_are_grouped_by_name_in_the_order_logged() -> None:
    rows = [("a", 1, 1e9, 0.5), ("b", None, 1e9 + 0.25, math.nan), ("a", 2, 1e9 + 1, math.inf)]
    assert layout.metric_rows(rows) == {
        "a": ["1|2001-09-09 01:46:40.000000+00:00|0.5\n", "2|2001-09-09 01:46:41.000000+00:00|inf\n"],
        "b": ["|2001-09-09 01:46:40.250000+00:00|nan\n"],
    }


@given(st.floats(min_value=0, max_value=4e9))
def test_a_row_has_the_timestamp_of_its_moment(at: float) -> None:
    (row,) = layout.metric_rows([("a", None, at, 1.0)])["a"]
    written = datetime.fromisoformat(row.split("|")[1]).timestamp()
    assert abs(written - at) < 2e-6


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(_json)
def test_a_row_of_json_splits_in_three_and_gives_the_value_back(value: Any) -> None:
    row = layout.csv_row(3, 1e9, value)
    assert row.count("\n") == 1
    step, _, text = row.rstrip("\n").split("|")
    assert (step, json.loads(text)) == ("3", value)


def test_what_is_not_json_is_written_as_what_it_means() -> None:
    value = {
        "nan": math.nan,
        "array": np.arange(3),
        "scalar": np.float32(0.5),
        "bad": np.float64("inf"),
        "set": {2, 1},
        "moment": datetime(2026, 3, 1, tzinfo=UTC),
        "object": ValueError("x"),
        (1, 2): b"\xff",
    }
    assert json.loads(layout.encode(value)) == {
        "nan": "nan",
        "array": [0, 1, 2],
        "scalar": 0.5,
        "bad": "inf",
        "set": [1, 2],
        "moment": "2026-03-01T00:00:00+00:00",
        "object": "x",
        "(1, 2)": "\ufffd",
    }


def test_a_value_that_holds_itself_is_written() -> None:
    value: dict[str, Any] = {"x": 1}
    value["self"] = value
    assert json.loads(layout.encode(value))["x"] == 1
