"""Operations made after the likeness of another are what validating each would have made of them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from polyaxon.errors import SpecError
from polyaxon.spec.check import read
from polyaxon.spec.dump import dump
from polyaxon.spec.likeness import with_likenesses
from polyaxon.spec.load import parse
from polyaxon.spec.operation import Operation

SECTIONS: list[dict[str, Any]] = [
    {},
    {"cache": {"disable": True}},
    {"cache": {"disable": 1}},
    {"cache": {"disable": None, "ttl": 3}},
    {"cache": {"ttl": 3.0}},
    {"termination": {"maxRetries": 2}, "tags": "a, b"},
    {"termination": {"maxRetries": "2"}, "kind": "operation"},
    {"plugins": {"collectLogs": False}, "queue": "{{ q }}", "trigger": "all_done"},
    {"skipOnUpstreamSkip": True, "description": "ü"},
    {"matrix": {"kind": "mapping", "values": [{"a": 1}]}},
    {"component": {"run": {"kind": "job", "container": {"image": "x"}}}, "dagRef": None},
    {"hooks": [{"hubRef": "h"}]},
    {"dag_ref": "u", "dagRef": None},
]
OWN: dict[str, list[Any]] = {
    "name": ["a", "b-1", "{{ n }}", "no name", "a\n", None, 3],
    "dependencies": [[], ["a"], ["a", "b"], None, "a", [1]],
    "conditions": ["{{ a }}", None, 4],
    "params": [
        {},
        {"n": 1},
        {"n": {"value": "x"}},
        {"m": {"ref": "ops.a", "value": "outputs.o"}},
        {"n": {"ref": 1}},
        None,
    ],
}
operations = st.builds(
    lambda section, own: {"dagRef": "t", **section, **own},
    st.sampled_from(SECTIONS),
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in OWN.items()}),
)


def file_of(items: list[Any]) -> dict[str, Any]:
    return {"kind": "operation", "component": {"run": {"kind": "dag", "operations": items}}}


def found(value: Any) -> Any:
    """What validation makes of it: the model, or the places and kinds of the mistakes."""
    try:
        return Operation.model_validate(value)
    except ValidationError as error:
        return [(item["loc"], item["type"], item["msg"]) for item in error.errors(include_url=False)]


@given(st.lists(operations, min_size=8, max_size=24))
def test_a_likeness_is_what_validating_the_operation_gives(items: list[Any]) -> None:
    given_value = file_of(items)
    kept = deepcopy(given_value)
    expected, likened = found(deepcopy(given_value)), found(with_likenesses(given_value))
    assert given_value == kept
    assert likened == expected
    if isinstance(expected, Operation):
        assert json.dumps(dump(likened)) == json.dumps(dump(expected))
        for one, other in zip(likened.component.run.operations, expected.component.run.operations, strict=True):
            assert one.model_fields_set == other.model_fields_set
            assert repr(one) == repr(other)


def test_what_is_an_operations_own_is_shared_with_none() -> None:
    items = [{"name": f"o{index}", "dagRef": "t", "dependencies": ["x"], "params": {"n": 1}} for index in range(9)]
    made = Operation.model_validate(with_likenesses(file_of(items))).component.run.operations  # type: ignore[union-attr]
    assert len({id(item) for item in made}) == len({id(item.dependencies) for item in made}) == 9
    assert len({id(item.params["n"]) for item in made}) == len({id(item.__pydantic_fields_set__) for item in made}) == 9


@pytest.mark.parametrize("wrong", ["cache: {disbale: true}", "dependencies: x", "params: {n: {ref: 1}}", "queue: a b"])
def test_a_mistake_among_many_operations_is_found_once_and_where_it_stands(wrong: str) -> None:
    lines = [f"  - {{name: o{index}, dagRef: t, cache: {{disable: true}}}}" for index in range(20)]
    lines[13] = f"  - {{name: o13, dagRef: t, {wrong}}}"
    text = "\n".join(["kind: component", "run:", "  kind: dag", "  operations:", *lines])
    with pytest.raises(SpecError) as raised:
        read(parse(text, "dag.yaml"))
    assert [problem.line for problem in raised.value.problems] == [18]
    assert raised.value.problems[0].path.startswith("run.operations[13]")
