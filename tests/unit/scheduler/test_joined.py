"""What is seen of an attempt that begins and ends between two rounds is one event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from polyaxon.engine.events import Observed
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.scheduler.driven import Incoming, joined

ROOT = RunId("r" * 32)
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def seen(run: str, phase: Phase, seconds: int, attempt: int = 1, **fields: Any) -> Incoming:
    at = NOW + timedelta(seconds=seconds)
    return Incoming(ROOT, Observed(Observation(RunId(run), attempt, phase, at, **fields)))


def observation(item: Incoming) -> Observation:
    assert isinstance(item.event, Observed)
    return item.event.observation


def test_a_beginning_and_an_end_are_told_in_the_place_of_the_end_with_all_warnings() -> None:
    other = seen("b", Phase.RUNNING, 2)
    found = joined([seen("a", Phase.RUNNING, 1, warnings=("w",)), other, seen("a", Phase.FAILED, 3, exit_code=2)])
    assert found[0] == other
    last = observation(found[1])
    assert (last.phase, last.exit_code, last.warnings) == (Phase.FAILED, 2, ("w",))
    assert (last.began, last.at) == (NOW + timedelta(seconds=1), NOW + timedelta(seconds=3))
    assert len(found) == 2


def test_what_belongs_to_different_attempts_stays_apart() -> None:
    items = [seen("a", Phase.RUNNING, 1), seen("a", Phase.SUCCEEDED, 2, attempt=2), seen("b", Phase.SUCCEEDED, 3)]
    assert joined(items) == items


def test_a_beginning_that_says_more_stays_an_event_of_its_own() -> None:
    items = [seen("a", Phase.RUNNING, 1, urls=("http://127.0.0.1:80",)), seen("a", Phase.SUCCEEDED, 2)]
    assert joined(items) == items


def test_an_end_that_is_seen_twice_is_joined_once() -> None:
    found = joined([seen("a", Phase.RUNNING, 1), seen("a", Phase.SUCCEEDED, 2), seen("a", Phase.SUCCEEDED, 2)])
    assert [observation(item).began for item in found] == [NOW + timedelta(seconds=1), None]
