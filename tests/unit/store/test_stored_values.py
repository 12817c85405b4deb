"""What is written in columns reads back equal."""

from __future__ import annotations

import ast
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyaxon.store
from polyaxon.store.values import clean_text, from_json, from_micros, micros, to_json

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right) and type(left) is type(right)


@given(values)
def test_json_comes_back_with_nan_infinity_and_broken_text(value: Any) -> None:
    text = to_json(value)
    text.encode()
    assert same(value, from_json(text))


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_are_exact_to_the_microsecond(at: datetime) -> None:
    assert from_micros(micros(at)) == at


@given(st.text(st.characters()))
def test_cleaned_text_is_storable_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize("module", ["__init__", "reader", "search", "values", "migrate", "wakeup"])
def test_what_training_code_imports_is_python_3_8(module: str) -> None:
    path = Path(str(polyaxon.store.__file__)).with_name(f"{module}.py")
    ast.parse(path.read_text(), feature_version=(3, 8))
