"""Attempts: started once, seen in any order, retried, timed out, cleaned up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, Outcome, dag, job, op, operation

from polyaxon.engine import Defaults
from polyaxon.engine.events import Action, Observed
from polyaxon.engine.retry import backoff_seconds
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.status import Status


def flaky(failures: int) -> dict:
    return {"flaky": lambda _, attempt: FAILURE if attempt <= failures else Outcome(outputs={"loss": 0.5})}


def test_a_run_goes_the_usual_path_and_its_times_are_noted():
    going = Harness(operation(job("slow"), name="slow"), {"slow": HANGS}).settle()
    assert going.path("slow") == ["created", "compiled", "queued", "scheduled", "running"]
    assert (going.root.started_at, going.root.wait_time, going.root.attempt) == (START, 0.0, 1)
    going.now += timedelta(seconds=90.126)
    going.decide(Observed(Observation(going.root.uuid, 1, Phase.SUCCEEDED, going.now), {"loss": 0.1}))
    assert going.root.status is Status.SUCCEEDED
    assert (going.root.finished_at, going.root.duration) == (going.now, 90.13)
    assert going.root.outputs == {"loss": 0.1}


def test_a_run_that_never_started_counts_from_its_creation():
    done = Harness(operation(conditions="false", name="a")).run()
    assert done.root.status is Status.SKIPPED
    assert (done.root.started_at, done.root.duration, done.root.wait_time) == (START, 0.0, None)


def test_a_failed_attempt_is_retried_as_often_as_the_file_allows():
    done = Harness(operation(job("flaky"), name="run", termination={"maxRetries": 2}), flaky(2)).run()
    assert done.root.status is Status.SUCCEEDED
    assert done.root.attempt == 3
    assert done.started == [(done.root.uuid, 1), (done.root.uuid, 2), (done.root.uuid, 3)]
    assert done.path("run").count("retrying") == 2
    assert "attempt 1 of 3 failed" in done.conditions[done.root.uuid][5].message


def test_a_run_out_of_retries_fails_with_the_last_cause():
    done = Harness(operation(job("flaky"), name="run", termination={"maxRetries": 1}), flaky(9)).run()
    assert done.root.status is Status.FAILED
    assert done.last("run").message == "exit code 1 (attempt 2 of 2)"


def test_retries_wait_longer_each_time_and_the_same_run_waits_alike():
    run = RunId("a" * 32)
    waits = [backoff_seconds(run, attempt, attempt, Defaults()) for attempt in range(1, 5)]
    for wait, nominal in zip(waits, (1, 2, 4, 8), strict=True):
        assert 0.75 * nominal <= wait <= 1.25 * nominal
    assert waits == [backoff_seconds(run, attempt, attempt, Defaults()) for attempt in range(1, 5)]
    assert backoff_seconds(run, 99, 99, Defaults()) <= 1.25 * Defaults().retry_cap_seconds


def test_a_retrying_run_gives_its_slot_to_others():
    operations = op("a", job("flaky"), termination={"maxRetries": 1}), op("b")
    done = Harness(operation(dag(*operations, concurrency=1)), flaky(1)).run()
    assert done.order() == ["a", "b", "a"]
    assert done.root.status is Status.SUCCEEDED


def test_a_lost_attempt_is_a_failure_whose_cause_is_unknown():
    done = Harness(operation(job("lost"), name="run"), {"lost": Outcome(Phase.LOST)}).run()
    assert (done.root.status, done.last("run").reason) == (Status.FAILED, "AttemptLost")


def test_what_the_code_reports_of_itself_wins_over_exit_code_zero():
    done = Harness(operation(job("a"), name="run"), {"a": Outcome(reported=Status.FAILED)}).run()
    assert (done.root.status, done.last("run").reason) == (Status.FAILED, "ReportedFailure")


def test_an_exit_code_wins_over_a_reported_success():
    bad = Outcome(Phase.FAILED, exit_code=3, reported=Status.SUCCEEDED)
    done = Harness(operation(job("a"), name="run"), {"a": bad}).run()
    assert done.root.status is Status.FAILED
    assert done.last("run").message == "exit code 3"


@pytest.mark.parametrize("attempt", [0, 2])
def test_observations_of_another_attempt_are_ignored(attempt):
    going = Harness(operation(job("slow")), {"slow": HANGS}).settle()
    decision = going.decide(Observed(Observation(going.root.uuid, attempt, Phase.SUCCEEDED, going.now)))
    assert (decision.changes, decision.commands) == ([], [])


def test_an_attempt_whose_beginning_and_end_are_seen_at_once_was_running_in_between():
    going = Harness(operation(job("slow"), name="run"), {"slow": Outcome(before=(), hangs=True)}).settle()
    began, ended = START + timedelta(seconds=1), START + timedelta(seconds=2)
    going.decide(Observed(Observation(going.root.uuid, 1, Phase.SUCCEEDED, ended, began=began)))
    assert going.path("run") == ["created", "compiled", "queued", "scheduled", "running", "succeeded"]


def test_late_and_repeated_observations_are_ignored():
    going = Harness(operation(job("slow"), name="run"), {"slow": HANGS}).settle()
    early = Observation(going.root.uuid, 1, Phase.STARTING, START - timedelta(seconds=1))
    again = Observation(going.root.uuid, 1, Phase.RUNNING, START)
    assert going.decide(Observed(early)).changes == []
    assert going.decide(Observed(again)).changes == []
    going.decide(Observed(Observation(going.root.uuid, 1, Phase.SUCCEEDED, START)))
    failed = Observation(going.root.uuid, 1, Phase.FAILED, START)
    assert going.decide(Observed(failed)).changes == []
    assert going.root.status is Status.SUCCEEDED


def test_a_warning_may_come_and_go():
    phases = (Phase.STARTING, Phase.RUNNING, Phase.WARNING, Phase.RUNNING, Phase.UNSCHEDULABLE)
    done = Harness(operation(job("a"), name="run"), {"a": Outcome(before=phases)}).run()
    assert done.path("run")[4:] == ["starting", "running", "warning", "running", "unschedulable", "succeeded"]


@pytest.mark.parametrize(("kind", "ending"), [("job", "failed"), ("service", "stopped")])
def test_a_timeout_stops_the_run_and_fails_jobs(kind, ending):
    component = job("slow")
    component["run"]["kind"] = kind
    done = Harness(operation(component, name="run", termination={"timeout": 60}), {"slow": HANGS}).run()
    assert done.root.status == ending
    assert done.last("run").reason == "Timeout"
    assert done.root.duration == 60
    assert done.stopped == {(done.root.uuid, 1)}


def test_a_timeout_counts_all_attempts_together():
    script = {"flaky": lambda _, attempt: FAILURE if attempt == 1 else HANGS}
    done = Harness(operation(job("flaky"), name="run", termination={"timeout": 60, "maxRetries": 5}), script).run()
    assert done.root.status is Status.FAILED
    assert done.root.duration == 60
    assert done.root.attempt == 2


def test_a_dag_that_times_out_stops_its_children_and_fails():
    inner = dag(op("a", job("slow")), op("b", dependencies=["a"]))
    done = Harness(operation(inner, name="pipe", termination={"timeout": 60}), {"slow": HANGS}).run()
    assert done.statuses() == {"a": "stopped", "b": "stopped"}
    assert done.root.status is Status.FAILED
    assert done.last("pipe").reason == "Timeout"


def test_a_run_may_wait_in_the_queue_only_so_long():
    from polyaxon.engine import Limits

    done = Harness(
        operation(job("a"), name="run"), limits=Limits(total=0), defaults=Defaults(pending_timeout_seconds=30)
    ).run()
    assert (done.root.status, done.last("run").reason) == (Status.FAILED, "PendingTimeout")


def test_a_finished_run_is_cleaned_up_when_its_ttl_is_over():
    going = Harness(operation(job("a"), termination={"ttl": 100})).settle()
    assert going.cleaned == []
    going.wait(100)
    assert going.cleaned == [going.root.uuid]
    assert going.root.clean_at is None


def test_a_cleaning_that_a_crash_cut_off_is_done_after_it():
    going = Harness(operation(job("a"), termination={"ttl": 100})).settle()
    run = going.root.uuid
    going.forgets_cleanings = True
    going.wait(100)
    assert going.root.clean_at == going.now + timedelta(minutes=1)
    going.crash()
    going.settle()
    going.wait(60)
    assert going.cleaned == [run] * 2


def test_a_run_that_is_resumed_is_not_cleaned_up():
    outcomes = {"a": lambda _, attempt: FAILURE if attempt == 1 else HANGS}
    going = Harness(operation(job("a"), name="run", termination={"ttl": 100}), outcomes).settle()
    assert going.root.clean_at is not None
    going.request(going.root.uuid, Action.RESUME)
    going.wait(100)
    assert (going.root.status, going.root.clean_at, going.cleaned) == (Status.RUNNING, None, [])


def test_a_run_that_the_runtime_never_lets_go_of_is_called_stopped_in_the_end():
    going = Harness(operation(job("slow"), name="run"), {"slow": HANGS}).settle()
    going._stop = lambda command: None
    from harness import _CARRY_OUT, Stop

    original = _CARRY_OUT[Stop]
    _CARRY_OUT[Stop] = lambda harness, command: None
    try:
        going.request(going.root.uuid, Action.STOP)
        going.run()
    finally:
        _CARRY_OUT[Stop] = original
    assert going.root.status is Status.STOPPED
    assert going.now == START + timedelta(seconds=Defaults().stuck_stopping_seconds)


def test_another_stop_counts_when_it_gives_less_grace():
    from polyaxon.engine.commands import Stop
    from polyaxon.engine.events import Action

    going = Harness(operation(dag(op("a", job("slow"))), name="pipe"), {"slow": HANGS}).settle()
    payloads = ({}, {}, {"grace_seconds": 0})
    decisions = [going.request(going.root.uuid, Action.STOP, **payload) for payload in payloads]
    graces = [[item.grace_seconds for item in made.commands if isinstance(item, Stop)] for made in decisions]
    assert graces == [[Defaults().grace_seconds], [], [0.0]]


def test_what_the_runtime_could_not_honour_is_recorded():
    going = Harness(operation(job("slow"), name="run"), {"slow": HANGS}).settle()
    seen = Observation(going.root.uuid, 1, Phase.WARNING, going.now, warnings=("image `x` is not honoured",))
    going.decide(Observed(seen))
    going.decide(Observed(seen))
    assert going.facts("run", "warning") == [{"warnings": ["image `x` is not honoured"]}]


def judged(action: str, *codes: int) -> Harness:
    policy = {"rules": [{"action": action, "onExitCodes": {"operator": "In", "values": [42]}}]}
    outcomes = [Outcome(Phase.FAILED, exit_code=code) for code in codes]
    script = {"a": lambda _, attempt: outcomes[attempt - 1] if attempt <= len(outcomes) else Outcome()}
    raw = operation(job("a"), name="run", termination={"maxRetries": 1, "podFailurePolicy": policy})
    return Harness(raw, script).run()


@pytest.mark.parametrize("action", ["FailJob", "FailIndex"])
def test_an_exit_code_that_fails_the_job_is_not_tried_again(action: str):
    done = judged(action, 42)
    assert (done.root.status, len(done.started)) == (Status.FAILED, 1)
    assert "not tried again: termination.podFailurePolicy" in done.last("run").message


def test_another_exit_code_is_tried_again_as_ever():
    assert judged("FailJob", 1).root.status is Status.SUCCEEDED


def test_an_ignored_exit_code_does_not_count_among_the_retries():
    done = judged("Ignore", 42, 42, 42, 1)
    assert (done.root.status, len(done.started)) == (Status.SUCCEEDED, 5)
    assert judged("Ignore", 42, 1, 1).root.status is Status.FAILED


def test_an_ignored_exit_code_is_waited_for_longer_every_time_up_to_the_cap():
    delays = [facts["delay_seconds"] for facts in judged("Ignore", *[42] * 12).facts("run", "retry")]
    assert [round(delay / 2**index) for index, delay in enumerate(delays[:8])] == [1] * 8  # the jitter is 25 %
    assert all(225 <= delay <= 375 for delay in delays[9:])


def test_after_ignored_failures_one_that_counts_goes_on_with_the_delays():
    delays = [facts["delay_seconds"] for facts in judged("Ignore", 42, 42, 42, 1).facts("run", "retry")]
    assert delays[3] > 6


def test_an_ignored_exit_code_counts_anew_after_a_resume():
    done = judged("Ignore", 42, 1, 1, 1, 1)
    done.request(ROOT, Action.RESUME)
    done.run()
    assert (done.root.status, len(done.started)) == (Status.FAILED, 5)


def test_an_attempt_that_kept_files_and_failed_is_tried_again():
    kept = Outcome(Phase.FAILED, exit_code=1, artifacts={"model": "outputs/model"})
    script = {"a": lambda _, attempt: kept if attempt == 1 else Outcome()}
    done = Harness(operation(job("a"), name="run", termination={"maxRetries": 1}), script).run()
    assert (done.root.status, len(done.started)) == (Status.SUCCEEDED, 2)


def test_templates_see_the_namespace_of_their_run_at_every_attempt():
    said = {**job("flaky"), "namespace": "lab"}
    said["run"]["container"]["args"] = ["{{ globals.namespace }}", "{{ a }}"]
    seen = []

    def outcome(plan, attempt):
        seen.append(plan.main.container.args)
        return FAILURE if attempt == 1 else Outcome()

    given = operation(said, name="a", params={"a": {"value": 1, "contextOnly": True}}, termination={"maxRetries": 1})
    done = Harness(given, {"flaky": outcome}).run()
    assert done.root.status is Status.SUCCEEDED
    assert seen == [("lab", "1"), ("lab", "1")]
