# ruff: noqa: E501  (a row of a table, or a file, is one line)
"""Which value every input, output and context gets: io-params-contexts.md §4 to §7 and the joins of matrix.md §15."""

from __future__ import annotations

from typing import Any

import pytest
from compiler_builders import JOB, UUID, around, compiled, facts, operation

from polyaxon.compiler.compile import needs
from polyaxon.errors import SpecError
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Status
from polyaxon.spec.operation import Operation

OTHER = "b" * 32


def using(io: str, params: str = "{}", more: str = "") -> Operation:
    """An operation over a component whose body uses nothing: made without the checker, which may refuse it."""
    text = f"kind: operation\nparams: {params}\n{more}\ncomponent:\n  {io}\n  {JOB}\n"
    from polyaxon.spec.check import read
    from polyaxon.spec.load import parse

    found = read(parse(text, "main.yaml"))
    assert isinstance(found, Operation)
    return found


def refused(found: Operation, **surroundings: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        compiled(found, **surroundings)
    return [problem.code for problem in caught.value.problems]


def test_a_param_is_cast_to_its_input() -> None:
    found = compiled(
        using(
            "inputs: [{name: n, type: int}, {name: l, type: int, isList: true}, {name: s, type: str}]",
            "{n: '5', l: '[1, 2]', s: '7'}",
        )
    )
    assert found.inputs == {"n": 5, "l": [1, 2], "s": "7"}


def test_a_default_counts_where_no_param_is() -> None:
    assert compiled(using("inputs: [{name: n, type: int, value: 3}]")).inputs == {"n": 3}


def test_an_explicit_null_is_not_the_default() -> None:
    assert compiled(using("inputs: [{name: n, type: int, value: 3}]", "{n: null}")).inputs == {"n": None}


def test_an_optional_input_without_value_is_none() -> None:
    assert compiled(using("inputs: [{name: n, type: int, isOptional: true}]")).inputs == {"n": None}


@pytest.mark.parametrize(
    ("io", "params", "code"),
    [
        ("inputs: [{name: n, type: int}]", "{}", "PX220"),
        ("inputs: [{name: n, type: int}]", "{n: null}", "PX222"),
        ("inputs: [{name: n, type: int}]", "{n: abc}", "PX222"),
        ("inputs: [{name: n, type: int, validation: {gt: 5}}]", "{n: 3}", "PX222"),
        ("inputs: [{name: n, type: int}]", "{n: '{{ m }}', m: abc}", "PX222"),
        ("inputs: [{name: n, type: str}]", "{n: '{{ missing }}'}", "PX230"),
        ("inputs: [{name: a, type: str}, {name: b, type: str}]", "{a: '{{ b }}', b: '{{ a }}'}", "PX236"),
        ("inputs: [{name: n, type: str}]", "{n: '{{ 1 / 0 }}'}", "PX233"),
        ("inputs: [{name: n, type: int}]", "{n: {ref: ops.a.b, value: outputs.x}}", "PX224"),
        ("inputs: [{name: n, type: int}]", "{n: {ref: ops.a, value: x}}", "PX224"),
        ("inputs: [{name: n, type: int}]", "{n: {ref: ops.a, value: outputs.x}}", "PX211"),
        ("outputs: [{name: image, type: image, delayValidation: false}]", "{}", None),
    ],
)
def test_a_wrong_value_is_refused(io: str, params: str, code: str | None) -> None:
    if code is None:
        assert compiled(using(io, params)).outputs == {}
    else:
        assert code in refused(using(io, params))


def test_all_wrong_values_are_reported_at_once() -> None:
    io = "inputs: [{name: a, type: int}, {name: b, type: int}, {name: c, type: int}]"
    assert refused(using(io, "{a: x, b: y}")) == ["PX222", "PX222", "PX220"]


def test_an_undeclared_param_becomes_a_context_value() -> None:
    found = compiled(using("inputs: []", "{msg: hello, n: {value: 1, contextOnly: true}}"))
    assert found.contexts == {"msg": "hello", "n": 1}


def test_params_may_name_each_other_and_the_run() -> None:
    io = "inputs: [{name: path, type: str}, {name: out, type: str, value: '{{ globals.run_outputs_path }}/{{ name }}'}]"
    found = compiled(using(io, "{path: '{{ out }}/x', name: m}"))
    assert found.inputs == {"path": f"/store/{UUID}/outputs/m/x", "out": f"/store/{UUID}/outputs/m"}


def test_a_param_that_is_a_template_keeps_the_type_of_its_value() -> None:
    found = compiled(using("inputs: [{name: l, type: int, isList: true}]", "{l: '{{ m }}', m: [1, 2]}"))
    assert found.inputs == {"l": [1, 2]}


UPSTREAM = facts(
    "train", OTHER, outputs={"loss": 0.0, "done": False, "text": ""}, inputs={"lr": 0.1},
    artifacts={"model": f"{OTHER}/outputs/model"}, status=Status.SUCCEEDED,
)  # fmt: skip

REF_ROWS: list[tuple[str, Any]] = [
    ("outputs.loss", 0.0),
    ("outputs.done", False),
    ("outputs.text", ""),
    ("'{{ outputs.loss }}'", 0.0),
    ("inputs.lr", 0.1),
    ("outputs", {"loss": 0.0, "done": False, "text": ""}),
    ("inputs", {"lr": 0.1}),
    ("io", {"lr": 0.1, "loss": 0.0, "done": False, "text": ""}),
    ("artifacts.model", f"{OTHER}/outputs/model"),
    ("artifacts.model.x", f"{OTHER}/outputs/model/x"),
    ("artifacts.base", OTHER),
    ("artifacts.outputs", f"{OTHER}/outputs"),
    ("globals.uuid", OTHER),
    ("globals.name", "train"),
    ("globals.status", "succeeded"),
    ("globals.run_outputs_path", f"/store/{OTHER}/outputs"),
    ("globals.run_info", f"default.quick.runs.{OTHER}"),
]


@pytest.mark.parametrize(("path", "value"), REF_ROWS)
def test_a_reference_takes_the_value_even_when_it_is_falsy(path: str, value: Any) -> None:
    found = compiled(using("inputs: []", f"{{x: {{ref: ops.train, value: {path}}}}}"), upstream={"train": UPSTREAM})
    assert found.contexts == {"x": value}


def test_a_cached_upstream_shows_the_files_of_its_original() -> None:
    cached = facts("train", OTHER, artifacts_owner="c" * 32)
    found = compiled(using("inputs: []", "{x: {ref: ops.train, value: artifacts.outputs}}"), upstream={"train": cached})
    assert found.contexts == {"x": "c" * 32 + "/outputs"}


def test_a_reference_to_the_dag_takes_its_inputs_and_globals() -> None:
    dag = facts("pipe", OTHER, inputs={"rate": 0.5})
    params = "{a: {ref: dag, value: inputs.rate}, b: {ref: dag, value: '{{globals.uuid}}'}}"
    assert compiled(using("inputs: []", params), dag=dag).contexts == {"a": 0.5, "b": OTHER}


@pytest.mark.parametrize("uuid", [OTHER, "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"])
def test_a_run_is_known_by_its_uuid_dashes_or_not(uuid: str) -> None:
    found = using("inputs: []", f"{{x: {{ref: runs.{uuid}, value: outputs.loss}}}}")
    assert needs(found, around()).runs == (OTHER,)
    assert compiled(found, runs={OTHER: UPSTREAM}).contexts == {"x": 0.0}


def test_text_from_another_run_is_data_and_not_rendered() -> None:
    upstream = facts("train", OTHER, outputs={"text": "{{ globals.uuid }}"})
    found = compiled(
        using("inputs: [{name: t, type: str}]", "{t: {ref: ops.train, value: outputs.text}}"),
        upstream={"train": upstream},
    )
    assert found.inputs == {"t": "{{ globals.uuid }}"}


JOIN = "joins: [{query: 'metrics.loss: <{{ most }}', sort: -created_at, limit: '{{ top }}', params: {losses: {value: outputs.loss}, ids: {value: globals.uuid, contextOnly: true}, files: {value: {files: [a, [b, c]]}}}}]"


def test_a_join_is_rendered_with_params_before_it_is_asked() -> None:
    found = needs(using("inputs: [{name: top, type: int}]", "{top: 3, most: 0.5}", JOIN), around())
    assert [(join.query, join.sort, join.limit, join.offset) for join in found.joins] == [
        ("metrics.loss: <0.5", "-created_at", 3, 0)
    ]


def test_a_join_gives_lists_aligned_by_run() -> None:
    runs: list[RunFacts] = [facts("x", OTHER, outputs={"loss": 0}), facts("y", UUID)]
    io = "inputs: [{name: losses, type: float, isList: true, isOptional: true}, {name: files, type: artifacts}]"
    found = compiled(using(io, "{top: 3, most: 1}", JOIN), joins=[runs[:1]])
    assert found.inputs == {"losses": [0.0], "files": {"files": [f"{OTHER}/a", [f"{OTHER}/b", "c"]]}}
    assert found.contexts["ids"] == [OTHER]


def test_a_run_without_the_value_leaves_a_gap_in_the_list() -> None:
    joins = [[facts("x", OTHER, outputs={"loss": 1}), facts("y", UUID)]]
    found = compiled(using("inputs: []", "{top: 3, most: 1}", JOIN), joins=joins)
    assert found.contexts["losses"] == [1, None]


def test_a_join_without_runs_gives_an_empty_list() -> None:
    found = compiled(
        using("inputs: [{name: losses, type: float, isList: true}]", "{top: 3, most: 1}", JOIN), joins=[[]]
    )
    assert found.inputs == {"losses": []}


def test_a_param_wins_over_a_join_of_its_name() -> None:
    found = compiled(using("inputs: []", "{top: 3, most: 1, losses: mine}", JOIN), joins=[[]])
    assert found.contexts["losses"] == "mine"


def test_a_suggestion_wins_over_a_param() -> None:
    found = compiled(using("inputs: [{name: lr, type: float}]", "{lr: 0.5}"), suggestion={"lr": 0.1, "extra": "x"})
    assert (found.inputs, found.contexts) == ({"lr": 0.1}, {"extra": "x"})


def test_what_a_param_says_of_its_input_counts() -> None:
    io = "inputs: [{name: data, type: artifacts, connection: store, toEnv: OLD}]"
    found = compiled(using(io, "{data: {value: {files: [a]}, connection: other, toInit: true, toEnv: DATA}}"))
    (bound,) = found.bindings.inputs
    assert (bound.connection, bound.to_init, bound.to_env) == ("other", True, "DATA")


def test_nothing_is_needed_where_nothing_is_referred_to() -> None:
    assert not needs(operation(f"kind: component\n{JOB}\n"), around())


def test_a_value_that_a_run_does_not_have_is_told_once_with_those_it_has() -> None:
    found = using("inputs: [{name: n, type: int}]", f"{{n: {{ref: runs.{OTHER}, value: outputs.lss}}}}")
    with pytest.raises(SpecError) as caught:
        compiled(found, runs={OTHER: facts(outputs={"loss": 1, "acc": 2})})
    (problem,) = caught.value.problems
    assert problem.message.endswith("which has no such value (its outputs: `acc`, `loss`)")
