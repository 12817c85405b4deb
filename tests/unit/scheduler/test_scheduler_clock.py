"""The scheduler's time when the machine's clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from polyaxon.scheduler.clock import ForwardClock

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def test_a_clock_that_is_set_back_does_not_stop_the_time() -> None:
    wall = iter([NOON, NOON + timedelta(seconds=1), NOON - timedelta(hours=1), NOON - timedelta(hours=1, seconds=-5)])
    steady = iter([0.0, 1.0, 2.0, 7.0])
    clock = ForwardClock(lambda: next(wall), lambda: next(steady))
    assert [clock() - NOON for _ in range(3)] == [timedelta(seconds=seconds) for seconds in (1, 2, 7)]


def test_a_clock_that_is_set_forward_is_followed() -> None:
    wall = iter([NOON, NOON + timedelta(hours=1)])
    clock = ForwardClock(lambda: next(wall), lambda: 0.0)
    assert clock() == NOON + timedelta(hours=1)
