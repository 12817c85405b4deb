"""Conditions: with and without braces, words for true and false, and everything else an error."""

from __future__ import annotations

import pytest

from polyaxon.compiler.conditions import evaluate, shape_of
from polyaxon.compiler.template import TemplateError

CONTEXT = {"loss": 0.3, "arch": "m", "flag": True, "word": "yes", "one": 1}

ANSWERS = [
    ("true", True),
    ("FALSE", False),
    ("yes", True),
    ("n", False),
    ("1", True),
    ("off", False),
    ("{{ loss < 0.5 }}", True),
    ("{{ loss < 0.2 and arch == 'm' }}", False),
    ("{{ arch in ['m', 'l'] }}", True),
    ("loss > 0.2", True),
    ("not flag", False),
    ("flag", True),
    ("{{ word }}", True),
    ("{{ one }}", True),
    ("  {{ loss < 0.5 }}\n", True),
    ("{% if loss > 1 %}true{% else %}false{% endif %}", False),
]


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_a_condition_answers(text: str, answer: bool) -> None:
    assert evaluate(text, CONTEXT) is answer


@pytest.mark.parametrize(
    "text", ["", "perhaps", "{{ loss }}", "{{ arch }}", "2", "{{ loss + 1 }}", "{{ missing }}", "loss >"]
)
def test_what_is_neither_true_nor_false_is_an_error(text: str) -> None:
    with pytest.raises(TemplateError):
        evaluate(text, CONTEXT)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a > 1", "boolean"),
        ("{{ a }}", "name"),
        ("a + 1", "a calculation"),
        ("a ~ 'x'", "a text put together"),
        ("a.b()", None),
    ],
)
def test_the_form_of_a_condition_tells_what_it_gives(text: str, shape: str | None) -> None:
    assert shape_of(text) == shape
