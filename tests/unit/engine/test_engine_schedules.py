"""Schedules: when they tick, what they create, what they do about ticks that were missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, dag, job, op, operation
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.engine import CatchUp, Defaults, timetable
from polyaxon.engine.events import Action
from polyaxon.errors import UsageError
from polyaxon.model.status import Status

HOUR = timedelta(hours=1)


def cron(text="0 * * * *", **more):
    return {"kind": "cron", "cron": text, **more}


def scheduled(schedule, script=None, **kwargs) -> Harness:
    raw = operation(job("tick"), name="clock", schedule=schedule, cache={"disable": True})
    return Harness(raw, script, **kwargs)


def times(going: Harness) -> list[datetime]:
    return [run.schedule_at for run in going.rows.values() if run.pipeline == ROOT]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("0 0 ? * *", datetime(2024, 3, 2, tzinfo=UTC)),
        ("0 0 * * * 30", datetime(2024, 3, 2, 0, 0, 30, tzinfo=UTC)),
        ("@Daily", datetime(2024, 3, 2, tzinfo=UTC)),
        ("0 12 * * L5", datetime(2024, 3, 29, 12, tzinfo=UTC)),
        ("0 0 * mar mon#2", datetime(2024, 3, 11, tzinfo=UTC)),
    ],
)
def test_cron_is_read_in_the_dialect_of_the_files(text: str, first: datetime):
    moment = datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert timetable(cron(text), UTC).after(moment, moment) == first


def test_a_schedule_with_two_runs_makes_two_and_succeeds():
    done = scheduled(cron(maxRuns=2)).run()
    assert times(done) == [START + HOUR, START + 2 * HOUR]
    assert done.statuses() == {"0": "succeeded", "1": "succeeded"}
    assert done.root.status is Status.SUCCEEDED
    path = [condition.type.value for condition in done.conditions[next(iter(done.rows.keys() - {ROOT}))]]
    assert path[:3] == ["created", "on_schedule", "compiled"]


def test_the_first_run_is_at_start_at_even_when_cron_says_otherwise():
    start = START + timedelta(minutes=17)
    done = scheduled(cron(maxRuns=2, startAt=start.isoformat())).run()
    assert times(done) == [start, START + HOUR]


def test_nothing_runs_after_the_end():
    done = scheduled(cron(endAt=(START + 2 * HOUR).isoformat())).run()
    assert times(done) == [START + HOUR, START + 2 * HOUR]
    assert done.root.status is Status.SUCCEEDED


def test_an_interval_counts_from_its_start():
    done = scheduled({"kind": "interval", "frequency": 90, "maxRuns": 3}).run()
    assert times(done) == [START + timedelta(seconds=90 * number) for number in (1, 2, 3)]


def test_a_moment_has_exactly_one_run():
    done = scheduled({"kind": "datetime", "startAt": (START + HOUR).isoformat()}).run()
    assert times(done) == [START + HOUR]
    assert done.root.status is Status.SUCCEEDED


def test_a_failing_run_does_not_fail_its_schedule():
    done = scheduled(cron(maxRuns=2), {"tick": FAILURE}).run()
    assert done.statuses() == {"0": "failed", "1": "failed"}
    assert done.root.status is Status.SUCCEEDED


def test_runs_may_overlap_unless_they_depend_on_the_past():
    going = scheduled(cron(), {"tick": HANGS}).settle()
    going.wait(2.5 * 3600)
    assert going.statuses() == {"0": "running", "1": "running", "2": "created"}
    waiting = scheduled(cron(dependsOnPast=True), {"tick": HANGS}).settle()
    waiting.wait(2.5 * 3600)
    assert waiting.statuses() == {"0": "running"}


def test_a_schedule_is_final_only_when_its_last_run_is():
    going = scheduled(cron(maxRuns=1), {"tick": HANGS}).settle()
    going.wait(3600)
    assert going.statuses() == {"0": "running"}
    assert going.root.status is Status.RUNNING


def test_stopping_a_schedule_stops_its_runs():
    going = scheduled(cron(), {"tick": HANGS}).settle()
    going.wait(3600)
    going.request(ROOT, Action.STOP)
    going.settle()
    assert going.statuses() == {"0": "stopped", "1": "stopped"}
    assert going.root.status is Status.STOPPED


def test_missed_ticks_are_skipped_by_default():
    going = scheduled(cron(maxRuns=3)).settle()
    going.now += timedelta(hours=5, minutes=30)
    going.crash()
    going.run()
    late, *rest = times(going)
    assert late == START + HOUR  # the run that existed already runs late
    assert rest == [START + 6 * HOUR, START + 7 * HOUR]
    assert going.facts(ROOT, "schedule")[0]["missed"] == (START + 2 * HOUR).isoformat()


def test_missed_ticks_may_be_made_up_for():
    going = scheduled(cron(maxRuns=3), defaults=Defaults(catch_up=CatchUp.ALL)).settle()
    going.now += timedelta(hours=5, minutes=30)
    going.crash()
    going.run()
    assert times(going) == [START + HOUR, START + 2 * HOUR, START + 3 * HOUR]


def test_a_crash_between_ticks_loses_none_and_makes_none_twice():
    going = scheduled(cron(maxRuns=4)).settle()
    for _ in range(4):
        going.wait(1800)
        going.crash()
        going.settle()
    going.run()
    assert times(going) == [START + number * HOUR for number in (1, 2, 3, 4)]
    assert len(going.started) == 4


@pytest.mark.parametrize("limits", [{"maxRuns": 1}, {}])
def test_a_crash_while_a_scheduled_run_goes_on_adopts_it(limits):
    going = scheduled(cron(**limits), {"tick": HANGS})
    going.settle().wait(3600)
    assert len(going.started) == 1
    going.crash()
    going.settle()
    assert len(going.started) == 1
    going.request("clock", Action.STOP)
    assert going.run().root.status is Status.STOPPED


def test_a_schedule_may_run_searches_and_dags():
    raw = operation(dag(op("a"), op("b", dependencies=["a"])), name="nightly", schedule=cron(maxRuns=2))
    done = Harness(raw).run()
    assert [run.status.value for run in done.rows.values() if run.name == "b"] == ["succeeded", "succeeded"]
    assert {run.controller for run in done.rows.values() if run.pipeline == ROOT} == {None}


def test_each_scheduled_run_sees_its_own_time():
    component = job("tick")
    component["run"]["container"]["args"] = ["{{ globals.schedule_at }}"]
    done = Harness(operation(component, schedule=cron(maxRuns=2), cache={"disable": True})).run()
    seen = [plan.main.container.args[0] for plan in done.plans.values()]
    assert [text.startswith(f"2024-01-01T0{hour}:00") for hour, text in zip((1, 2), seen, strict=True)] == [True, True]


def test_a_schedule_in_a_dag_is_one_operation_for_its_neighbours():
    operations = op("clock", schedule=cron(maxRuns=1)), op("after", dependencies=["clock"])
    done = Harness(operation(dag(*operations))).run()
    assert done.statuses() == {"clock": "succeeded", "after": "succeeded"}


def test_a_cron_expression_that_is_none_fails_the_run_with_the_reason():
    done = scheduled(cron("99 99 * * foo")).run()
    assert done.root.status is Status.FAILED
    assert "is not a cron expression" in done.last(ROOT).message


# Backfills


def backfill(schedule, start, end, script=None, concurrency=None, **kwargs) -> Harness:
    asked = {"from": start.isoformat(), "to": end.isoformat()}
    if concurrency is not None:
        asked["concurrency"] = concurrency
    return scheduled(schedule, script, meta={"backfill": asked}, **kwargs)


PAST = START - timedelta(days=30)


def test_a_backfill_makes_the_runs_of_its_range_at_once_and_succeeds():
    done = backfill(cron(maxRuns=1, endAt=START.isoformat()), PAST, PAST + 5 * HOUR).run()
    assert times(done) == [PAST + hours * HOUR for hours in range(6)]
    assert done.root.status is Status.SUCCEEDED
    assert done.now == START


def test_a_backfill_keeps_to_the_bounds_of_its_schedule():
    bounded = cron(startAt=(PAST + 2 * HOUR).isoformat(), endAt=(PAST + 4 * HOUR).isoformat())
    assert times(backfill(bounded, PAST, PAST + 9 * HOUR).run()) == [PAST + hours * HOUR for hours in (2, 3, 4)]


def test_intervals_of_a_backfill_count_from_its_beginning():
    every = {"kind": "interval", "frequency": 1800}
    assert times(backfill(every, PAST, PAST + HOUR).run()) == [PAST, PAST + HOUR / 2, PAST + HOUR]


def test_a_backfill_that_depends_on_the_past_goes_one_by_one():
    going = backfill(cron(dependsOnPast=True), PAST, PAST + 5 * HOUR, {"tick": HANGS})
    going.settle().wait(0)
    assert len(times(going)) == 1


def test_a_backfill_runs_as_many_at_once_as_it_may():
    going = backfill(cron(), PAST, PAST + 5 * HOUR, {"tick": HANGS}, concurrency=2)
    going.settle().wait(0)
    assert len(going.started) == 2


def test_a_backfill_goes_on_after_a_crash():
    going = backfill(cron(), PAST, PAST + 3 * HOUR, {"tick": HANGS}, concurrency=1)
    going.settle().wait(0)
    assert len(times(going)) == 4
    going.crash()
    going.settle()
    assert (len(times(going)), len(going.started)) == (4, 1)


def test_a_run_that_says_for_when_it_is_is_other_work_at_another_time():
    raw = operation(job("tick"), name="clock", schedule=cron())
    raw["component"]["run"]["container"]["args"] = ["{{ globals.schedule_at }}"]
    asked = {"from": PAST.isoformat(), "to": (PAST + 2 * HOUR).isoformat()}
    done = Harness(raw, meta={"backfill": asked}).run()
    assert len(done.started) == 3


# Ticks


def ticks(schedule, start=START, hours=24, zone=UTC):
    return timetable(schedule, zone).between(start, start + hours * HOUR)


@pytest.mark.parametrize(
    ("alias", "expected"),
    [("@hourly", 24 + 1), ("@daily", 2), ("@weekly", 0), ("@monthly", 1), ("@quarterly", 1), ("@yearly", 1)],
)
def test_aliases_stand_for_their_expressions(alias, expected):
    assert len(ticks(cron(alias))) == expected


def test_wall_clock_times_follow_the_zone_through_a_clock_change():
    paris = ZoneInfo("Europe/Paris")
    before = datetime(2024, 3, 30, tzinfo=UTC)
    found = ticks(cron("0 9 * * *"), before, 48, paris)
    assert [tick.hour for tick in found] == [8, 7]
    assert [tick.astimezone(paris).hour for tick in found] == [9, 9]


def test_a_schedule_may_name_its_zone():
    found = ticks(cron("0 9 * * *", timezone="America/New_York"))
    assert [tick.hour for tick in found] == [14]
    with pytest.raises(UsageError, match="time zone"):
        timetable(cron(timezone="Mars/Olympus"), UTC)


@given(st.integers(1, 10**6), st.integers(0, 10**7))
def test_intervals_never_drift(frequency, elapsed):
    table = timetable({"kind": "interval", "frequency": frequency}, UTC)
    moment = START + timedelta(seconds=elapsed)
    tick = table.after(moment, START)
    assert tick is not None
    assert moment < tick <= moment + timedelta(seconds=frequency)
    assert (tick - START) % timedelta(seconds=frequency) == timedelta(0)


def test_a_backfill_has_the_ticks_of_its_range():
    assert ticks(cron(), START, 2) == [START, START + HOUR, START + 2 * HOUR]
