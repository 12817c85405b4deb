"""Wrong files: what is said, where, and what is suggested. One mistake is one problem; all of them are found."""

# ruff: noqa: E501  (a row of the table is a line)

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from polyaxon.errors import SpecError
from polyaxon.spec.check import read
from polyaxon.spec.codes import CODES, SpecCode
from polyaxon.spec.load import parse

WRONG = [
    # text, code, line, column, path, part of the message, part of the suggestion
    ("kind: component\ninptus: []", "PX101", 2, 1, "inptus", "`inptus`", "did you mean `inputs`?"),
    ("run: {kind: job, container: {comand: [a]}}", "PX101", 1, 30, "run.container.comand", "`container`", "`command`"),
    ("kind: operation\nhub_ref: x", "PX101", 2, 1, "hub_ref", "`hub_ref`", "`hubRef`"),
    ("inputs: [{name: a, default: 3}]", "PX101", 1, 20, "inputs[0].default", "`default`", "`value`"),
    ("image: busybox", "PX101", 1, 1, "image", "top level", "`container: {image: …}`"),
    ("run: {kind: job, image: x}", "PX101", 1, 18, "run.image", "`run`", "`container.image`"),
    ("maxRetries: 2", "PX101", 1, 1, "maxRetries", "top level", "`termination.maxRetries`"),
    ("operations: []", "PX101", 1, 1, "operations", "top level", "`run.operations`"),
    ("params: {x: {value: 1, foo: 2}}", "PX101", 1, 24, "params.x.foo", "`foo`", "`contextOnly`"),
    ("inputs: [{type: int}]", "PX102", 1, 10, "inputs[0]", "`name`", "add `name: …`"),
    ("hooks: [{trigger: done}]", "PX102", 1, 9, "hooks[0]", "`hubRef`", "hubRef"),
    ("termination: {maxRetries: lots}", "PX103", 1, 27, "termination.maxRetries", "whole number", None),
    ("termination: {maxRetries: '5'}", "PX103", 1, 27, "termination.maxRetries", "text '5'", "without quotes"),
    ("termination: {maxRetries: 5.0}", "PX103", 1, 27, "termination.maxRetries", "5.0", None),
    ("termination: {timeout: -1}", "PX106", 1, 24, "termination.timeout", "at least 0", None),
    ("conditions: true", "PX103", 1, 13, "conditions", "expected text, got true", "quotes"),
    ("description: 3", "PX103", 1, 14, "description", "expected text, got the number 3", '`"3"`'),
    ("cache: true", "PX103", 1, 8, "cache", "expected a mapping, got true", "`disable`"),
    ("joins: {a: {query: x}}", "PX103", 1, 8, "joins", "expected a list, got a mapping", "`-`"),
    ("dependencies: a", "PX103", 1, 15, "dependencies", "expected a list", "`[a]`"),
    ("params: [1]", "PX103", 1, 9, "params", "expected a mapping, got a list", None),
    ("run: job", "PX103", 1, 6, "run", "expected a mapping", None),
    ("version: abc", "PX103", 1, 10, "version", "number", None),
    ("run: {kind: service, ports: ['80']}", "PX103", 1, 30, "run.ports[0]", "port", "`80`"),
    ("ports: '{{ p }}'", "PX103", 1, 8, "ports", "list of port numbers", None),
    ("cmd: ' '", "PX103", 1, 6, "cmd", "blank", None),
    ("env: {A: 1}", "PX103", 1, 10, "env.A", "`A`", "quotes"),
    ("run: {kind: job, container: {env: {A: b}}}", "PX103", 1, 35, "run.container.env", "list", "name"),
    ("isApproved: maybe", "PX103", 1, 13, "isApproved", "true or false", None),
    ("skipOnUpstreamSkip: '{{ x }}'", "PX103", 1, 21, "skipOnUpstreamSkip", "true or false", None),
    ("trigger: any", "PX104", 1, 10, "trigger", "`any`", "`all_"),
    ("trigger: all_succeded", "PX104", 1, 10, "trigger", "`all_succeded`", "did you mean `all_succeeded`?"),
    ("patchStrategy: merge", "PX104", 1, 16, "patchStrategy", "`merge`", "_merge`?"),
    ("events: [{ref: ops.a, kinds: [run_status_done, run_status_runing]}]", "PX104", 1, 48, "events[0].kinds[1]", "run_status_runing", "`run_status_running`"),
    ("events: [{ref: ops.a, kinds: run_status_done}]", "PX103", 1, 30, "events[0].kinds", "list", "[run_status_done]"),
    ("kind: experiment", "PX105", 1, 7, "kind", "`experiment`", "`kind: component`"),
    ("kind: operations", "PX105", 1, 7, "kind", "`operations`", "did you mean `operation`?"),
    ("matrix: {kind: grdi}", "PX105", 1, 16, "matrix.kind", "`grdi`", "did you mean `grid`?"),
    ("matrix: {params: {}}", "PX105", 1, 1, "matrix", "needs a `kind`", "`grid`"),
    ("schedule: {cron: '* * * * *'}", "PX105", 1, 1, "schedule", "needs a `kind`", "add `kind: cron`"),
    ("run: {kind: jobb}", "PX105", 1, 13, "run.kind", "runtime", "did you mean `job`?"),
    ("run: {container: {image: x}}", "PX105", 1, 6, "run", "no kind", "`kind: job`"),
    ("matrix: {kind: mapping, concurrency: 0, values: [{a: 1}]}", "PX106", 1, 38, "matrix.concurrency", "at least 1", None),
    ("name: a.b", "PX107", 1, 7, "name", "letters", None),
    ("name: ''", "PX107", 1, 7, "name", "letters", None),
    ("inputs: [{name: 1a}]", "PX107", 1, 17, "inputs[0].name", "begins with a letter", None),
    ("name: yes", "PX108", 1, 7, "name", "YAML reads the unquoted `yes` as true", '`"yes"`'),
    ("run: {kind: job, init: [{file: {content: x, chmod: 0755}}]}", "PX108", 1, 52, "run.init[0].file.chmod", "`0755` as the number 493", '`"0755"`'),
    ("matrix: {kind: grid, params: {a: {kind: range, value: 1:10:2}}}", "PX108", 1, 55, "matrix.params.a.value", "`1:10:2` as the number 4202", '`"1:10:2"`'),
    ("hubRef: a\npathRef: b", "PX109", 2, 1, "pathRef", "`hubRef` and `pathRef`", "one of them"),
    ("init: [{git: {url: x}, file: {content: y}}]", "PX110", 1, 24, "init[0].file", "`git`, `file`", "one entry"),
    ("init: [{}]", "PX110", 1, 8, "init[0]", "does nothing", "`git`"),
    ("init: [{git: {revision: x}}]", "PX110", 1, 9, "init[0].git", "`url`", None),
    ("termination: {culling: {timeout: 3}}", "PX110", 1, 15, "termination.culling", "`probe`", "probe"),
    ("inputs: [{name: a, type: flaot}]", "PX111", 1, 26, "inputs[0].type", "`flaot`", "did you mean `float`?"),
    ("inputs: [{name: a, type: string}]", "PX111", 1, 26, "inputs[0].type", "`string`", "did you mean `str`?"),
    ("inputs: [{name: n, type: int, value: abc}]", "PX112", 1, 38, "inputs[0].value", "whole number, got the text 'abc'", None),
    ("inputs: [{name: n, type: int, isFlag: true}]", "PX113", 1, 39, "inputs[0].isFlag", "`bool`", None),
    ("inputs: [{name: n, value: 1, isOptional: false}]", "PX113", 1, 42, "inputs[0].isOptional", "optional", None),
    ("container: {resources: {limits: {memory: lots}}}", "PX114", 1, 42, "container.resources.limits.memory", "`lots`", "`4Gi`"),
    ("container: {resources: {limits: {cpu: -3}}}", "PX114", 1, 39, "container.resources.limits.cpu", "`-3`", "`500m`"),
    ("resources: {cpu: 2..1}", "PX114", 1, 18, "resources.cpu", "limit", None),
    ("resources: {memory: 1GB}", "PX114", 1, 21, "resources.memory", "`1GB`", "`4Gi`"),
    ("matrix: {kind: grid, params: {a: {kind: linspace, value: 0.1:abc:5}}}", "PX115", 1, 58, "matrix.params.a.value", "`stop`", None),
    ("hooks: [{hubRef: x, params: {a: 1}}]", "PX116", 1, 33, "hooks[0].params.a", "in full", "`{value: …}`"),
    ("params: {a: {ref: ops.b, value: 3}}", "PX116", 1, 33, "params.a.value", "`ref`", "outputs.loss"),
    ("matrix: {kind: grid, params: {a: {kind: uniform, value: [0, 1]}}}", "PX117", 1, 41, "matrix.params.a.kind", "`uniform`", "linspace"),
    ("inputs: [{name: globals}]", "PX118", 1, 17, "inputs[0].name", "`globals`", None),
    ("inputs: [{name: a}]\noutputs: [{name: a}]", "PX119", 2, 18, "outputs[0].name", "`a`", None),
    ("hubRef: a/b/c", "PX120", 1, 9, "hubRef", "a/b/c", None),
    ("queue: a/b/c", "PX120", 1, 8, "queue", "agent/queue", None),
    ("schedule: {kind: datetime, startAt: tomorrow}", "PX121", 1, 37, "schedule.startAt", "tomorrow", None),
    ("matrix: {kind: random, numRuns: 1, params: {a: {uniform: [0, 1]}}}", "PX105", 1, 45, "matrix.params.a", "kind", "`{kind: uniform, value: …}`"),
    ("matrix: {kind: random, numRuns: 1, params: {a: [1, 2]}}", "PX103", 1, 48, "matrix.params.a", "a list", "`{kind: choice, value: [1, 2]}`"),
    ("matrix: {kind: hyperband, maxIterations: 9, eta: 1.5e+300, params: {c: {kind: choice, value: [1]}}, resource: {name: a, type: int}, metric: {name: b, optimization: minimize}}", "PX106", 1, 50, "matrix.eta", "a number above 1", None),
    ("events: [{kinds: [foo], ref: ops.a}]", "PX104", 1, 19, "events[0].kinds[0]", "`kinds[0]`", "… (32 in all)"),
    ("schedule: {kind: interval, frequency: 0}", "PX121", 1, 39, "schedule.frequency", "longer", None),
]  # fmt: skip


def problems(text: str):
    with pytest.raises(SpecError) as caught:
        read(parse(text, "x.yaml"))
    return caught.value.problems


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[0][:50])
def test_a_mistake_is_one_problem_at_its_place(row) -> None:
    text, code, line, column, path, message, suggestion = row
    (problem,) = problems(text)
    assert (problem.code, problem.line, problem.column, problem.path) == (code, line, column, path)
    assert message in problem.message
    assert suggestion is None or suggestion in (problem.suggestion or "")
    assert problem.source == text.splitlines()[line - 1]


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[0][:50])
def test_no_word_of_the_validator_reaches_the_user(row) -> None:
    for problem in problems(row[0]):
        for word in ("pydantic", "https:", "Input should", "V1", "<class", "Traceback", "None", "dict", "constrained"):
            assert word not in str(problem)


def test_all_mistakes_are_found_in_one_pass_in_the_order_of_the_file() -> None:
    text = """\
kind: operation
naem: x
termination: {maxRetries: lots, tttl: 1}
component:
  inputs: [{name: a, type: flaot}, {name: globals}]
  run:
    kind: job
    container: {image: x, resources: {limits: {memory: lots, cpu: -3}}}
trigger: perhaps
"""
    found = [(problem.code, problem.line) for problem in problems(text)]
    assert found == [
        ("PX101", 2),
        ("PX103", 3),
        ("PX101", 3),
        ("PX111", 5),
        ("PX118", 5),
        ("PX114", 8),
        ("PX114", 8),
        ("PX104", 9),
    ]


def test_thousands_of_mistakes_are_told_by_the_first_thousand() -> None:
    found = problems("\n".join(f"k{place}: 1" for place in range(5000)))
    assert len(found) == 1001
    assert (found[-1].code, found[-1].message) == ("PX123", "only the first 1000 problems are shown")


def test_warnings_come_with_the_errors() -> None:
    assert [(problem.code, problem.severity) for problem in problems("name: a\nname: b\nfoo: 1")] == [
        ("PX015", "warning"),
        ("PX101", "error"),
    ]


def test_a_file_in_json_is_diagnosed_alike() -> None:
    text = json.dumps({"kind": "component", "run": {"kind": "job", "container": {"comand": []}}}, indent=1)
    with pytest.raises(SpecError) as caught:
        read(parse(text, "x.json"))
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.path) == ("PX101", 6, "run.container.comand")


def test_a_mistake_inside_an_alias_is_shown_where_it_is_written() -> None:
    (problem,) = problems("container: &c {imag: x}\nsidecars: [*c]")[:1]
    assert (problem.line, problem.column) == (1, 16)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("inputs: [{name: a, type: str, value: no}]", "no"),
        ("component: {inputs: [{name: a, type: str, value: 0755}], run: {kind: job}}", "0755"),
        ("outputs:\n- name: a\n  type: str\n  value: 1:30\n", "1:30"),
    ],
)
def test_a_text_that_yaml_turned_into_something_else_is_warned_about(text, raw) -> None:
    document = parse(text, "x.yaml")
    read(document)
    (problem,) = document.problems
    assert (problem.code, problem.severity) == ("PX108", "warning")
    assert f'`"{raw}"`' in (problem.suggestion or "")


@pytest.mark.parametrize(
    "text", ["inputs: [{name: a, type: bool, value: no}]", "inputs: [{name: a, type: str, value: 'no'}]"]
)
def test_no_warning_where_nothing_is_lost(text) -> None:
    document = parse(text, "x.yaml")
    read(document)
    assert document.problems == []


def test_every_code_has_an_entry_that_explains_it() -> None:
    assert set(CODES) == set(SpecCode)
    for code in CODES.values():
        assert code.title
        assert code.explanation
        assert code.example


def test_every_code_of_the_structure_is_tested() -> None:
    tested = {row[1] for row in WRONG}
    assert {code for code in SpecCode if code >= "PX101"} - tested == {"PX122", "PX123"}


def test_a_long_line_is_shown_around_the_mistake() -> None:
    text = json.dumps(
        {"description": "x" * 400, "run": {"kind": "job", "container": {"comand": ["a"]}}, "tags": ["y" * 400]}
    )
    with pytest.raises(SpecError) as caught:
        read(parse(text, "x.json"))
    lines = str(caught.value.problems[0]).splitlines()
    shown, caret = next((line, after) for line, after in pairwise(lines) if line.startswith("  | "))
    assert len(shown) < 170
    assert shown[caret.index("^") :].startswith('"comand"')
