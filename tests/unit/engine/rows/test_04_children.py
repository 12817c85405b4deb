"""Section 4: what the children of a pipeline are made of, and who wins where several set the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from harness import ROOT, Harness, dag, job, op, operation
from rows import NUMBER, begun, done, sweep

from polyaxon.model.ids import child_id
from polyaxon.model.run import ManagedBy
from polyaxon.model.status import Pending


def child(raw: dict[str, Any], **more: Any) -> Harness:
    """A dag `pipe` around one operation `a`, at its end; fields of the operation of the dag beside it."""
    run = {key: more.pop(key) for key in ("environment", "connections", "volumes") if key in more}
    return Harness(operation(dag(raw, **run), name="pipe", **more)).run()


def plan_of(going: Harness, name: str = "a") -> Any:
    return going.plans[going.id(name)]


RATE = {"r": {"ref": "dag", "value": "inputs.rate"}}

ASPECTS: dict[str, Callable[[], bool]] = {
    "name: the operation's": lambda: child(op("a")).row("a").name == "a",
    "pipeline: the dag": lambda: child(op("a")).row("a").pipeline == ROOT,
    "controller: the outermost pipeline": lambda: child(op("n", dag(op("a")))).row("a").controller == ROOT,
    "managed_by: the parent's": lambda: (
        Harness(operation(dag(op("a"))), managed_by=ManagedBy.CLI).run().row("a").managed_by is ManagedBy.CLI
    ),
    "cache is inherited": lambda: child(op("a"), cache={"disable": True}).row("a").state is None,
    "run.environment is inherited": lambda: (
        plan_of(child(op("a"), environment={"nodeName": "n"})).main.environment == {"nodeName": "n"}
    ),
    "termination is inherited": lambda: plan_of(child(op("a"), termination={"timeout": 60})).termination.timeout == 60,
    "plugins are inherited": lambda: plan_of(child(op("a"), plugins={"shm": False})).plugins["shm"] is False,
    "queue is inherited": lambda: child(op("a"), queue="q").row("a").queue == "q",
    "run.connections are merged into jobs": lambda: (
        plan_of(child(op("a"), connections=["store"])).main.connections == ("store",)
    ),
    "run.volumes are merged into jobs": lambda: (
        [volume["name"] for volume in plan_of(child(op("a"), volumes=[{"name": "v", "emptyDir": {}}])).main.volumes]
        == ["v"]
    ),
    "namespace is not inherited": lambda: child(op("a"), namespace="n").row("a").namespace is None,
    "hooks are not inherited": lambda: (
        "hooks" not in json.dumps(child(op("a"), hooks=[{"hubRef": "notify"}]).row("a").content)
    ),
    "presets are not inherited": lambda: "presets" not in str(child(op("a"), presets=["p"]).row("a").content),
    "cost is not inherited": lambda: "cost" not in str(child(op("a"), cost=3).row("a").content),
    "tags are not inherited": lambda: child(op("a"), tags=["t"]).row("a").tags == (),
    "params with ref dag are the parent's value": lambda: (
        Harness(
            operation(
                {
                    **dag(op("a", job("a", inputs=[{"name": "r", "type": "float"}]), params=RATE)),
                    "inputs": [{"name": "rate", "type": "float", "value": 0.1}],
                }
            )
        )
        .run()
        .row("a")
        .inputs
        == {"r": 0.1}
    ),
    "own isApproved: false waits for an approval": lambda: (
        begun(op("a", isApproved=False)).row("a").pending is Pending.APPROVAL
    ),
}


@pytest.mark.parametrize("row", ASPECTS)
def test_of_a_child(row: str) -> None:
    assert ASPECTS[row]()


WINS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], Callable[[Harness], Any], Any]] = {
    # row: (component, operation, parent dag, what is looked at, result)
    "timeout: component 10, parent 60 → 60": (
        {"termination": {"timeout": 10}},
        {},
        {"termination": {"timeout": 60}},
        lambda going: plan_of(going).termination.timeout,
        60,
    ),
    "timeout: component 10, operation 20, parent 60 → 20": (
        {"termination": {"timeout": 10}},
        {"termination": {"timeout": 20}},
        {"termination": {"timeout": 60}},
        lambda going: plan_of(going).termination.timeout,
        20,
    ),
    "queue: component c, parent p → p": (
        {"queue": "c"},
        {},
        {"queue": "p"},
        lambda going: going.row("a").queue,
        "p",
    ),
    "nodeSelector: component and parent are merged, the parent wins": (
        {"environment": {"nodeSelector": {"a": "comp"}, "nodeName": "kept"}},
        {},
        {"environment": {"nodeSelector": {"a": "par", "b": "par"}}},
        lambda going: plan_of(going).main.environment,
        {"nodeSelector": {"a": "par", "b": "par"}, "nodeName": "kept"},
    ),
    "plugins: operation docker over parent's, parent's shm over the component's": (
        {"plugins": {"shm": True}},
        {"plugins": {"docker": True}},
        {"plugins": {"shm": False, "docker": False}},
        lambda going: {key: plan_of(going).plugins[key] for key in ("docker", "shm")},
        {"docker": True, "shm": False},
    ),
}


@pytest.mark.parametrize("row", WINS)
def test_who_wins(row: str) -> None:
    component, own, parent, look, expected = WINS[row]
    made = job("a")
    made["run"] |= {"environment": component["environment"]} if "environment" in component else {}
    made |= {key: value for key, value in component.items() if key != "environment"}
    assert look(child(op("a", made, **own), **parent)) == expected


# 4.2 Nested pipelines


def test_dag_in_a_dag_reaches_its_own_inputs_only() -> None:
    inner = {
        **dag(op("x", job("x", **NUMBER), params={"x": {"ref": "dag", "value": "inputs.n"}})),
        "inputs": [{"name": "n", "type": "int"}],
    }
    finished = done(op("nested", inner, params={"n": {"value": 7}}))
    assert finished.row("x").inputs == {"x": 7}
    assert finished.root.status == "succeeded"


def test_matrix_in_a_dag_is_waited_for_whole() -> None:
    finished = done(op("search", **sweep(1, 2)), op("after", dependencies=["search"]))
    assert finished.order() == ["search", "search", "after"]


def test_matrix_in_a_dag_gives_its_uuid_to_joins() -> None:
    finished = done(
        op("search", **sweep(1, 2)),
        op(
            "best",
            job("best", inputs=[{"name": "of", "type": "str"}]),
            params={"of": {"ref": "ops.search", "value": "globals.uuid"}},
        ),
    )
    assert finished.row("best").inputs == {"of": child_id(ROOT, "search")}


def test_schedule_in_a_dag_is_done_when_it_is_exhausted() -> None:
    clock = op(
        "clock", schedule={"kind": "interval", "frequency": 60, "maxRuns": 2, "startAt": "2024-01-01T00:01:00+00:00"}
    )
    going = begun(clock, op("after", dependencies=["clock"]))
    assert going.status("after") == "created"
    going.run()
    assert going.statuses() == {"clock": "succeeded", "after": "succeeded"}


def test_controller_is_the_outermost_dag_or_matrix() -> None:
    finished = done(op("outer", dag(op("inner", dag(op("x"))))))
    assert {finished.row(name).controller for name in ("outer", "inner", "x")} == {ROOT}


def test_children_of_a_schedule_have_no_controller() -> None:
    schedule = {"kind": "interval", "frequency": 60, "maxRuns": 1}
    finished = Harness(operation(job("tick"), schedule=schedule)).run()
    assert finished.rows[child_id(ROOT, "0")].controller is None


def test_inheritance_goes_level_by_level() -> None:
    finished = Harness(operation(dag(op("n", dag(op("a")))), termination={"timeout": 60}, queue="q")).run()
    assert plan_of(finished).termination.timeout == 60
    assert finished.row("a").queue == "q"


def test_status_the_outer_sees_one() -> None:
    finished = done(op("nested", dag(op("x", job("fails")), op("y"))), op("z", dependencies=["nested"]))
    assert finished.statuses() == {"nested": "failed", "z": "upstream_failed"}


def test_dag_in_a_matrix_runs_once_per_point() -> None:
    inner = {**dag(op("x", job("x", **NUMBER), params={"x": {"ref": "dag", "value": "inputs.x"}})), **NUMBER}
    matrix = {"kind": "mapping", "values": [{"x": 1}, {"x": 2}]}
    finished = Harness(operation(inner, matrix=matrix)).run()
    assert [finished.rows[child_id(child_id(ROOT, index), "x")].inputs for index in "01"] == [{"x": 1}, {"x": 2}]
