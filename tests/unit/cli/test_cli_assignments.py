"""`NAME=VALUE` arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.cli.assignments import read_assignments, read_bool, read_hparams, read_list
from polyaxon.errors import UsageError

names = st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True)


@given(st.dictionaries(names, st.text()))
def test_what_is_written_as_name_equals_value_is_read_back(values: dict[str, str]) -> None:
    assert read_assignments("-P", [f"{name}={value}" for name, value in values.items()]) == values


def test_only_the_first_equals_sign_separates() -> None:
    assert read_assignments("-P", ["a=1=2"]) == {"a": "1=2"}


@pytest.mark.parametrize("texts", [["a"], ["=1"], [""], ["a=1", "a=2"]])
def test_a_missing_name_or_value_or_a_repeated_name_is_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError):
        read_assignments("-P", texts)


def test_search_parameters_take_lists_and_colons() -> None:
    assert read_hparams(["lr=choice:[0.1,0.2]", "n=linspace:0:1:3", "act=choice:[relu, tanh]"]) == {
        "lr": {"kind": "choice", "value": [0.1, 0.2]},
        "n": {"kind": "linspace", "value": "0:1:3"},
        "act": {"kind": "choice", "value": ["relu", "tanh"]},
    }


@pytest.mark.parametrize("text", ["lr=1", "lr=choice:", "lr=:1", "lr=choice:[1,"])
def test_a_search_parameter_without_kind_or_readable_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_hparams([text])


def test_yes_and_no_have_many_spellings_and_nothing_else_does() -> None:
    assert [read_bool("--cache", word) for word in ("yes", "T", "1", "off", "No", None)] == [
        True,
        True,
        True,
        False,
        False,
        None,
    ]
    with pytest.raises(UsageError):
        read_bool("--cache", "maybe")


def test_lists_are_split_at_commas() -> None:
    assert read_list(" a, b,,c ") == ("a", "b", "c")
    assert read_list(None) == ()
