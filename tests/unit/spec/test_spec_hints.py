"""What is suggested in place of a value of the wrong sort."""

from __future__ import annotations

from typing import Any

import pytest

from polyaxon.errors import SpecError
from polyaxon.spec.check import read
from polyaxon.spec.hints import value_hint
from polyaxon.spec.load import parse


@pytest.mark.parametrize(
    ("label", "value", "hint"),
    [
        ("a whole number of at least 0", "1h", "write the number of seconds: `3600`"),
        ("a whole number of at least 0", "30 minutes", "write the number of seconds: `1800`"),
        ("a whole number of at least 0", "PT2H", "write the number of seconds: `7200`"),
        ("a whole number of at least 0", "two", "write a whole number, such as `1`"),
        ("a whole number of at least 1", 0, "write a whole number, such as `1`"),
        ("a whole number of at least 1", 2.4, "write `2`"),
        ("a whole number of at least 1", "5", "write it without quotes: `5`"),
        ("a number", "much", "write a number, such as `0.5`"),
        ("a number such as 1.1", "v1.1", "write `version: 1.1`, or leave it out"),
        ("a name of letters, digits, `-` and `_`", "my job!", "write `my-job`, for example"),
        ("a name of letters, digits, `-` and `_`", 5, 'put it in quotes: `"5"`'),
        ("a name of letters, digits, `-` and `_`", "é", "write letters, digits, `-` and `_`"),
        ("`queue` or `agent/queue`", "a/b/c", "write `a/b`, for example"),
        ("`queue` or `agent/queue`", "", "leave it out for the default queue"),
        ("true or false", "maybe", "write `true` or `false`"),
        ("a list of texts, or one text", {"--lr": 0.1}, "write a list: `[--lr, 0.1]`"),
        ("a list of texts, or one text", 5, 'put it in quotes: `"5"`'),
        ("text", ["a"], "write one text, in quotes"),
        ("text", True, 'put it in quotes: `"true"`'),
        ("a whole number", 1.5, "write `2`"),
        ("a whole number", float("inf"), "write a whole number, such as `1`"),
        ("another value", 5, None),
    ],
)
def test_the_suggestion_fits_what_was_expected_and_what_was_given(label: str, value: Any, hint: str | None) -> None:
    assert value_hint(label, value) == hint


def test_a_misspelled_field_is_not_missing_as_well() -> None:
    with pytest.raises(SpecError) as caught:
        read(parse("hooks: [{hubref: a}, {conection: b}]\nmatrix: {kind: random, num_runs_: 1, params: {}}", "x.yaml"))
    found = [(problem.code, problem.path) for problem in caught.value.problems]
    assert found == [
        ("PX101", "hooks[0].hubref"),
        ("PX102", "hooks[1]"),
        ("PX101", "hooks[1].conection"),
        ("PX101", "matrix.num_runs_"),
        ("PX115", "matrix.params"),
    ]


def test_no_is_false_where_a_boolean_belongs() -> None:
    with pytest.raises(SpecError) as caught:
        read(parse("inputs: [{name: a, value: 1, isOptional: no}]", "x.yaml"))
    assert [problem.code for problem in caught.value.problems] == ["PX113"]
