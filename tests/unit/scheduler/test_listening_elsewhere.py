"""A run waits for an event of a run of another root, whoever drives that one and whenever it happened."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from scheduler_bench import JOB, Bench

from polyaxon.engine.events import Action, Requested
from polyaxon.model.run import Run


def waiting(bench: Bench, other: str, *kinds: str) -> Run:
    named = ", ".join(f"run_status_{kind}" for kind in kinds)
    text = JOB.replace("name: job", f"name: waits\nevents: [{{ref: runs.{other}, kinds: [{named}]}}]")
    return bench.submit(text.replace("kind: component", "kind: operation").replace("run:", "component:\n  run:"))


def test_it_starts_when_the_other_one_runs(bench: Bench) -> None:
    bench.runtime.held = {"job"}
    first = bench.submit(JOB)
    second = waiting(bench, first.uuid, "running")
    asyncio.run(bench.until(bench.scheduler(), lambda: bench.is_over(second)))
    assert (bench.status(first), bench.status(second)) == ("running", "succeeded")


def test_it_starts_when_the_other_one_has_ended(bench: Bench) -> None:
    bench.runtime.held = {"job"}
    first = bench.submit(JOB)
    second = waiting(bench, first.uuid, "succeeded")

    def over() -> bool:
        if bench.status(first) == "running" and bench.status(second) == "created":
            bench.runtime.end(first.uuid, 1)
        return bench.is_over(second)

    asyncio.run(bench.until(bench.scheduler(), over))
    assert bench.runtime.started == [("job", 1), ("waits", 1)]


def test_what_happened_before_it_was_submitted_has_happened(bench: Bench) -> None:
    first = bench.submit(JOB)
    bench.drive(first)
    second, third = waiting(bench, first.uuid, "running"), waiting(bench, first.uuid, "failed")
    bench.drive(second)
    bench.drive(third)
    assert (bench.status(second), bench.status(third)) == ("succeeded", "skipped")


def test_it_goes_on_waiting_after_its_scheduler_left(bench: Bench) -> None:
    first = bench.submit(JOB)
    second = waiting(bench, first.uuid, "succeeded")
    alone = bench.scheduler()
    alone.want(second.uuid)
    asyncio.run(bench.until(alone, lambda: bool(alone._watches.waiting), adopt=False))
    bench.drive(first, owner="two:2:2")
    assert bench.status(second) in {"created", "succeeded"}
    bench.drive(second, owner="three:3:3")
    assert bench.runtime.started == [("job", 1), ("waits", 1)]


def test_a_run_that_is_not_there_is_told(bench: Bench) -> None:
    second = waiting(bench, "9" * 32, "done")
    bench.drive(second)
    assert f"there is no run {'9' * 32}" in bench.store.conditions(second.uuid)[-1].message


def test_a_failure_before_a_resume_is_past(bench: Bench) -> None:
    bench.runtime.exits = {"job": [1, 0]}
    first = bench.submit(JOB)
    bench.drive(first)
    bench.store.request(Requested(first.uuid, Action.RESUME), datetime.now(UTC))
    asyncio.run(bench.until(bench.scheduler(), lambda: bench.status(first) == "succeeded"))
    second = waiting(bench, first.uuid, "failed")
    bench.drive(second)
    assert (bench.status(second), bench.store.conditions(second.uuid)[-1].reason) == ("skipped", "EventMissed")
