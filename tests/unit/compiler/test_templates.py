"""What templates become, the sane way; what they may not do; and the two readers agree."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.defaults import DEFAULT_FILTERS
from limited import within_limits
from template_attacks import BOMBS, CONTEXT, ESCAPES, VALUES

from polyaxon.compiler import sandbox, template
from polyaxon.compiler.template import Template, TemplateError, parse, render
from polyaxon.compiler.tree import plan
from polyaxon.compiler.tree import render as render_tree


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_template_gives_its_value(text: str, value: Any) -> None:
    found = render(text, CONTEXT)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "name"),
    [("{{ y }}", "y"), ("a {{ y }} b", "y"), ("{{ d.zz }}", "d.zz"), ("{{ y.z }}", "y"), ("{{ y + 1 }}", "y")],
)
def test_an_undefined_name_is_an_error_that_names_it(text: str, name: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(text, CONTEXT)
    assert caught.value.kind == "undefined"
    assert caught.value.name == name


@pytest.mark.parametrize(
    "text", ["{{ n )", "{{ n >>> }}", "{% if %}", "{{ }}", "{{ n | nofilter }}", "{% for x in l %}"]
)
def test_a_template_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert caught.value.kind == "syntax"


def refusal(text: str) -> TemplateError | None:
    try:
        render(text, CONTEXT)
    except TemplateError as error:
        return error
    return None


@pytest.mark.bomb
@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_is_refused_quickly_and_in_little_memory(text: str) -> None:
    sandbox.parse("{{ n }}")  # imports what rendering needs
    assert within_limits(lambda: type(refusal(text))).value is TemplateError


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_gets_out_of_the_sandbox(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text, CONTEXT)
    assert CONTEXT["l"] == [1, 2]


@pytest.mark.parametrize("reader", [template.parse, sandbox.parse])
def test_a_mappings_own_method_is_refused_by_both_readers(reader: Callable[[str], Template]) -> None:
    with pytest.raises(TemplateError) as caught:
        reader("{{ d.keys}}").evaluate({"d": {"a": 1}})
    assert caught.value.kind == "refused"


@pytest.mark.parametrize("name", sorted(DEFAULT_FILTERS))
@pytest.mark.parametrize("arguments", ["", "(d)", "(l, 2)"])
def test_no_filter_changes_the_value_it_is_given(name: str, arguments: str) -> None:
    values = {"l": [1, [2], {"a": [3]}], "d": {"b": [1], "a": {}}, "s": "x\ny"}
    kept = copy.deepcopy(values)
    for subject in values:
        with suppress(TemplateError):
            parse("{{ " + subject + " | " + name + arguments + " }}").evaluate(values)
    assert values == kept


def test_randomness_is_not_to_be_had() -> None:
    with pytest.raises(TemplateError):
        render("{{ l | random }}", CONTEXT)
    with pytest.raises(TemplateError):
        render("{{ lipsum() }}", CONTEXT)


WORDS = st.sampled_from(["n", "l", "d.a", "d", "s", "t", "nothing", "globals.uuid", "missing", "d.no", "n.no"])
PIECES = st.one_of(
    WORDS.map(lambda word: "{{ " + word + " }}"),
    WORDS.map(lambda word: "{{" + word + "}}"),
    st.text("ab {}%#\n=\"'", max_size=4),
)


def outcome(read: Any, text: str) -> Any:
    try:
        return read(text).evaluate(CONTEXT)
    except TemplateError as error:
        return error.kind


@given(st.lists(PIECES, min_size=1, max_size=5).map("".join))
def test_the_quick_reader_agrees_with_jinja(text: str) -> None:
    if template.has_template(text):
        assert outcome(parse, text) == outcome(sandbox.parse, text)


@pytest.mark.parametrize(
    ("text", "names", "optional", "paths"),
    [
        ("{{ a }} {{ b.c }}", {"a", "b"}, set(), {("a",), ("b", "c")}),
        ("{{ a if b is defined else c | default(1) }}", {"a"}, {"b", "c"}, set()),
        ("{{ globals['uuid'] + x }}", {"globals", "x"}, set(), {("globals", "uuid")}),
        ("{% for i in items %}{{ i }}{% endfor %}", {"items"}, set(), set()),
    ],
)
def test_a_template_tells_what_it_names(text: str, names: set[str], optional: set[str], paths: set[Any]) -> None:
    found = parse(text)
    assert (found.names, found.optional) == (names, optional)
    assert paths <= found.paths


def test_a_section_is_rendered_where_it_has_templates_keys_included() -> None:
    section = {"a": "{{ n }}", "b": ["x", "{{ s }}"], "{{ s }}": {"c": 1}}
    assert render_tree(section, CONTEXT) == {"a": 3, "b": ["x", "abc"], "abc": {"c": 1}}
    assert section["a"] == "{{ n }}"


@pytest.mark.parametrize(("key", "became"), [("{{ n }}", "3"), ("{{ day }}", "2030-01-31"), ("{{ t }}", "True")])
def test_a_key_becomes_text(key: str, became: str) -> None:
    assert render_tree({key: 1}, CONTEXT) == {became: 1}


@pytest.mark.parametrize("key", ["{{ l }}", "{{ d }}", "{{ nothing }}"])
def test_a_key_that_is_no_text_is_an_error_at_its_place(key: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render_tree({"a": {key: 1}}, CONTEXT)
    assert caught.value.path == ("a", key)


def test_a_section_without_templates_needs_no_rendering() -> None:
    assert plan({"a": [1, "x", {"b": None}]}) is None


def test_an_error_says_where_in_the_section_it_arose() -> None:
    with pytest.raises(TemplateError) as caught:
        render_tree({"a": [0, {"b": "{{ nope }}"}]}, CONTEXT)
    assert caught.value.path == ("a", 1, "b")
