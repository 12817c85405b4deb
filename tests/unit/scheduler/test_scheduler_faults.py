"""Calls that do their work and then say that they failed, and clocks that jump: the end is the same, nothing twice."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scheduler_bench import JOB, Bench, dag

from polyaxon.engine.events import Action, Requested
from polyaxon.errors import PolyaxonError, RuntimeFailure, StoreError
from polyaxon.scheduler.loop import Tuning

FLOW = dag(
    "a",
    "b: dependencies: [a]",
    "bad: dependencies: [a]",
    "c: dependencies: [bad]",
    "d: dependencies: [b, bad], trigger: all_done",
)
STARTED = [("a", 1), ("b", 1), ("bad", 1), ("d", 1)]
ENDINGS = {
    "flow": "failed",
    "a": "succeeded",
    "b": "succeeded",
    "bad": "failed",
    "c": "upstream_failed",
    "d": "succeeded",
}


class Lying:
    """Some calls of these methods fail: having done everything (`after`), or before doing anything."""

    def __init__(self, real: Any, methods: set[str], error: PolyaxonError, lies: Callable[[], bool], after: bool):
        self._real = real
        self._methods = methods
        self._error = error
        self._lies = lies
        self._after = after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)
        if name not in self._methods:
            return method

        def call(*arguments: Any) -> Any:
            lies = self._lies()
            if lies and not self._after:
                raise self._error
            result = method(*arguments)
            if lies:
                raise self._error
            return result

        async def wait(*arguments: Any) -> Any:
            lies = self._lies()
            if lies and not self._after:
                raise self._error
            await method(*arguments)
            if lies:
                raise self._error

        return wait if inspect.iscoroutinefunction(method) else call


STORE = {"apply", "tree", "claim", "renew", "release", "take_requests", "facts", "get"}
QUICK = Tuning(poll_seconds_deaf=0.02, linger_seconds=0, retry_seconds=0.01, lease_seconds=0.3)


def one_in(number: int, seed: int) -> Callable[[], bool]:
    """One call in so many lies, at random."""
    chance = random.Random(seed)
    return lambda: chance.randrange(number) == 0


@pytest.mark.parametrize("after", [True, False], ids=["done, and said to have failed", "failed"])
@pytest.mark.parametrize("method", sorted(STORE))
def test_a_store_call_that_fails_changes_nothing_in_the_end(bench: Bench, method: str, after: bool) -> None:
    bench.runtime.exits = {"bad": [1] * 20}
    for seed in range(3):
        bench.runtime.started.clear()
        root = bench.submit(FLOW)
        lying = Lying(bench.store, {method}, StoreError("the database timed out"), one_in(2, seed), after)
        bench.drive(root, store=lying, tuning=QUICK)
        assert bench.statuses(root) == ENDINGS
        assert sorted(bench.runtime.started) == STARTED


def test_any_store_call_may_fail_at_any_time(bench: Bench) -> None:
    bench.runtime.exits = {"bad": [1] * 20}
    for seed in range(10):
        bench.runtime.started.clear()
        root = bench.submit(FLOW)
        lying = Lying(bench.store, STORE, StoreError("the database timed out"), one_in(4, seed), seed % 2 == 0)
        bench.drive(root, store=lying, tuning=QUICK)
        assert bench.statuses(root) == ENDINGS
        assert sorted(bench.runtime.started) == STARTED


@pytest.mark.parametrize("after", [True, False], ids=["done, and said to have failed", "failed"])
def test_a_request_is_not_lost_when_taking_it_fails(bench: Bench, after: bool) -> None:
    bench.runtime.held = {"job"}
    root = bench.submit(JOB)
    bench.store.request(Requested(root.uuid, Action.STOP), datetime.now(UTC))
    lying = Lying(bench.store, {"take_requests", "apply"}, StoreError("timed out"), one_in(2, 1), after)
    bench.drive(root, store=lying, tuning=QUICK)
    assert bench.status(root) == "stopped"


# The runtime


def lying_runtime(bench: Bench, method: str, lies: Callable[[], bool], after: bool) -> None:
    real = bench.runtime
    bench.runtime = Lying(real, {method}, RuntimeFailure("no answer in time"), lies, after)  # type: ignore[assignment]


def once() -> Callable[[], bool]:
    """Only the first call lies."""
    calls = iter([True])
    return lambda: next(calls, False)


@pytest.mark.parametrize("after", [True, False], ids=["done, and said to have failed", "failed"])
def test_a_start_that_fails_once_is_started_once(bench: Bench, after: bool) -> None:
    root = bench.submit(dag("a", "b: dependencies: [a]"))
    lying_runtime(bench, "start", once(), after)
    bench.drive(root)
    assert bench.statuses(root) == {"flow": "succeeded", "a": "succeeded", "b": "succeeded"}
    assert bench.runtime.started == [("a", 1), ("b", 1)]


def test_a_start_that_never_answers_fails_the_run_and_what_may_have_begun_is_stopped(bench: Bench) -> None:
    bench.runtime.held = {"a"}
    root = bench.submit(dag("a", "b: dependencies: [a]"))
    lying_runtime(bench, "start", lambda: True, after=True)
    bench.drive(root)
    assert bench.statuses(root) == {"flow": "failed", "a": "failed", "b": "upstream_failed"}
    assert [bench.store.get(run).name for run in bench.runtime.stopped] == ["a"]


def test_a_retry_begins_only_when_the_attempt_before_it_was_stopped(bench: Bench) -> None:
    bench.settings = type(bench.settings)(home=bench.settings.home, retry_seconds=0.0)
    root = bench.submit(JOB.replace("run:", "termination: {maxRetries: 1}\nrun:"))
    order: list[str] = []
    stop, bench.runtime.on_start = bench.runtime.stop, lambda _plan, attempt: order.append(f"start {attempt}")

    async def stopped(run: Any, attempt: int, grace: float) -> None:
        order.append(f"stop {attempt}")
        await stop(run, attempt, grace)

    bench.runtime.stop = stopped  # type: ignore[method-assign]
    bench.runtime.held = {"job"}
    calls = iter([True, True])
    lying_runtime(bench, "start", lambda: next(calls, False), after=True)
    ended = []

    def over() -> bool:
        if order and order[-1] == "start 2" and not ended:
            ended.append(bench.runtime.end(root.uuid, 2))
        return bench.is_over(root)

    asyncio.run(bench.until(bench.scheduler(), over))
    assert bench.status(root) == "succeeded"
    assert order == ["start 1", "start 1", "stop 1", "start 2"]


@pytest.mark.parametrize("after", [True, False], ids=["done, and said to have failed", "failed"])
def test_a_stop_that_fails_once_still_stops(bench: Bench, after: bool) -> None:
    bench.runtime.held = {"job"}
    root = bench.submit(JOB)
    asked: list[int] = []
    lying_runtime(bench, "stop", once(), after)

    def over() -> bool:
        if not asked and bench.runtime.started:
            asked.append(bench.store.request(Requested(root.uuid, Action.STOP), datetime.now(UTC)))
        return bench.is_over(root)

    asyncio.run(bench.until(bench.scheduler(), over))
    assert bench.status(root) == "stopped"


# The clock


class Jumping:
    """A clock that somebody sets: `by` is added to the real time."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


JUMPS = {
    "a day ahead": [timedelta(days=1)],
    "a day back": [timedelta(days=-1)],
    "ahead and back again": [timedelta(days=1), timedelta(0)],
    "back and forth": [timedelta(hours=-3), timedelta(hours=3), timedelta(hours=-3), timedelta(0)],
}


@pytest.mark.parametrize("row", JUMPS)
def test_a_clock_that_jumps_keeps_neither_timers_nor_requests_waiting(bench: Bench, row: str) -> None:
    clock, jumps = Jumping(), list(JUMPS[row])
    bench.settings = type(bench.settings)(home=bench.settings.home, retry_seconds=0.05)
    bench.runtime.exits = {"job": [1, 1, 0]}
    bench.runtime.held = {"last"}
    retried = bench.submit(JOB.replace("run:", "termination: {maxRetries: 2}\nrun:"))
    stopped = bench.submit(JOB.replace("name: job", "name: last"))
    asked: list[int] = []

    def over() -> bool:
        if jumps and bench.runtime.started:
            clock.by = jumps.pop(0)
        elif not jumps and not asked and bench.is_over(retried):
            asked.append(bench.store.request(Requested(stopped.uuid, Action.STOP), datetime.now(UTC)))
        return bench.is_over(stopped)

    asyncio.run(bench.until(bench.scheduler(clock=clock), over))
    assert (bench.status(retried), bench.status(stopped)) == ("succeeded", "stopped")
    times = [condition.at for condition in bench.store.conditions(retried.uuid)][1:]
    assert times == sorted(times)
