"""Inputs and outputs: what makes them optional, what their rules mean, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from polyaxon.spec.io import IO, RESERVED_NAMES, validate
from polyaxon.spec.types import CastError


def io(**fields) -> IO:
    return IO.model_validate({"name": "x", **fields})


@pytest.mark.parametrize(
    ("fields", "required"),
    [
        ({}, True),
        ({"isOptional": False}, True),
        ({"isOptional": True}, False),
        ({"value": 1}, False),
        ({"value": None}, False),
        ({"value": 1, "isOptional": True}, False),
    ],
)
def test_a_default_or_the_mark_makes_an_input_optional(fields, required) -> None:
    assert io(**fields).is_required is required


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 1, "isOptional": False},
        {"value": None, "isOptional": False},
        {"type": "int", "isFlag": True},
        {"isFlag": True},
        {"type": "int", "value": "abc"},
        {"type": "int", "value": "{{ y }}"},
        {"type": "int", "isList": True, "value": 3},
        {"type": "float", "value": 2, "validation": {"le": 1}},
        {"type": "str", "value": "d", "options": ["a", "b"]},
        {"type": "nope"},
        {"type": "Union[int, str]"},
        {"default": 3},
        {"validation": {"regex": "("}},
        {"validation": {"other": 1}},
        {"isOptional": "{{ x }}"},
    ],
)
def test_a_contradiction_is_refused_when_the_file_is_read(fields) -> None:
    with pytest.raises(ValidationError):
        io(**fields)


@pytest.mark.parametrize("name", [*sorted(RESERVED_NAMES), "a b", "1a", "a.b", "", "é"])
def test_a_name_that_templates_could_not_use_is_refused(name) -> None:
    with pytest.raises(ValidationError):
        io(name=name)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "str", "value": "{{ y }}"},
        {"type": "path", "value": "{{ globals.run_outputs_path }}/report.html"},
        {"type": "int", "isList": True, "value": [1, 2]},
        {"type": "int", "value": "5"},
        {"type": "bool", "isFlag": True, "value": False},
        {"value": {"any": ["thing"]}},
        {"type": "List[int]", "value": [1]},
        {"type": "git", "value": {"revision": "dev"}, "toInit": True, "connection": "c"},
    ],
)
def test_what_fits_is_accepted_and_kept_as_written(fields) -> None:
    assert io(**fields).value == fields["value"]


def test_options_are_short_for_a_rule() -> None:
    found = io(type="str", options=["s", "m"])
    assert found.validation is not None
    assert found.validation.options == ["s", "m"]
    assert found.to_dict() == {"name": "x", "type": "str", "validation": {"options": ["s", "m"]}}
    assert io(**found.to_dict()) == found


@pytest.mark.parametrize("fields", [{"delayValidation": True}, {"validation": {"delay": True}}])
def test_both_spellings_of_a_delay_mean_the_same(fields) -> None:
    assert io(**fields).is_delayed


def test_python_types_name_types() -> None:
    assert IO(name="x", type=int).type == "int"
    assert IO(name="x", type=list[str]).type == "list[str]"


RULES = [
    ("float", {"gt": 0, "le": 1}, [0.5, 1], [0, 1.1]),
    ("float", {"ge": 0, "lt": 1}, [0], [1, -1]),
    ("date", {"ge": "2024-01-01"}, ["2024-01-01"], ["2023-12-31"]),
    ("int", {"multipleOf": 3}, [0, 9], [10]),
    ("float", {"multipleOf": 0.1}, [0.3], [0.35]),
    ("int", {"minDigits": 2, "maxDigits": 3}, [10, 999, -10], [9, 1000]),
    ("float", {"decimalPlaces": 2}, [1.25, 3], [1.255]),
    ("str", {"regex": "a+"}, ["aab"], ["ba"]),
    ("str", {"minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd"]),
    ("str", {"contains": "x"}, ["axb"], ["ab"]),
    ("str", {"excludes": "x"}, ["ab"], ["axb"]),
    ("str", {"options": ["s", "m"]}, ["s"], ["l"]),
    ("list", {"minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
    ("list", {"gt": 1}, [[2, 3]], [[1, 2]]),
    ("dict", {"keys": ["a", "b"]}, [{"a": 1, "b": 2}], [{"a": 1}, {"a": 1, "b": 2, "c": 3}]),
    ("dict", {"containsKeys": ["a"]}, [{"a": 1, "b": 2}], [{"b": 1}]),
    ("dict", {"excludesKeys": ["a"]}, [{"b": 1}], [{"a": 1}]),
    ("dict", {"gt": 1}, [{"a": 2}], [{"a": 1}]),
    ("str", {"gt": 1}, [], ["a"]),
]


@pytest.mark.parametrize(("name", "rules", "good", "bad"), RULES, ids=[f"{row[0]}-{'-'.join(row[1])}" for row in RULES])
def test_a_rule_lets_pass_and_holds_back(name, rules, good, bad) -> None:
    judge = io(type=name, validation=rules)
    for value in good:
        validate(judge, value)
    for value in bad:
        with pytest.raises(CastError):
            validate(judge, value)


def test_a_rule_holds_for_every_item_of_a_list_input() -> None:
    judge = io(type="int", isList=True, validation={"gt": 0, "maxItems": 2})
    assert validate(judge, "[1, 2]") == [1, 2]
    for value in ([0], [1, 2, 3]):
        with pytest.raises(CastError):
            validate(judge, value)


def test_nothing_passes_only_where_the_input_is_optional() -> None:
    assert validate(io(type="int", isOptional=True), None) is None
    with pytest.raises(CastError, match="required"):
        validate(io(type="int"), None)
