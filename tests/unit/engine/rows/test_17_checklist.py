"""Section 17: the checklist, row by row, with what the sane reading of it says."""

from __future__ import annotations

import pytest
from harness import FAILURE, HANGS, ROOT, Harness, dag, job, op, operation
from rows import FALSE, SCORE, SCRIPT, begun, done, on, sweep

from polyaxon.engine.events import Action

ROWS: dict[str, tuple[list[dict], dict[str, str], str]] = {
    # row: (operations, their endings, that of the dag)
    "1 a → b, a fails": (
        [op("a", job("fails")), op("b", dependencies=["a"])],
        {"a": "failed", "b": "upstream_failed"},
        "failed",
    ),
    "2 a → b(all_done), a fails": (
        [op("a", job("fails")), op("b", dependencies=["a"], trigger="all_done")],
        {"a": "failed", "b": "succeeded"},
        "failed",
    ),
    "3 a skipped by condition, b default trigger": (
        [op("a", **FALSE), op("b", dependencies=["a"])],
        {"a": "skipped", "b": "succeeded"},
        "succeeded",
    ),
    "3 a skipped by condition, b skipOnUpstreamSkip": (
        [op("a", **FALSE), op("b", dependencies=["a"], skipOnUpstreamSkip=True)],
        {"a": "skipped", "b": "skipped"},
        "succeeded",
    ),
    "4 one_succeeded, a fails first, b succeeds later": (
        [
            op("a", job("fails")),
            op("first"),
            op("b", dependencies=["first"]),
            op("c", dependencies=["a", "b"], trigger="one_succeeded"),
        ],
        {"a": "failed", "first": "succeeded", "b": "succeeded", "c": "succeeded"},
        "failed",
    ),
    "7 param ref to a missing output at run time": (
        [op("a"), op("b", job("b", **SCORE), params={"score": {"ref": "ops.a", "value": "outputs.score"}})],
        {"a": "succeeded", "b": "failed"},
        "failed",
    ),
    "8 nested dag fails": (
        [op("n", dag(op("x", job("fails"))))],
        {"n": "failed"},
        "failed",
    ),
    "11 matrix of 3 with one failing child": (
        [op("search", **sweep(0, 1, 2))],
        {"search": "failed"},
        "failed",
    ),
    "14 cycle a → b → a": (
        [op("a", dependencies=["b"]), op("b", dependencies=["a"])],
        {},
        "failed",
    ),
    "15 condition x > 1 with x = 1": (
        [op("a", conditions="{{ x > 1 }}", params={"x": {"value": 1, "contextOnly": True}})],
        {"a": "skipped"},
        "succeeded",
    ),
    "15 condition maybe": (
        [op("a", conditions="maybe")],
        {"a": "failed"},
        "failed",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_row(row: str) -> None:
    operations, endings, expected = ROWS[row]
    script = {"trial": lambda plan, _: FAILURE if plan.main.container.command[2] == "1" else SCRIPT["gives"]}
    going = done(*operations, script=script)
    assert (going.statuses(), going.root.status) == (endings, expected)


def test_5_event_running_on_a() -> None:
    going = begun(op("a", job("hangs")), op("b", **on("a", "running")))
    assert (going.statuses(), going.root.status) == ({"a": "running", "b": "succeeded"}, "running")
    going.request("a", Action.STOP)
    going.settle()
    assert going.root.status == "stopped"


def test_6_diamond_with_concurrency_one() -> None:
    operations = op("a"), op("c", dependencies=["a"]), op("b", dependencies=["a"]), op("d", dependencies=["b", "c"])
    going = done(*operations, concurrency=1)
    assert (going.order(), going.peak[ROOT]) == (["a", "c", "b", "d"], 1)


def test_9_termination_of_the_dag_and_of_operations() -> None:
    operations = (
        op("own", termination={"timeout": 10}),
        op("component", job("component", termination={"timeout": 10})),
        op("neither"),
    )
    going = Harness(operation(dag(*operations), termination={"timeout": 60})).run()
    timeouts = {name: going.plans[going.id(name)].termination.timeout for name in ("own", "component", "neither")}
    assert timeouts == {"own": 10, "component": 60, "neither": 60}


def test_10_plugins_of_the_dag_and_of_an_operation() -> None:
    going = Harness(operation(dag(op("a", plugins={"docker": True})), plugins={"shm": False})).run()
    plugins = going.plans[going.id("a")].plugins
    assert (plugins["docker"], plugins["shm"]) == (True, False)


def test_11_the_other_points_succeed() -> None:
    script = {"trial": lambda plan, _: FAILURE if plan.main.container.command[2] == "1" else SCRIPT["gives"]}
    search = sweep(0, 1, 2)
    going = Harness(operation(search["component"], matrix=search["matrix"]), script).run()
    assert going.statuses() == {"0": "succeeded", "1": "failed", "2": "succeeded"}


@pytest.mark.parametrize(("disable", "starts"), [(False, 2), (True, 4)], ids=["cached", "cache.disable on the dag"])
def test_12_second_identical_dag(disable: bool, starts: int) -> None:
    cache = {"cache": {"disable": True}} if disable else {}
    pipe = operation(dag(op("a"), op("b", dependencies=["a"])), name="pipe", **cache)
    # Both dags in one: the second begins when the first is done.
    both = Harness(
        operation(
            dag(op("one", pipe["component"], **cache), op("two", pipe["component"], dependencies=["one"], **cache))
        )
    ).run()
    assert (len(both.started), both.root.status) == (starts, "succeeded")


def test_13_schedule_with_max_runs_two() -> None:
    schedule = {"kind": "interval", "frequency": 60, "maxRuns": 2}
    going = Harness(operation(job("a"), schedule=schedule)).run()
    assert (going.statuses(), going.root.status) == ({"0": "succeeded", "1": "succeeded"}, "succeeded")


def test_8_the_inner_child_says_so() -> None:
    assert done(op("n", dag(op("x", job("fails")))), script={"y": HANGS}).status("x") == "failed"
