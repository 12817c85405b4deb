"""The scheduler's time, and what it waits for, when the machine's clock jumps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from scheduler_bench import JOB, Bench

from polyaxon.engine.commands import SetTimer
from polyaxon.engine.events import TimerKind
from polyaxon.model.ids import RunId
from polyaxon.model.status import Status
from polyaxon.scheduler.clock import ForwardClock
from polyaxon.scheduler.loop import Tuning
from polyaxon.scheduler.timers import Alarms

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
RUN = RunId("a" * 32)


class Hands:
    """A machine's clock that is set, and a steady one that is not."""

    def __init__(self) -> None:
        self.wall, self.seconds = NOON, 0.0

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds

    def clock(self) -> ForwardClock:
        return ForwardClock(lambda: self.wall, lambda: self.seconds)


def test_a_clock_that_is_set_back_does_not_stop_the_time() -> None:
    wall = iter([NOON, NOON + timedelta(seconds=1), NOON - timedelta(hours=1), NOON - timedelta(hours=1, seconds=-5)])
    steady = iter([0.0, 1.0, 2.0, 7.0])
    clock = ForwardClock(lambda: next(wall), lambda: next(steady))
    assert [clock() - NOON for _ in range(3)] == [timedelta(seconds=seconds) for seconds in (1, 2, 7)]


def test_a_clock_that_is_set_forward_is_followed() -> None:
    wall = iter([NOON, NOON + timedelta(hours=1)])
    clock = ForwardClock(lambda: next(wall), lambda: 0.0)
    assert clock() == NOON + timedelta(hours=1)


DURATIONS = [kind for kind in TimerKind if kind is not TimerKind.SCHEDULE]


@pytest.mark.parametrize("kind", DURATIONS)
@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
def test_how_long_something_may_take_does_not_change_when_the_clock_is_set(kind: TimerKind, step: timedelta) -> None:
    hands = Hands()
    clock = hands.clock()
    alarms = Alarms(clock)
    alarms.set(RUN, SetTimer(RUN, kind, NOON + timedelta(seconds=60)))
    hands.wall += step
    hands.passes(59)
    assert alarms.due(clock()) == []
    assert alarms.seconds_left(clock()) == pytest.approx(1)
    hands.passes(1)
    assert alarms.due(clock()) == [(RUN, RUN, kind)]


def test_a_schedule_follows_the_clock_that_is_set() -> None:
    hands = Hands()
    clock = hands.clock()
    alarms = Alarms(clock)
    alarms.set(RUN, SetTimer(RUN, TimerKind.SCHEDULE, NOON + timedelta(hours=1)))
    assert alarms.due(clock()) == []
    hands.wall += timedelta(hours=1)
    assert alarms.seconds_left(clock()) == 0
    assert alarms.due(clock()) == [(RUN, RUN, TimerKind.SCHEDULE)]


def test_what_is_cancelled_or_dropped_is_not_due() -> None:
    hands = Hands()
    clock = hands.clock()
    alarms = Alarms(clock)
    for kind in (TimerKind.SCHEDULE, TimerKind.RETRY, TimerKind.TTL):
        alarms.set(RUN, SetTimer(RUN, kind, NOON))
    alarms.set(RUN, SetTimer(RUN, TimerKind.RETRY, None))
    alarms.drop(RUN)
    assert alarms.due(clock()) == []
    assert alarms.seconds_left(clock()) == float("inf")


def test_a_step_of_the_clock_is_noticed_and_forgotten() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.passes(3600)
    clock()
    assert not clock.stepped_within(10)
    hands.wall += timedelta(hours=1)
    clock()
    assert clock.stepped_within(10)
    hands.passes(10)
    clock()
    assert not clock.stepped_within(10)


def test_a_run_with_a_timeout_survives_a_clock_that_is_set_forward(bench: Bench) -> None:
    hands = Hands()
    hands.wall = datetime.now(UTC)
    bench.runtime.held = {"job"}
    root = bench.submit(JOB.replace("run:", "termination: {timeout: 60}\nrun:"))
    scheduler = bench.scheduler(clock=lambda: hands.wall, steady=lambda: hands.seconds)
    looks: list[str] = []

    def over() -> bool:
        status = bench.status(root)
        if status == "running" and not looks:
            hands.wall += timedelta(hours=1)
            scheduler.look()
        elif looks == ["running"] * 3:
            hands.passes(60)  # and now its time is over
        if status == "running":
            looks.append(status)
            scheduler.wake()
        return bench.is_over(root)

    asyncio.run(bench.until(scheduler, over))
    assert len(looks) > 3
    condition = bench.store.conditions(root.uuid)[-1]
    assert (condition.type, condition.reason) == (Status.FAILED, "Timeout")


def test_schedulers_do_not_take_each_others_runs_when_the_clock_is_set_forward(bench: Bench) -> None:
    hands = Hands()
    hands.wall = datetime.now(UTC)
    bench.runtime.held = {"job"}
    root = bench.submit(JOB)
    (theirs,) = bench.store.claim("other:2:2", hands.wall, 30)
    tuning = Tuning(poll_seconds_deaf=0.001, lease_seconds=30)
    scheduler = bench.scheduler(clock=lambda: hands.wall, steady=lambda: hands.seconds, tuning=tuning)
    turns: list[bool] = []

    def over() -> bool:
        if not turns:
            hands.wall += timedelta(hours=1)
        elif len(turns) == 20:
            hands.passes(20)  # the other one has not shown itself: it is gone
        hands.passes(0.01)
        turns.append(scheduler.drives(root.uuid))
        scheduler.wake()
        return turns[-1]

    asyncio.run(bench.until(scheduler, over))
    assert not any(turns[:20])
    assert theirs.token == 1
