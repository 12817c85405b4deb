# ruff: noqa: E501  (a row of the table is one line)
"""Section 2: what is wrong with a dag is said before anything runs."""

from __future__ import annotations

import pytest
from rows import checked

JOB = "run: {kind: job, container: {image: x, command: [echo]}}"
STEP = f"{{name: step, inputs: [{{name: r, type: float}}], outputs: [{{name: s, type: float}}, {{name: t, type: str}}], {JOB}}}"
A = "{name: a, dagRef: step, params: {r: 1}}"


def dag(*operations: str, components: str = STEP) -> str:
    listed = "".join(f"  - {operation}\n" for operation in operations)
    return f"kind: component\nname: pipe\ninputs: [{{name: q, type: int, value: 1}}]\nrun:\n  kind: dag\n  components: [{components}]\n  operations:\n{listed}"


ERRORS = {
    "no operations": ("kind: component\nrun: {kind: dag}\n", "the dag has no operations"),
    "empty list": ("kind: component\nrun: {kind: dag, operations: []}\n", "the dag has no operations"),
    "operation without name": (dag("{dagRef: step, params: {r: 1}}"), "needs a name"),
    "duplicate names, both dagRef": (dag(A, A), "two operations `a`"),
    "duplicate names with an inline component": (dag(A, f"{{name: a, component: {{{JOB}}}}}"), "two operations `a`"),
    "unknown name in dependencies": (dag(A.replace("}}", "}, dependencies: [nobody]}")), "`nobody`"),
    "unknown name in a param ref": (dag("{name: a, dagRef: step, params: {r: {ref: ops.nobody, value: outputs.s}}}"), "`nobody`"),
    "unknown name in an event ref": (dag(A.replace("}}", "}, events: [{ref: ops.nobody, kinds: [run_status_done]}]}")), "`nobody`"),
    "cycle": (dag(A.replace("}}", "}, dependencies: [b]}"), "{name: b, dagRef: step, params: {r: 1}, dependencies: [a]}"), "`a` → `b` → `a`"),
    "self-dependency": (dag(A.replace("}}", "}, dependencies: [a]}")), "`a` waits for itself"),
    "dagRef to an undefined component": (dag("{name: a, dagRef: stop}"), "no component `stop`"),
    "two components with one name": (dag(A, components=f"{STEP}, {STEP}"), "two components `step`"),
    "component without a name": (dag(A, components=f"{STEP}, {{{JOB}}}"), "a component of a dag needs a name"),
    "path reference that cannot be resolved": (dag(A, "{name: b, pathRef: ./nowhere.yaml}"), "there is no `./nowhere.yaml`"),
    "params: missing required": (dag("{name: a, dagRef: step}"), "`a` needs a value for `r`"),
    "params: unexpected": (dag("{name: a, dagRef: step, params: {r: 1, q: 2}}"), "`a` has no input `q`"),
    "params: wrong type": (dag("{name: a, dagRef: step, params: {r: abc}}"), "`r` of type `float` cannot take"),
    "param ref to an unknown output": (dag(A, "{name: b, dagRef: step, params: {r: {ref: ops.a, value: outputs.u}}}"), "the output `u` of `a`"),
    "param ref to an unknown input": (dag(A, "{name: b, dagRef: step, params: {r: {ref: ops.a, value: inputs.u}}}"), "the input `u` of `a`"),
    "type mismatch": (dag(A, "{name: b, dagRef: step, params: {r: {ref: ops.a, value: outputs.t}}}"), "`outputs.t` of `a` is `str`"),
    "list-ness mismatch": (
        dag(f"{{name: a, component: {{outputs: [{{name: s, type: float, isList: true}}], {JOB}}}}}", "{name: b, dagRef: step, params: {r: {ref: ops.a, value: outputs.s}}}"),
        "is a list of `float`",
    ),
    "build of a dag": (
        dag(A, f"{{name: b, build: {{hubRef: kaniko}}, component: {{run: {{kind: dag, operations: [{{name: x, component: {{{JOB}}}}}]}}}}}}"),
        "a dag has no image to build",
    ),
    "nested dag that is wrong": (
        dag(A, f"{{name: b, component: {{run: {{kind: dag, operations: [{{name: x, dependencies: [nobody], component: {{{JOB}}}}}]}}}}}}"),
        "`nobody`",
    ),
    "nested dag that names an outer component": (
        dag(A, "{name: b, component: {run: {kind: dag, operations: [{name: x, dagRef: step, params: {r: 1}}]}}}"),
        "no component `step`",
    ),
    "nested dag that names an outer operation": (
        dag(A, f"{{name: b, component: {{run: {{kind: dag, operations: [{{name: x, dependencies: [a], component: {{{JOB}}}}}]}}}}}}"),
        "`a`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ERRORS)
def test_is_an_error(row: str) -> None:
    text, words = ERRORS[row]
    found = checked(text)
    assert found.operation is None
    assert any(words in problem.message for problem in found.problems if problem.severity == "error")


ALLOWED = {
    "unused component": dag(f"{{name: a, component: {{{JOB}}}}}"),
    "artifacts of an upstream, logged at run time": dag(
        A,
        f"{{name: b, component: {{inputs: [{{name: p, type: path}}], {JOB}}}, params: {{p: {{ref: ops.a, value: artifacts.model}}}}}}",
        "{name: c, dagRef: step, params: {r: 1}}",
    ),
    "ops.X.globals.<key> is a str": dag(
        A,
        f"{{name: b, component: {{inputs: [{{name: p, type: str}}], {JOB}}}, params: {{p: {{ref: ops.a, value: globals.uuid}}}}}}",
    ),
    "ops.X.outputs is a dict": dag(
        A,
        f"{{name: b, component: {{inputs: [{{name: p, type: dict}}], {JOB}}}, params: {{p: {{ref: ops.a, value: outputs}}}}}}",
    ),
    "ops.X.inputs.<name>": dag(A, "{name: b, dagRef: step, params: {r: {ref: ops.a, value: inputs.r}}}"),
    "the values of a mapping from an upstream": dag(
        f"{{name: a, component: {{outputs: [{{name: points, type: dict, isList: true}}], {JOB}}}}}",
        "{name: b, dagRef: step, params: {points: {ref: ops.a, value: outputs.points, contextOnly: true}}, "
        "matrix: {kind: mapping, values: '{{ points }}'}}",
    ),
    "dag.inputs.<name>": dag("{name: a, dagRef: step, params: {r: {ref: dag, value: inputs.q}}}"),
    "dag.inputs is a dict": dag(
        A,
        f"{{name: b, component: {{inputs: [{{name: p, type: dict}}], {JOB}}}, params: {{p: {{ref: dag, value: inputs}}}}}}",
    ),
    "dag.globals.<key> is a str": dag(
        A,
        f"{{name: b, component: {{inputs: [{{name: p, type: str}}], {JOB}}}, params: {{p: {{ref: dag, value: globals.uuid}}}}}}",
    ),
}


@pytest.mark.parametrize("row", ALLOWED)
def test_is_allowed(row: str) -> None:
    found = checked(ALLOWED[row])
    assert found.operation is not None, found.problems


def test_an_unused_component_is_a_warning() -> None:
    (problem,) = checked(ALLOWED["unused component"]).problems
    assert (problem.severity, "`step`" in problem.message) == ("warning", True)


EVENT = "{name: b, dagRef: step, params: {r: 1}, events: [EVENT]}"
EVENT_ERRORS = {
    "a bare string is refused": ("{ref: ops.a, kinds: run_status_done}", "expected a list"),
    "ref is required": ("{kinds: [run_status_done]}", "needs the field `ref`"),
    "kinds are required": ("{ref: ops.a}", "needs the field `kinds`"),
    "an unknown kind": ("{ref: ops.a, kinds: [run_status_dune]}", "`run_status_dune` is not one of the choices"),
}


@pytest.mark.parametrize("row", EVENT_ERRORS)
def test_of_an_event_is_an_error(row: str) -> None:
    event, words = EVENT_ERRORS[row]
    found = checked(dag(A, EVENT.replace("EVENT", event)))
    assert found.operation is None
    assert any(words in problem.message for problem in found.problems)


UNSENT = [
    "run_approved_actor",
    "run_invalidated_actor",
    "run_new_artifacts",
    "connection_git_commit",
    "connection_dataset_version",
    "connection_registry_image",
    "alert_info",
    "alert_warning",
    "alert_critical",
    "model_version_new_metric",
    "project_custom_event",
    "org_custom_event",
]


@pytest.mark.parametrize("kind", UNSENT)
def test_an_event_that_nobody_sends_is_a_warning(kind: str) -> None:
    found = checked(dag(A, EVENT.replace("EVENT", f"{{ref: ops.a, kinds: [{kind}]}}")))
    assert found.operation is not None
    assert any(kind in problem.message for problem in found.problems if problem.severity == "warning")


STATUS_KINDS = [
    "created",
    "resuming",
    "compiled",
    "on_schedule",
    "queued",
    "scheduled",
    "starting",
    "running",
    "processing",
    "stopping",
    "failed",
    "stopped",
    "succeeded",
    "skipped",
    "warning",
    "unschedulable",
    "upstream_failed",
    "retrying",
    "unknown",
    "done",
]


@pytest.mark.parametrize("kind", STATUS_KINDS)
def test_every_status_is_an_event(kind: str) -> None:
    found = checked(dag(A, EVENT.replace("EVENT", f"{{ref: ops.a, kinds: [run_status_{kind}]}}")))
    assert found.operation is not None, found.problems


@pytest.mark.parametrize(
    "trigger", ["all_succeeded", "all_failed", "all_done", "one_succeeded", "one_failed", "one_done"]
)
def test_every_trigger_is_known(trigger: str) -> None:
    assert checked(dag(A, A.replace("name: a", "name: b").replace("}}", f"}}, dependencies: [a], trigger: {trigger}}}"))).operation  # fmt: skip


def test_another_trigger_is_an_error() -> None:
    assert checked(dag(A.replace("}}", "}, trigger: all_suceeded}"))).operation is None
