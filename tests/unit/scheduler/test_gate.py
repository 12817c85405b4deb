"""At most so many attempts at once, and the next begins the moment one ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler_bench import Bench, dag

from polyaxon.engine.commands import Start
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places, Replica
from polyaxon.model.observation import Phase
from polyaxon.model.status import Status
from polyaxon.runtimes.fake import FakeRuntime, Play
from polyaxon.scheduler.gate import Gate
from polyaxon.server import Local
from polyaxon.settings import read_settings

PLACES = Places("/c", "/c/a", "/s/r", "/s/r/outputs", "/s")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2024, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Door:
    """A gate, its clock, and who began."""

    def __init__(self, places: int | None) -> None:
        self.began: list[str] = []
        self.clock = Clock()
        self.gate = Gate(places, lambda start: self.began.append(start.plan.run), self.clock)

    def enter(self, *names: str, began: bool = False, kind: str = "job") -> None:
        for name in names:
            plan = LaunchPlan(RunId(name), "p", "o", name, kind, kind, PLACES, (Replica("main"),))
            self.gate.enter(Start(plan, 1, began))

    def work(self, *names: str, seconds: float) -> None:
        """Let attempts take so long."""
        for name in names:
            self.enter(name)
            self.clock.pass_by(seconds)
            self.gate.leave(RunId(name))


def test_who_finds_no_place_begins_when_one_is_left_in_the_order_of_coming() -> None:
    door = Door(2)
    door.enter("a", "b", "c", "d")
    assert door.began == ["a", "b"]
    door.gate.leave(RunId("b"))
    assert door.began == ["a", "b", "c"]
    door.gate.leave(RunId("a"))
    assert door.began == ["a", "b", "c", "d"]


def test_without_a_limit_everybody_begins_and_nothing_is_handed_over_ahead() -> None:
    door = Door(None)
    door.enter("a", "b", "c")
    door.gate.leave(RunId("a"))
    assert (door.began, door.gate.ahead) == (["a", "b", "c"], 0)


def test_an_attempt_that_runs_already_and_a_service_wait_for_no_place() -> None:
    door = Door(1)
    door.enter("a")
    door.enter("b", began=True)
    door.enter("s", kind="service")
    assert door.began == ["a", "b", "s"]
    door.enter("c")
    door.gate.leave(RunId("a"))
    assert door.began == ["a", "b", "s"], "the adopted one holds a place"
    door.gate.leave(RunId("b"))
    assert door.began == ["a", "b", "s", "c"]


def test_one_that_is_stopped_while_it_waits_never_begins() -> None:
    door = Door(1)
    door.enter("a", "b", "c")
    door.gate.withdraw([RunId("b")])
    door.gate.leave(RunId("a"))
    assert door.began == ["a", "c"]


def test_an_ending_that_is_told_twice_frees_one_place() -> None:
    door = Door(1)
    door.enter("a", "b", "c")
    door.gate.leave(RunId("a"))
    door.gate.leave(RunId("a"))
    assert door.began == ["a", "b"]


def test_a_start_that_is_commanded_again_counts_once() -> None:
    door = Door(1)
    door.enter("a", "b", "b", "a")
    assert door.began == ["a", "a"], "the runtime adopts the second"
    door.gate.leave(RunId("a"))
    door.gate.leave(RunId("b"))
    assert door.began == ["a", "a", "b"]


def test_only_short_work_is_handed_over_ahead_of_its_place() -> None:
    door = Door(2)
    assert door.gate.ahead == 0, "nothing is known yet"
    door.work(*"abcdef", seconds=0.005)
    assert door.gate.ahead == 20
    door.work(*"ghijklmnopqrst", seconds=10.0)
    assert door.gate.ahead == 0


def test_who_waits_for_long_is_told_of_once() -> None:
    door = Door(1)
    door.enter("a", "b")
    assert door.gate.waiting_long() == []
    assert door.gate.next_at() == door.clock.now + timedelta(seconds=1)
    door.clock.pass_by(2)
    [told] = door.gate.waiting_long()
    assert (told.run, told.phase) == ("b", Phase.UNSCHEDULABLE)
    assert "1 runs that go on at once" in told.message
    assert (door.gate.waiting_long(), door.gate.next_at()) == ([], None)


def test_handing_over_ahead_never_lets_more_run_at_once_than_there_are_places(bench: Bench) -> None:
    live: set[RunId] = set()
    most: list[int] = []

    class Counting(FakeRuntime):
        async def start(self, plan: LaunchPlan, attempt: int) -> None:
            live.add(plan.run)
            most.append(len(live))
            await super().start(plan, attempt)

        def _end(self, key: tuple[RunId, int], phase: Phase) -> None:
            live.discard(key[0])
            super()._end(key, phase)

    runtime = Counting(lambda plan, attempt: Play(seconds=0.001))
    settings = read_settings({"POLYAXON_HOME": bench.local.settings.home, "POLYAXON_MAX_PARALLEL": "3"})
    local = Local(settings, bench.store, lambda: runtime)
    root = bench.submit(dag(*(f"op{number}" for number in range(200))))
    assert local.drive([root.uuid], adopt=True)[root.uuid].status is Status.SUCCEEDED
    assert len(runtime.started) == len(set(runtime.started)) == 200
    assert max(most) == 3
