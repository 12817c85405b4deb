"""The encoder that is made once writes what the standard one writes."""

from __future__ import annotations

import json
import json.encoder
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.model.json_text import encoder

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
WAYS = [
    {"ascii_only": ascii_only, "sort": sort, "without": without}
    for ascii_only in (True, False)
    for sort in (True, False)
    for without in (True, False)
]


@pytest.mark.parametrize("way", WAYS)
@given(value=VALUES)
def test_it_writes_what_the_standard_library_writes(way: dict[str, bool], value: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if way["without"]:
            patch.setattr(json.encoder, "c_make_encoder", None)
        text = encoder(str, ascii_only=way["ascii_only"], sort=way["sort"])(value)
    kind = {"ensure_ascii": way["ascii_only"], "sort_keys": way["sort"]}
    assert text == json.dumps(value, separators=(",", ":"), **kind)


def test_what_json_does_not_know_is_asked_for() -> None:
    assert encoder(str, ascii_only=True)([datetime(2026, 1, 1, tzinfo=UTC)]) == '["2026-01-01 00:00:00+00:00"]'


def test_numbers_that_are_none_are_refused_where_nobody_wants_them() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encoder(str, ascii_only=True, nan=False)({"loss": float("nan")})


def test_a_value_that_holds_itself_is_an_error() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(RecursionError):
        encoder(str, ascii_only=True)(value)
