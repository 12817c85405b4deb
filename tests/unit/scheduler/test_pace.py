"""Short work is handed over ahead of its places, and never begins before there is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler_bench import Bench, dag

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.status import Status
from polyaxon.runtimes.fake import FakeRuntime, Play
from polyaxon.scheduler.pace import Pace
from polyaxon.server import Local
from polyaxon.settings import read_settings

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def see(pace: Pace, run: str, phase: Phase, seconds: float = 0.0) -> None:
    pace.observed(Observation(RunId(run), 1, phase, NOW + timedelta(seconds=seconds)))


def work(pace: Pace, *runs: str, seconds: float) -> None:
    """Let attempts take so long."""
    for run in runs:
        pace.sent(RunId(run))
        see(pace, run, Phase.RUNNING)
        see(pace, run, Phase.SUCCEEDED, seconds)


def test_an_ending_that_says_when_its_attempt_began_counts_like_two_observations() -> None:
    pace = Pace(2)
    for run in "abcdef":
        pace.sent(RunId(run))
        at = NOW + timedelta(seconds=0.005)
        pace.observed(Observation(RunId(run), 1, Phase.SUCCEEDED, at, began=NOW))
    assert pace.ahead == 20
    assert not pace.is_ahead, "nothing of it waits any more"


def test_only_short_work_is_handed_over_ahead_of_its_place() -> None:
    pace = Pace(2)
    assert pace.ahead == 0, "nothing is known yet"
    work(pace, *"abcdef", seconds=0.005)
    assert pace.ahead == 20
    work(pace, *"ghijklmnopqrst", seconds=10.0)
    assert pace.ahead == 0


def test_without_a_limit_nothing_is_handed_over_ahead() -> None:
    pace = Pace(None)
    work(pace, *"abc", seconds=0.005)
    assert pace.ahead == 0


def test_it_is_ahead_while_everything_that_runs_has_a_successor() -> None:
    pace = Pace(2)
    assert not pace.is_ahead
    for run in "abc":
        pace.sent(RunId(run))
    see(pace, "a", Phase.RUNNING)
    assert pace.is_ahead
    see(pace, "b", Phase.RUNNING)
    assert not pace.is_ahead, "two run, one waits"
    see(pace, "a", Phase.SUCCEEDED, 10.0)
    assert pace.is_ahead
    pace.forget(RunId("c"))
    assert not pace.is_ahead


def test_with_short_work_it_is_ahead_while_half_of_what_was_handed_over_waits() -> None:
    pace = Pace(2)
    work(pace, *"abcdef", seconds=0.005)
    for number in range(pace.ahead):
        pace.sent(RunId(str(number)))
    for number in range(pace.ahead // 2):
        assert pace.is_ahead
        see(pace, str(number), Phase.RUNNING)
        see(pace, str(number), Phase.SUCCEEDED, 0.005)
    assert pace.is_ahead
    pace.forget(RunId(str(pace.ahead - 1)))
    assert not pace.is_ahead


def test_handing_over_ahead_never_lets_more_run_at_once_than_there_are_places(bench: Bench) -> None:
    live: set[RunId] = set()
    most: list[int] = []

    class Counting(FakeRuntime):
        def _begin(self, key: tuple[RunId, int], play: Play) -> None:
            live.add(key[0])
            most.append(len(live))
            super()._begin(key, play)

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
