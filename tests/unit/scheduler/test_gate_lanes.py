"""Starts that are committed ahead begin when there is a place for them: in all, and in their lane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from polyaxon.engine.commands import Start
from polyaxon.model.ids import RunId
from polyaxon.model.launch import Container, LaunchPlan, Places, Replica
from polyaxon.model.run import RunKind
from polyaxon.scheduler.gate import Gate

PLACES = Places("/c", "/c/a", "/a", "/a/o", "/s")
SEARCH, OTHER = RunId("a" * 32), RunId("b" * 32)


class Door:
    """A gate that writes down what begins; its clock moves when told."""

    def __init__(self, places: int | None) -> None:
        self.now = datetime(2024, 1, 1, tzinfo=UTC)
        self.begun: list[str] = []
        self.gate = Gate(places, lambda start: self.begun.append(start.plan.run), lambda: self.now)

    def enter(self, *runs: str, lane: RunId | None = None, width: int = 0, began: bool = False) -> None:
        for run in runs:
            self.gate.enter(Start(plan(run), 1, began, lane, width))


def plan(run: str) -> LaunchPlan:
    return LaunchPlan(
        run=RunId(run),
        project="p",
        owner="o",
        name=None,
        runtime="job",
        kind=RunKind.JOB,
        places=PLACES,
        replicas=(Replica("main", Container("main", "image")),),
    )


def test_no_more_than_its_width_of_a_lane_begin_at_once_and_the_next_as_one_ends() -> None:
    door = Door(None)
    door.enter("1", "2", "3", "4", lane=SEARCH, width=2)
    assert door.begun == ["1", "2"]
    door.gate.leave(RunId("2"))
    assert door.begun == ["1", "2", "3"]
    door.gate.leave(RunId("1"))
    door.gate.leave(RunId("3"))
    assert door.begun == ["1", "2", "3", "4"]


def test_a_full_lane_holds_nobody_else_back() -> None:
    door = Door(3)
    door.enter("1", "2", lane=SEARCH, width=1)
    door.enter("3", lane=OTHER, width=1)
    door.enter("4", "5")
    assert door.begun == ["1", "3", "4"]
    door.gate.leave(RunId("3"))
    assert door.begun == ["1", "3", "4", "5"], "`2` waits for its lane"
    door.gate.leave(RunId("1"))
    assert door.begun[-1] == "2"


def test_an_ending_that_is_told_twice_makes_room_for_one() -> None:
    door = Door(None)
    door.enter("1", "2", "3", lane=SEARCH, width=1)
    door.gate.leave(RunId("1"))
    door.gate.leave(RunId("1"))
    assert door.begun == ["1", "2"]


def test_what_was_withdrawn_never_begins() -> None:
    door = Door(None)
    door.enter("1", "2", "3", lane=SEARCH, width=1)
    door.gate.withdraw([RunId("2")])
    door.gate.leave(RunId("1"))
    assert door.begun == ["1", "3"]


def test_what_ran_before_its_scheduler_ended_takes_its_place_first() -> None:
    door = Door(None)
    door.enter("1", "2", lane=SEARCH, width=2, began=True)
    door.enter("3", lane=SEARCH, width=2)
    assert door.begun == ["1", "2"]
    door.gate.leave(RunId("1"))
    assert door.begun == ["1", "2", "3"]


def test_who_waits_long_is_told_what_for() -> None:
    door = Door(None)
    door.enter("1", "2", lane=SEARCH, width=1)
    assert door.gate.waiting_long() == []
    door.now += timedelta(seconds=2)
    (said,) = door.gate.waiting_long()
    assert (said.run, said.message) == ("2", "waits until one of the 1 runs that go on at once has ended")
    assert door.gate.waiting_long() == []
