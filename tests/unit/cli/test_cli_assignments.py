"""`NAME=VALUE` arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.cli.assignments import read_assignments, read_bool, read_list, read_mirrors
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


def test_a_mirror_is_split_at_its_last_equals_sign_and_a_directory_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_mirrors(["https://x/y?a=b=models", "https://z=https://w"]) == {
        "https://x/y?a=b": str(tmp_path / "models"),
        "https://z": "https://w",
    }
    with pytest.raises(UsageError):
        read_mirrors(["https://x"])
