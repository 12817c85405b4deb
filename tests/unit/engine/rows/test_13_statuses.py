"""Section 13: which statuses there are, how a run moves between them, and which times follow from its moves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, Outcome, job, operation
from rows import sweep

from polyaxon.engine.events import Action, Observed
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.status import FINAL, ON_CLUSTER, PENDING, SAFE_STOP, TRANSITIONS, Status, can_move

GROUPS: dict[str, tuple[frozenset[Status], str]] = {
    "pending": (PENDING, "created on_schedule resuming"),
    "on cluster": (ON_CLUSTER, "scheduled starting processing running unschedulable warning unknown"),
    "final": (FINAL, "failed upstream_failed stopped skipped succeeded"),
    # Nothing runs yet in `queued` and `retrying` either: a stop of them takes effect at once, too.
    "safe to stop directly": (SAFE_STOP, "created on_schedule resuming compiled queued retrying"),
}


@pytest.mark.parametrize("row", GROUPS)
def test_group(row: str) -> None:
    group, names = GROUPS[row]
    assert {status.value for status in group} == set(names.split())


EVERY = [status.value for status in Status]


@pytest.mark.parametrize("status", EVERY)
def test_created_is_never_entered_again(status: str) -> None:
    assert not can_move(Status(status), Status.CREATED)


@pytest.mark.parametrize("status", EVERY)
def test_from_stopping_only_a_final_status(status: str) -> None:
    assert can_move(Status.STOPPING, Status(status)) is (status in FINAL)


@pytest.mark.parametrize("final", sorted(FINAL))
def test_a_final_status_is_left_by_resume_only(final: str) -> None:
    assert TRANSITIONS[Status(final)] == {Status.RESUMING}


@pytest.mark.parametrize("status", EVERY)
def test_compiled_comes_from_a_compilable_status_only(status: str) -> None:
    compilable = PENDING | {Status.RETRYING}
    assert not can_move(Status(status), Status.COMPILED) or Status(status) in compilable


ACCEPTED = {
    "running → warning": (Status.RUNNING, Status.WARNING),
    "warning → running": (Status.WARNING, Status.RUNNING),
    "running → queued": (Status.RUNNING, Status.QUEUED),
    "running → unknown": (Status.RUNNING, Status.UNKNOWN),
    "unschedulable → starting": (Status.UNSCHEDULABLE, Status.STARTING),
    "running → retrying": (Status.RUNNING, Status.RETRYING),
}


@pytest.mark.parametrize("row", ACCEPTED)
def test_everything_else_is_accepted_as_reported(row: str) -> None:
    assert can_move(*ACCEPTED[row])


def test_the_same_status_again_is_not_appended() -> None:
    outcome = Outcome(before=(Phase.RUNNING, Phase.RUNNING, Phase.WARNING, Phase.WARNING, Phase.RUNNING))
    path = Harness(operation(job("a"), name="a"), {"a": outcome}).run().path("a")
    assert path[path.index("running") :] == ["running", "warning", "running", "succeeded"]


PATHS = {
    "usual path": (
        {},
        "created compiled queued scheduled starting running succeeded",
    ),
    "scheduled run": (
        {"schedule": {"kind": "interval", "frequency": 60, "maxRuns": 1}},
        "created on_schedule compiled queued scheduled starting running succeeded",
    ),
}


@pytest.mark.parametrize("row", PATHS)
def test_path(row: str) -> None:
    more, expected = PATHS[row]
    outcome = Outcome(before=(Phase.STARTING, Phase.RUNNING))
    done = Harness(operation(job("a"), **more), {"a": outcome}).run()
    last = list(done.rows)[-1]
    assert [condition.type.value for condition in done.conditions[last]] == expected.split()


def at_its_end(begins_after: float = 2.5, runs: float = 60) -> Harness:
    """A run that waits for a slot, then runs, then ends."""
    going = Harness(operation(job("a"), isApproved=False), {"a": HANGS}).settle()
    going.wait(begins_after)
    going.request(ROOT, Action.APPROVE)
    going.settle()
    going.wait(runs)
    going.decide(Observed(Observation(ROOT, 1, Phase.SUCCEEDED, going.now)))
    return going


TIMES = {
    "started_at: at the first running status": ("started_at", START + timedelta(seconds=2.5)),
    "wait_time: started − created": ("wait_time", 2.5),
    "finished_at: at the final status": ("finished_at", START + timedelta(seconds=62.5)),
    "duration: finished − started": ("duration", 60.0),
}


@pytest.mark.parametrize("row", TIMES)
def test_time(row: str) -> None:
    name, expected = TIMES[row]
    assert getattr(at_its_end().root, name) == expected


def test_never_started_counts_from_its_creation() -> None:
    going = Harness(operation(job("a"), isApproved=False)).settle()
    going.wait(5)
    going.request(ROOT, Action.STOP)
    assert (going.root.started_at, going.root.duration) == (START, 5.0)


def test_stopping_for_more_than_thirty_minutes_is_stopped() -> None:
    going = Harness(operation(job("a")), {"a": HANGS}).settle()
    going.request(ROOT, Action.STOP)
    assert going.root.status is Status.STOPPING
    # The runtime never lets go.
    going.inbox.clear()
    going.wait(31 * 60)
    assert going.root.status is Status.STOPPED


def test_a_late_report_never_changes_a_final_status() -> None:
    done = Harness(operation(job("a")), {"a": FAILURE}).run()
    done.decide(Observed(Observation(ROOT, 1, Phase.SUCCEEDED, done.now)))
    assert done.root.status is Status.FAILED


def test_retrying_goes_back_to_the_queue() -> None:
    calls = iter([FAILURE])
    script = {"a": lambda _plan, _attempt: next(calls, Outcome())}
    done = Harness(operation(job("a"), name="a", termination={"maxRetries": 1}), script).run()
    path = done.path("a")
    assert path[path.index("retrying") :] == ["retrying", "queued", "scheduled", "running", "succeeded"]


def test_a_pipeline_goes_from_created_to_running() -> None:
    search = sweep(1)
    done = Harness(operation(search["component"], matrix=search["matrix"], name="search")).run()
    assert [condition.type.value for condition in done.conditions[ROOT]] == ["created", "running", "succeeded"]
