"""The short fields of the newer generation (shorthands-2.18.md §3): what they stand for, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from compiler_builders import codes, loaded, operation

from polyaxon.compiler.merge import Strategy
from polyaxon.compiler.shorthand import lower
from polyaxon.spec.dump import dump

S = Strategy
JOB = {"kind": "job"}


def run_of(text: str, **options: Any) -> Any:
    component = operation(text, **options).component
    assert component is not None
    return dump(component)["run"]


def silent(*_: object) -> None:
    raise AssertionError("nothing is wrong here")


def lowered(run: Any, layer: Any, strategy: Strategy = S.POST_MERGE) -> Any:
    return lower(run, layer, strategy, silent)


def test_a_container_alone_is_a_job() -> None:
    assert run_of("container: {image: x}\ncmd: echo hi") == {
        "kind": "job",
        "container": {"image": "x", "command": ["/bin/sh", "-c"], "args": ["set -e\necho hi"]},
    }


def test_ports_alone_are_a_service_even_when_empty() -> None:
    assert lowered(None, {"ports": []}) == {"kind": "service", "ports": []}


def test_a_container_that_is_null_makes_a_job() -> None:
    assert lowered(None, {"container": None}) == JOB


def test_an_empty_short_field_makes_a_job() -> None:
    assert lowered(None, {"env": {}}) == {"kind": "job", "container": {"env": []}}


def test_nothing_makes_nothing() -> None:
    assert lowered(None, {"name": "x"}) is None


def test_a_kind_that_is_there_is_kept() -> None:
    assert run_of(
        "run: {kind: job, container: {image: a, command: [python], args: [t.py]}}\ncontainer: {image: b}"
    ) == {
        "kind": "job",
        "container": {"image": "b", "command": ["python"], "args": ["t.py"]},
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("run: {kind: job, container: {image: x}}\nports: [80]", "PX207"),
        ("component: {container: {image: x}}\nports: [3]", "PX207"),
        ("run: {kind: dag, operations: [{name: a, container: {image: x}}]}\ncmd: x", "PX207"),
        ("run: {kind: dag, operations: [{name: a, container: {image: x}}]}\ninit: [{git: {url: x}}]", "PX207"),
        ("name: x", "PX205"),
    ],
)
def test_what_cannot_be_placed_is_refused(text: str, code: str) -> None:
    assert code in codes(loaded(text).problems)


def test_a_dag_takes_environment_connections_and_volumes() -> None:
    text = (
        "run: {kind: dag, operations: [{name: a, container: {image: x}}]}\n"
        "environment: {nodeName: n}\nconnections: [c]\nvolumes: [{name: v, emptyDir: {}}]"
    )
    run = run_of(text)
    assert (run["environment"], run["connections"]) == ({"nodeName": "n"}, ["c"])
    assert run["volumes"] == [{"name": "v", "emptyDir": {}}]


CMD_ROWS: list[tuple[Any, Strategy, Any]] = [
    ({}, S.POST_MERGE, (["/bin/sh", "-c"], ["set -e\na\nb"])),
    ({"command": ["x"]}, S.POST_MERGE, (["/bin/sh", "-c"], ["set -e\na\nb"])),
    ({"args": ["x"]}, S.PRE_MERGE, (None, ["x"])),
    ({"command": ["x"]}, S.ISNULL, (["x"], None)),
    ({"command": ["x"], "args": ["y"]}, S.REPLACE, (["/bin/sh", "-c"], ["set -e\na\nb"])),
]


@pytest.mark.parametrize(("container", "strategy", "pair"), CMD_ROWS)
def test_cmd_replaces_command_and_args_together_or_not_at_all(container: Any, strategy: Strategy, pair: Any) -> None:
    found = lowered({"kind": "job", "container": container}, {"cmd": ["a", "b"]}, strategy)["container"]
    assert (found.get("command"), found.get("args")) == pair


def test_cmd_keeps_its_lines_as_they_are() -> None:
    assert lowered(None, {"cmd": "a\nb  \n"})["container"]["args"] == ["set -e\na\nb  \n"]


ENV = [{"name": "A", "value": "0"}, {"name": "B", "value": "1"}, {"name": "A", "value": "2"}]
ENV_ROWS: list[tuple[Any, Strategy, list[tuple[str, str]]]] = [
    (ENV, S.POST_MERGE, [("B", "1"), ("A", "9"), ("C", "3")]),
    (ENV[:2], S.PRE_MERGE, [("C", "3"), ("A", "0"), ("B", "1")]),
    (ENV, S.REPLACE, [("A", "9"), ("C", "3")]),
    (ENV, S.ISNULL, [("A", "0"), ("B", "1"), ("A", "2")]),
    (None, S.ISNULL, [("A", "9"), ("C", "3")]),
    ("{{ all }}", S.POST_MERGE, [("A", "9"), ("C", "3")]),
]


@pytest.mark.parametrize(("existing", "strategy", "result"), ENV_ROWS)
def test_env_merges_by_name(existing: Any, strategy: Strategy, result: list[tuple[str, str]]) -> None:
    container = {} if existing is None else {"env": existing}
    found = lowered({"kind": "job", "container": container}, {"env": {"A": "9", "C": "3"}}, strategy)
    assert [(entry["name"], entry["value"]) for entry in found["container"]["env"]] == result


def test_an_env_that_is_a_template_is_kept_under_pre_merge() -> None:
    run = {"kind": "job", "container": {"env": "{{ all }}"}}
    assert lowered(run, {"env": {"A": "1"}}, S.PRE_MERGE)["container"]["env"] == "{{ all }}"


@pytest.mark.parametrize(
    ("written", "requests", "limits"),
    [
        ({"cpu": 1}, {"cpu": 1}, {}),
        ({"cpu": 0.5, "memory": "1Gi"}, {"cpu": 0.5, "memory": "1Gi"}, {}),
        ({"cpu": "1..2"}, {"cpu": "1"}, {"cpu": "2"}),
        ({"cpu": "..2"}, {}, {"cpu": "2"}),
        ({"cpu": "1.."}, {"cpu": "1"}, {}),
        ({"cpu": " 1 .. 2 "}, {"cpu": "1"}, {"cpu": "2"}),
        ({"gpu": 1}, {"nvidia.com/gpu": 1}, {"nvidia.com/gpu": 1}),
        ({"gpu": "1"}, {"nvidia.com/gpu": 1}, {"nvidia.com/gpu": 1}),
        ({"gpu": "1..2"}, {"nvidia.com/gpu": 1}, {"nvidia.com/gpu": 2}),
        ({"gpu": "..2"}, {}, {"nvidia.com/gpu": 2}),
        ({"amd.com/gpu": 1}, {"amd.com/gpu": 1}, {"amd.com/gpu": 1}),
    ],
)
def test_resources_become_requests_and_limits(written: Any, requests: Any, limits: Any) -> None:
    found = lowered(None, {"resources": written})["container"]["resources"]
    assert (found.get("requests", {}), found.get("limits", {})) == (requests, limits)


def test_resources_merge_into_native_ones_resource_by_resource() -> None:
    native = {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": 2}}
    run = {"kind": "job", "container": {"resources": native}}
    assert lowered(run, {"resources": {"cpu": 4}})["container"]["resources"] == {
        "requests": {"memory": "1Gi", "cpu": 4}
    }
    assert lowered(run, {"resources": {"cpu": 4}}, S.ISNULL)["container"]["resources"] == native


def test_lists_merge_as_the_native_fields_do() -> None:
    run = {"kind": "service", "connections": ["a"], "ports": [80], "init": [{"git": 1}]}
    layer = {"connections": ["a", "b"], "ports": [90], "init": [{"file": 2}]}
    found = lowered(run, layer)
    assert (found["connections"], found["ports"]) == (["a", "b"], [80, 90])
    assert found["init"] == [{"git": 1}, {"file": 2}]
    assert lowered(run, layer, S.ISNULL) == run


def test_every_present_role_of_a_distributed_run_is_patched() -> None:
    run = {"kind": "pytorchjob", "master": {}, "worker": {"replicas": 2, "container": {"image": "w"}}}
    found = lowered(run, {"cmd": "x", "env": {"A": "1"}})
    assert found["master"]["container"]["args"] == ["set -e\nx"]
    assert found["worker"]["container"]["image"] == "w"
    assert found["worker"]["container"]["env"] == [{"name": "A", "value": "1"}]


def test_every_worker_group_of_a_ray_cluster_is_patched() -> None:
    run = {"kind": "raycluster", "head": {}, "workers": {"small": {}, "big": {}}}
    found = lowered(run, {"connections": ["c"]})
    assert [found["head"], *found["workers"].values()] == [{"connections": ["c"]}] * 3


def test_run_then_short_fields_then_run_patch_in_one_layer() -> None:
    text = "run: {kind: job, container: {image: a}}\ncontainer: {image: b}\nrunPatch: {container: {image: c}}"
    outer = f"component:\n  {text.replace(chr(10), chr(10) + '  ')}\n"
    assert run_of(outer)["container"]["image"] == "c"


def test_run_patch_adds_to_the_script_of_cmd() -> None:
    text = "component:\n  container: {image: x}\n  cmd: a\n  runPatch: {container: {args: [z]}}"
    assert run_of(text)["container"]["args"] == ["set -e\na", "z"]


@pytest.mark.parametrize("container", ["diff", {"env": [1]}, {"env": [{"value": "x"}]}, {"resources": {"limits": "a"}}])
def test_short_fields_over_a_container_of_a_wrong_shape_are_an_error_of_the_file(container: object) -> None:
    file = {
        "component": {"run": {"kind": "job", "container": {"image": "x"}}},
        "run": {"container": container},
        "cmd": "echo",
        "env": {"A": "b"},
        "resources": {"cpu": 1},
    }
    found = loaded(json.dumps(file))
    assert found.operation is None
    assert {problem.severity for problem in found.problems} == {"error"}
