"""A condition's line reads back as the condition, whatever its texts hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polyaxon.store.conditions import condition_line, conditions_of
from polyaxon.store.values import clean_text


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(0, 2**60))))
def test_lines_read_back_in_order(told: list[tuple[str, str, int]]) -> None:
    lines = "".join(condition_line("running", reason, message, at) for reason, message, at in told)
    assert conditions_of(lines) == [
        ["running", clean_text(reason), clean_text(message), at] for reason, message, at in told
    ]


def test_every_line_ends_where_the_next_begins() -> None:
    line = condition_line("running", "Running", "two\nlines\u2028three\x85", 1)
    assert line.count("\n") == 1
    assert line.endswith("\n")
