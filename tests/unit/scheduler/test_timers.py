"""Timers are due in order, once, and only as they were last set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from polyaxon.engine.events import TimerKind
from polyaxon.model.ids import RunId
from polyaxon.scheduler.timers import Timers

START = datetime(2026, 3, 1, tzinfo=UTC)
ROOT, OTHER = RunId("r" * 32), RunId("o" * 32)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_setting_again_replaces_and_none_cancels() -> None:
    timers = Timers()
    timers.set(ROOT, ROOT, TimerKind.RETRY, at(1))
    timers.set(ROOT, ROOT, TimerKind.RETRY, at(5))
    timers.set(ROOT, ROOT, TimerKind.TTL, at(2))
    timers.set(ROOT, ROOT, TimerKind.TTL, None)
    assert timers.next_at() == at(5)
    assert timers.due(at(4)) == []
    assert timers.due(at(5)) == [(ROOT, ROOT, TimerKind.RETRY)]
    assert timers.next_at() is None


def test_dropping_a_root_leaves_the_others() -> None:
    timers = Timers()
    timers.set(ROOT, ROOT, TimerKind.RETRY, at(1))
    timers.set(OTHER, OTHER, TimerKind.RETRY, at(1))
    timers.drop(ROOT)
    assert timers.due(at(1)) == [(OTHER, OTHER, TimerKind.RETRY)]


keys = st.tuples(st.sampled_from([ROOT, OTHER]), st.integers(0, 5).map(str), st.sampled_from(TimerKind))
steps = st.lists(st.tuples(keys, st.none() | st.integers(0, 50)), max_size=120)


@given(steps)
def test_what_is_due_is_what_was_set_last(steps: list[tuple[tuple[RunId, str, TimerKind], int | None]]) -> None:
    timers = Timers()
    model: dict[tuple[RunId, TimerKind], tuple[RunId, int]] = {}
    for (root, name, kind), seconds in steps:
        run = RunId(root[0] + name)
        timers.set(root, run, kind, None if seconds is None else at(seconds))
        model.pop((run, kind), None)
        if seconds is not None:
            model[run, kind] = (root, seconds)
    soonest = min((seconds for _, seconds in model.values()), default=None)
    assert timers.next_at() == (None if soonest is None else at(soonest))
    due = timers.due(at(25))
    expected = {(root, run, kind) for (run, kind), (root, seconds) in model.items() if seconds <= 25}
    assert set(due) == expected
    assert len(due) == len(expected)
    assert timers.due(at(25)) == []
    assert {(run, kind) for _, run, kind in timers.due(at(50))} == {
        key for key, (_, seconds) in model.items() if seconds > 25
    }
