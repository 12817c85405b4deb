"""Section 8: when a schedule ticks, what its runs are, and when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, dag, job, op, operation
from rows import NUMBER, checked, sweep

from polyaxon.engine import CatchUp, Defaults
from polyaxon.engine.events import Action
from polyaxon.model.ids import child_id
from polyaxon.model.status import Status

MINUTE = timedelta(minutes=1)


def at(minutes: float) -> str:
    return (START + minutes * MINUTE).isoformat()


def clock(schedule: dict[str, Any], script: Any = None, **more: Any) -> Harness:
    options = {key: more.pop(key) for key in ("defaults",) if key in more}
    raw = operation(**{"component": job("tick"), "name": "clock", "cache": {"disable": True}, **more})
    return Harness({**raw, "schedule": schedule}, script, **options)


def times(going: Harness) -> list[float]:
    """Minutes after the start."""
    runs = [run for run in going.rows.values() if run.pipeline == ROOT]
    return [(run.schedule_at - START) / MINUTE for run in runs if isinstance(run.schedule_at, datetime)]


TICKS: dict[str, tuple[dict[str, Any], list[float]]] = {
    "cron: first match after creation, then strictly after the previous": (
        {"kind": "cron", "cron": "*/10 * * * *", "maxRuns": 3},
        [10, 20, 30],
    ),
    "cron: the first run is at startAt itself": (
        {"kind": "cron", "cron": "*/10 * * * *", "startAt": at(7), "maxRuns": 3},
        [7, 10, 20],
    ),
    "cron: alias": ({"kind": "cron", "cron": "@hourly", "maxRuns": 2}, [60, 120]),
    "cron: endAt": ({"kind": "cron", "cron": "*/10 * * * *", "endAt": at(25)}, [10, 20]),
    "interval: creation + frequency": ({"kind": "interval", "frequency": 90, "maxRuns": 2}, [1.5, 3]),
    "interval: startAt, then start + k·frequency": (
        {"kind": "interval", "frequency": 600, "startAt": at(5), "maxRuns": 3},
        [5, 15, 25],
    ),
    "interval: ISO 8601 duration": ({"kind": "interval", "frequency": "PT2M", "maxRuns": 2}, [2, 4]),
    "interval: endAt": ({"kind": "interval", "frequency": 600, "endAt": at(25)}, [10, 20]),
    "datetime: exactly one run": ({"kind": "datetime", "startAt": at(42)}, [42]),
    "next > endAt: none at all": ({"kind": "cron", "cron": "@hourly", "endAt": at(30)}, []),
}


@pytest.mark.parametrize("row", TICKS)
def test_ticks(row: str) -> None:
    schedule, expected = TICKS[row]
    done = clock(schedule).run()
    assert times(done) == expected
    assert done.root.status is Status.SUCCEEDED


WRONG = {
    "kind is required": "{cron: '@daily'}",
    "another kind": "{kind: crom, cron: '@daily'}",
    "a cron expression that is none": "{kind: cron, cron: '99 99 * * foo'}",
    "cron is required": "{kind: cron}",
    "frequency is required": "{kind: interval}",
    "a frequency of nothing": "{kind: interval, frequency: 0}",
    "startAt is required": "{kind: datetime}",
    "no other fields of a datetime": "{kind: datetime, startAt: '2030-01-01T00:00:00', maxRuns: 2}",
}


@pytest.mark.parametrize("row", WRONG)
def test_refused_by_the_check(row: str) -> None:
    job = "component: {run: {kind: job, container: {image: x, command: [echo]}}}"
    assert checked(f"version: 1.1\nkind: operation\nschedule: {WRONG[row]}\n{job}\n").operation is None


def test_a_run_is_created_until_due_then_on_schedule_then_compiled() -> None:
    done = clock({"kind": "interval", "frequency": 60, "maxRuns": 1}).run()
    path = [condition.type.value for condition in done.conditions[child_id(ROOT, "0")]]
    assert path == ["created", "on_schedule", "compiled", "queued", "scheduled", "running", "succeeded"]


NEXT = {
    # row: (dependsOnPast, statuses after 2½ minutes of runs that never end)
    "dependsOnPast false: the next is created when the current one starts": (
        False,
        {"0": "running", "1": "running", "2": "created"},
    ),
    "dependsOnPast true: the next is created when it is done": (True, {"0": "running"}),
}


@pytest.mark.parametrize("row", NEXT)
def test_when_the_next_one_is_created(row: str) -> None:
    past, expected = NEXT[row]
    going = clock({"kind": "interval", "frequency": 60, "dependsOnPast": past}, {"tick": HANGS}).settle()
    going.wait(150)
    assert going.statuses() == expected


MISSED = {
    "skipped to the next future tick by default": (CatchUp.SKIP, [1, 7, 8]),
    "made up for one after another when configured": (CatchUp.ALL, [1, 2, 3]),
}


@pytest.mark.parametrize("row", MISSED)
def test_missed_ticks(row: str) -> None:
    catch_up, expected = MISSED[row]
    going = clock({"kind": "interval", "frequency": 60, "maxRuns": 3}, defaults=Defaults(catch_up=catch_up)).settle()
    going.now += 6.5 * MINUTE
    going.crash()
    assert times(going.run()) == expected


STATUS = {
    "running until done": (lambda going: None, "running"),
    "stopping it stops the children": (lambda going: going.request(ROOT, Action.STOP), "stopped"),
}


@pytest.mark.parametrize("row", STATUS)
def test_status_of_the_schedule(row: str) -> None:
    act, expected = STATUS[row]
    going = clock({"kind": "interval", "frequency": 60}, {"tick": HANGS}).settle()
    going.wait(60)
    act(going)
    going.settle()
    assert going.root.status == expected
    assert going.statuses()["0"] == ("running" if expected == "running" else "stopped")


def test_it_succeeds_whatever_its_runs_do() -> None:
    done = clock({"kind": "interval", "frequency": 60, "maxRuns": 2}, {"tick": FAILURE}).run()
    assert (done.root.status, done.statuses()) == (Status.SUCCEEDED, {"0": "failed", "1": "failed"})


ONE = {"kind": "interval", "frequency": 60, "maxRuns": 1}
REMOVED: dict[str, dict[str, Any]] = {
    "schedule": {},
    "dependencies, trigger, skipOnUpstreamSkip": {
        "dependencies": ["before"],
        "trigger": "all_done",
        "skipOnUpstreamSkip": True,
    },
    "events": {"events": [{"ref": "ops.before", "kinds": ["run_status_succeeded"]}]},
}


@pytest.mark.parametrize("row", REMOVED)
def test_removed_from_scheduled_runs(row: str) -> None:
    going = Harness(operation(dag(op("before"), op("clock", job("tick"), schedule=ONE, **REMOVED[row])))).run()
    assert going.statuses() == {"before": "succeeded", "clock": "succeeded"}
    assert going.statuses(going.id("clock")) == {"0": "succeeded"}


def test_kept_params_and_matrix() -> None:
    search = sweep(1, 2)
    done = clock(ONE, component=search["component"], matrix=search["matrix"]).run()
    run = child_id(ROOT, "0")
    assert done.statuses(run) == {"0": "succeeded", "1": "succeeded"}
    one = clock(ONE, component=job("tick", **NUMBER), params={"x": {"value": 3}}).run()
    assert one.rows[run].inputs == {"x": 3}


def test_kept_joins_are_queried_again_each_time() -> None:
    join = {"query": "name: past", "params": {"past": {"value": "outputs.x", "contextOnly": True}}}
    going = clock({**ONE, "maxRuns": 2}, joins=[join])
    asked: list[str] = []
    look = going.answer

    def answer(fetch: Any) -> Any:
        asked.extend(str(going.rows[fetch.run].index) for _ in fetch.joins)
        return look(fetch)

    going.answer = answer
    going.run()
    assert len(asked) >= 2


def test_kept_hooks() -> None:
    raw = operation(job("tick"), schedule={**ONE, "maxRuns": 2}, hooks=[{"hubRef": "notify", "trigger": "failed"}])
    going = Harness(raw, {"tick": FAILURE}, meta={"components": {"notify": job("notify")}}).run()
    assert sum(bool(run.meta.get("is_hook")) for run in going.rows.values()) == 2


def test_kept_is_approved() -> None:
    going = clock(ONE, isApproved=False).settle()
    if going.root.pending is not None:
        going.request(ROOT, Action.APPROVE)
        going.settle()
    going.wait(60)
    assert going.rows[child_id(ROOT, "0")].pending == "approval"


def test_kept_queue() -> None:
    done = clock(ONE, queue="q").run()
    assert done.rows[child_id(ROOT, "0")].queue == "q"


def test_name_description_and_tags_are_the_parents() -> None:
    done = clock(ONE, description="why", tags=["t"]).run()
    run = done.rows[child_id(ROOT, "0")]
    assert (run.name, run.description, run.tags) == ("clock", "why", ("t",))


def test_nested_in_a_dag_it_is_done_when_it_is_finished() -> None:
    raw = op("clock", job("tick"), schedule={**ONE, "maxRuns": 2}), op("after", dependencies=["clock"])
    done = Harness(operation(dag(*raw))).run()
    assert done.statuses() == {"clock": "succeeded", "after": "succeeded"}
    assert [name for name in done.order() if name == "after"] == ["after"]
