"""Regular expressions of users: they mean what they mean in Python, and none takes for ever."""

from __future__ import annotations

import re
import time

import pytest

from polyaxon.spec.regex import begins_with_match, check_expression

SAMPLES = ["", "a", "ab", "abc", "abc\n", "a1", "Ärger", "12", "1.5", "foo-bar", "x" * 50, "a\nb"]


@pytest.mark.parametrize(
    "expression",
    ["a", "^a", "a$", "^abc$", r"\w+$", r"\d+(\.\d+)?$", "[a-c]+", "(?i)ABC", "(?P<x>a)b", r"a\Z", ".*b", r"\$", "a|b"],
)
def test_an_expression_means_what_it_means_in_python(expression: str) -> None:
    for text in SAMPLES:
        assert begins_with_match(expression, text) == bool(re.match(expression, text)), text


@pytest.mark.parametrize(("text", "answer"), [("train", True), ("test-1", False)])
def test_look_around_is_understood(text: str, answer: bool) -> None:
    assert begins_with_match("^(?!test)[a-z]+$", text) is answer


@pytest.mark.parametrize("expression", ["^(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*b", r"(\w+\s?)*$", "a*a*a*a*a*a*b"])
def test_no_expression_takes_for_ever(expression: str) -> None:
    began = time.process_time()
    assert not begins_with_match(expression + "$", "a" * 5000 + "!")
    assert time.process_time() - began < 1


@pytest.mark.parametrize("expression", ["(?=(a+)+$)", r"(a)(\1+)+$", "(?!b)a*a*a*a*b", "((a{1,1000}){1,1000}){1,1000}"])
def test_an_expression_that_could_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="could take too long"):
        check_expression(expression)


@pytest.mark.parametrize("expression", ["(", "[", "a**", "(?P<x"])
def test_an_expression_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        check_expression(expression)
