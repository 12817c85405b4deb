"""What runs ask of the machine, and what the queue says about it."""

from __future__ import annotations

import pytest

from polyaxon.compiler.requests import requests_of
from polyaxon.engine import Limits, Queue
from polyaxon.engine.commands import Enqueue
from polyaxon.model.ids import RunId
from polyaxon.model.quantity import quantity

A, B, C = RunId("a"), RunId("b"), RunId("c")
GI = 1024.0**3


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("500m", 0.5),
        (2, 2.0),
        ("1.5", 1.5),
        ("2Gi", 2 * GI),
        ("1k", 1000.0),
        ("64M", 64e6),
        ("lots", None),
        ("Gi", None),
    ],
)
def test_amounts_are_read_as_kubernetes_writes_them(text: object, amount: float | None) -> None:
    assert quantity(text) == amount


def test_a_run_asks_for_all_its_replicas() -> None:
    container = {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": 1, "cpu": 2}}}
    run = {"kind": "tfjob", "worker": {"replicas": 3, "container": container}}
    assert requests_of(run) == {"cpu": 1.5, "memory": 3 * GI, "gpu": 3.0}


def test_a_run_waits_until_what_it_asks_for_is_free_and_says_so() -> None:
    queue = Queue(Limits(resources={"memory": 4 * GI}))
    queue.enqueue(Enqueue(A, "default", requests={"memory": 3 * GI}))
    queue.enqueue(Enqueue(B, "default", requests={"memory": 2 * GI}))
    queue.enqueue(Enqueue(C, "default"))
    assert queue.admit() == [A]
    standing = queue.standing(B)
    assert standing is not None
    assert standing.reason == "it asks for 2 Gi memory and 1 Gi of 4 Gi are free"
    behind = queue.standing(C)
    assert behind is not None
    assert (behind.ahead, behind.reason) == (1, "of the first, it asks for 2 Gi memory and 1 Gi of 4 Gi are free")
    queue.dequeue(A)
    assert queue.admit() == [B, C]


def test_services_take_no_place_among_those_that_run_at_once() -> None:
    queue = Queue(Limits(total=1))
    for run, slots in ((A, 0), (B, 1), (C, 0)):
        queue.enqueue(Enqueue(run, "default", slots=slots))
    assert queue.admit() == [A, B, C]
