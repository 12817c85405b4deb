"""Section 12: who is admitted when, by which limits."""

from __future__ import annotations

from typing import Any

import pytest
from harness import ROOT, Harness, Outcome, dag, job, op, operation
from rows import SCRIPT, checked, sweep

from polyaxon.engine import Limits, World
from polyaxon.engine.commands import Enqueue
from polyaxon.engine.events import Action
from polyaxon.engine.queue import Queue
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Phase


def hanging(*names: str, concurrency: int | None = None, limits: Limits | None = None, **more: Any) -> Harness:
    limit = {"concurrency": concurrency} if concurrency is not None else {}
    raw = operation(dag(*(op(name, job("hangs")) for name in names), **limit), **more)
    return Harness(raw, SCRIPT, limits=limits).settle()


def count(going: Harness, status: str) -> int:
    return sum(run.status == status for run in going.rows.values() if run.pipeline is not None)


LIMITS: dict[str, tuple[dict[str, Any], int]] = {
    # row: (what limits five operations, how many of them run)
    "no concurrency: unlimited": ({}, 5),
    "concurrency 2 of the pipeline": ({"concurrency": 2}, 2),
    "global limit": ({"limits": Limits(total=3)}, 3),
    "the smaller of both": ({"concurrency": 4, "limits": Limits(total=3)}, 3),
    "limit of the queue": ({"queue": "q", "limits": Limits(queues={"q": 1})}, 1),
    "limit of another queue": ({"queue": "q", "limits": Limits(queues={"p": 1})}, 5),
}


@pytest.mark.parametrize("row", LIMITS)
def test_admission(row: str) -> None:
    options, running = LIMITS[row]
    assert count(hanging(*"abcde", **options), "running") == running


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_concurrency_of_nothing_is_refused_by_the_check(concurrency: int) -> None:
    job = "component: {run: {kind: job, container: {image: x, command: [echo]}}}"
    text = f"kind: component\nrun: {{kind: dag, concurrency: {concurrency}, operations: [{{name: a, {job}}}]}}\n"
    assert checked(text).operation is None


def test_concurrency_one_is_strictly_sequential_in_creation_order() -> None:
    going = Harness(operation(dag(op("c"), op("a"), op("b"), concurrency=1))).run()
    assert (going.order(), going.peak[ROOT]) == (["c", "a", "b"], 1)


def test_the_remaining_budget_of_the_controller_counts() -> None:
    search = sweep(1, 2, 3, component="hangs", concurrency=3)
    going = Harness(operation(dag(op("search", **search), concurrency=2)), SCRIPT).settle()
    assert count(going, "running") - 1 == 2  # the search itself is running too, and takes no slot


def test_a_pipeline_takes_no_global_slot() -> None:
    going = Harness(operation(dag(op("n", dag(op("x"))))), limits=Limits(total=1)).run()
    assert going.root.status == "succeeded"


CONSUMING: dict[str, tuple[Limits | None, tuple[Phase, ...]]] = {
    "queued": (Limits(total=0), ()),
    "scheduled": (None, ()),
    "starting": (None, (Phase.STARTING,)),
    "running": (None, (Phase.RUNNING,)),
    "warning": (None, (Phase.RUNNING, Phase.WARNING)),
    "unschedulable": (None, (Phase.UNSCHEDULABLE,)),
    # Until it is gone: two at once would not be "strictly sequential".
    "stopping": (None, (Phase.RUNNING,)),
}


@pytest.mark.parametrize("row", CONSUMING)
def test_consumes_a_slot_of_its_pipeline(row: str) -> None:
    limits, before = CONSUMING[row]
    raw = operation(dag(op("a", job("works")), op("b"), concurrency=1))
    going = Harness(raw, {"works": Outcome(before=before, hangs=True)}, limits=limits).settle()
    if row == "stopping":
        going.request("a", Action.STOP)
    assert going.statuses() == {"a": row, "b": "created"}


def test_a_pending_run_consumes_none() -> None:
    raw = dag(op("a", isApproved=False), op("b"), concurrency=1)
    assert Harness(operation(raw)).settle().statuses() == {"a": "created", "b": "succeeded"}


def test_a_retrying_run_consumes_none() -> None:
    raw = dag(op("a", job("fails"), termination={"maxRetries": 1}), op("b", job("hangs")), concurrency=1)
    assert Harness(operation(raw), SCRIPT).settle().statuses() == {"a": "retrying", "b": "running"}


def asked(number: int, queue: str = "default", priority: int = 0) -> Enqueue:
    return Enqueue(RunId(f"{number:032d}"), queue, priority)


ORDERS: dict[str, tuple[list[Enqueue], list[int]]] = {
    "creation order": ([asked(1), asked(2), asked(3)], [1, 2, 3]),
    "higher priority first": ([asked(1), asked(2, "q", 5), asked(3)], [2, 1, 3]),
    "then creation order": ([asked(1, "q", 5), asked(2), asked(3, "q", 5)], [1, 3, 2]),
}


@pytest.mark.parametrize("row", ORDERS)
def test_order(row: str) -> None:
    commands, expected = ORDERS[row]
    queue = Queue(Limits(total=1))
    for command in commands:
        queue.enqueue(command)
    admitted = []
    while one := queue.admit():
        admitted += [int(run) for run in one]
        for run in one:
            queue.dequeue(run)
    assert admitted == expected


def test_the_priority_of_a_queue_is_a_setting() -> None:
    raw = dag(op("first", job("hangs")), op("low", job("hangs")), op("high", job("hangs"), queue="urgent"))
    going = Harness(operation(raw), SCRIPT, limits=Limits(total=1))
    going.world = World(places=going.world.places, priorities={"urgent": 9})
    going.load()
    going.settle()
    going.request("first", Action.STOP)
    going.settle()
    assert going.statuses() == {"first": "stopped", "low": "queued", "high": "running"}
