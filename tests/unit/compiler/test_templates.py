"""What templates become, the sane way; what they may not do; and the two readers agree."""

from __future__ import annotations

import time
from datetime import date
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.compiler import sandbox, template
from polyaxon.compiler.template import TemplateError, parse, render
from polyaxon.compiler.tree import plan
from polyaxon.compiler.tree import render as render_tree

CONTEXT: dict[str, Any] = {
    "n": 3,
    "x": 0.5,
    "l": [1, 2],
    "d": {"a": 1, "items": 5},
    "t": True,
    "nothing": None,
    "s": "abc",
    "seven": "7",
    "day": date(2030, 1, 31),
    "globals": {"uuid": "u1"},
}

VALUES = [
    ("{{ n }}", 3),
    ("v={{ n }}", "v=3"),
    ("{{ l }}", [1, 2]),
    ("v={{ l }}", "v=[1, 2]"),
    ("{{ d }}", {"a": 1, "items": 5}),
    ("{{ t }}", True),
    ("v={{ t }}", "v=True"),
    ("{{ nothing }}", None),
    ("v={{ nothing }}", "v=None"),
    ("{{ s }}", "abc"),
    ("{{ seven }}", "7"),
    ("v={{ seven }}", "v=7"),
    ("{{ seven == '7' }}", True),
    ("  {{ n }}\n", 3),
    ("{{n}}", 3),
    ("{{ n }}{{ n }}", "33"),
    ("{{ globals.uuid }}/x", "u1/x"),
    ("{{ d.items }}", 5),
    ("{{ d['a'] }}", 1),
    ("{{ s.upper() }}", "ABC"),
    ("{{ day.year }}", 2030),
    ("{{ n + 1 }}", 4),
    ("{{ n > 2 and s == 'abc' }}", True),
    ("{{ 'yes' if t else 'no' }}", "yes"),
    ("{% if n > 5 %}big{% else %}small{% endif %}", "small"),
    ("{% for i in l %}{{ i }};{% endfor %}", "1;2;"),
    ("{{ l | join('-') }}", "1-2"),
    ("{{ l | map_format('--n={0}') }}", ["--n=1", "--n=2"]),
    ("{{ l | map_format('--n={n}', 'n') }}", ["--n=1", "--n=2"]),
    ("{{ missing | default('d') }}", "d"),
    ("{{ missing is defined }}", False),
    ("{# a comment #}{{ n }}", 3),
    ("plain", "plain"),
    ("1e5", "1e5"),
    ("True", "True"),
    ("[1,2]", "[1,2]"),
    ("a\n", "a\n"),
    ("{{ n }} lines\n", "3 lines\n"),
    ("{% raw %}{{ n }}{% endraw %}", "{{ n }}"),
]


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


NESTED_LISTS = "{% set a=[1,1] %}" + "{% set a=[a,a] %}" * 40 + "{{ a }}"
BOMBS = [
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'a' }}",
    "{{ [0] * 10**9 }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ range(10**9) | list }}",
    "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
    "{{ '%0999999999d' | format(1) }}",
    "{{ '%*d' | format(999999999, 1) }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ '{:{}}'.format(1, 999999999) }}",
    "{{ 'a'.ljust(10**9) }}",
    "{{ 'a' | center(10**8) }}",
    "{{ ('a' * 99999).replace('a', 'b' * 99999) }}",
    "{{ (['a' * 99999] * 99999) | join }}",
    "{{ 'a'.join(['b' * 99999] * 99999) }}",
    "{{ ('a\n' * 99999) | indent(9999) }}",
    "{% set s = 'a' %}" + "{% set s = s ~ s %}" * 40 + "{{ s }}",
    "{% set s = 'a' %}" + "{% set s = s + s %}" * 40 + "{{ s }}",
    NESTED_LISTS,
    NESTED_LISTS.replace("{{ a }}", "{{ a | tojson }}"),
    NESTED_LISTS.replace("{{ a }}", "{{ a == [1] }}"),
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "[" * 300 + "]" * 300 + " }}",
    "{{ " + "+".join(["1"] * 20000) + " }}",
    "{{ n" + ".a" * 20000 + " }}",
    "{{ n " * 20000,
    "{{ l | map_format('{0:>999999999}') }}",
]
ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ n.__class__ }}",
    "{{ ().__class__.__bases__[0].__subclasses__() }}",
    "{{ s.format.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ '{0.__class__}'.format(n) }}",
    "{{ l | map_format('{0.__class__}') }}",
    "{{ l | map(attribute='__class__') | list }}",
    "{{ n | attr('__class__') }}",
    "{{ self }}",
    "{{ cycler }}",
    "{{ l.append(3) }}",
    "{{ d.update({'b': 1}) }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% include 'x' %}",
    "{% import 'x' as x %}",
    "{% extends 'x' %}",
    "{% for x in l recursive %}{{ loop(l) }}{% endfor %}",
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_is_refused_quickly_and_in_little_memory(text: str) -> None:
    peak, start = getrusage(RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(TemplateError):
        render(text, CONTEXT)
    assert time.process_time() - start < 3  # well below a second on an idle machine
    assert getrusage(RUSAGE_SELF).ru_maxrss - peak < 200_000


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_gets_out_of_the_sandbox(text: str) -> None:
    with pytest.raises(TemplateError):
        render(text, CONTEXT)
    assert CONTEXT["l"] == [1, 2]


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


def test_a_section_without_templates_needs_no_rendering() -> None:
    assert plan({"a": [1, "x", {"b": None}]}) is None


def test_an_error_says_where_in_the_section_it_arose() -> None:
    with pytest.raises(TemplateError) as caught:
        render_tree({"a": [0, {"b": "{{ nope }}"}]}, CONTEXT)
    assert caught.value.path == ("a", 1, "b")
