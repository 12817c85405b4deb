"""What people do to runs: stop, skip, approve, resume, invalidate, restart, copy."""

from __future__ import annotations

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, Outcome, dag, job, op, operation

from polyaxon.engine import Limits
from polyaxon.engine.events import Action
from polyaxon.engine.submit import submit_copy, submit_restart
from polyaxon.errors import ConflictError
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.run import Cloning, ManagedBy
from polyaxon.model.status import Pending, Status

OTHER = RunId("f" * 32)


# Stop


def test_a_stop_before_anything_runs_takes_effect_at_once():
    going = Harness(operation(job("a"), name="run"), limits=Limits(total=0)).settle()
    assert going.root.status is Status.QUEUED
    going.request(ROOT, Action.STOP)
    assert going.path("run")[-1] == "stopped"
    assert going.last("run").message == "stopped by ann"
    assert len(going.queue) == 0


def test_a_running_run_is_stopping_until_the_runtime_says_it_is_gone():
    going = Harness(operation(job("slow"), name="run"), {"slow": HANGS}).settle()
    going.request(ROOT, Action.STOP)
    assert going.root.status is Status.STOPPING
    going.settle()
    assert going.path("run")[-2:] == ["stopping", "stopped"]


def test_stopping_twice_changes_nothing_and_says_why():
    going = Harness(operation(job("slow"), name="run"), {"slow": HANGS}).settle()
    going.request(ROOT, Action.STOP)
    decision = going.request(ROOT, Action.STOP)
    assert decision.commands == []
    assert going.facts("run", "request")[0]["refused"] == "it is stopping already"


def test_a_stopped_dag_stops_every_descendant_and_is_final_last():
    inner = dag(op("x", job("slow")), op("y", dependencies=["x"]), name="inner")
    going = Harness(operation(dag(op("nested", inner), op("z", dependencies=["nested"]))), {"slow": HANGS}).settle()
    going.request(ROOT, Action.STOP)
    assert (going.root.status, going.status("nested"), going.status("x")) == ("stopping", "stopping", "stopping")
    assert (going.status("y"), going.status("z")) == ("stopped", "stopped")
    going.settle()
    assert {run.status for run in going.rows.values()} == {Status.STOPPED}


def test_stopping_a_child_does_not_stop_its_pipeline():
    operations = op("a", job("slow")), op("b"), op("c", dependencies=["a"], trigger="all_done")
    going = Harness(operation(dag(*operations)), {"slow": HANGS}).settle()
    going.request("a", Action.STOP)
    going.settle()
    assert going.statuses() == {"a": "stopped", "b": "succeeded", "c": "succeeded"}
    assert going.root.status is Status.STOPPED


# Skip


def test_only_what_has_not_started_can_be_skipped():
    operations = op("a", job("slow")), op("b", dependencies=["a"])
    going = Harness(operation(dag(*operations)), {"slow": HANGS}).settle()
    going.request("b", Action.SKIP)
    assert going.last("b").reason == "SkipRequested"
    assert going.status("b") == "skipped"
    going.request("a", Action.SKIP)
    assert going.status("a") == "running"


def test_skipping_a_pipeline_skips_what_has_not_started_and_stops_the_rest():
    operations = op("a", job("slow")), op("b", dependencies=["a"])
    going = Harness(operation(dag(*operations)), {"slow": HANGS}).settle()
    going.request(ROOT, Action.SKIP)
    going.settle()
    assert going.statuses() == {"a": "stopped", "b": "skipped"}
    assert going.root.status is Status.SKIPPED


# Approvals


def test_a_run_that_is_not_approved_waits_for_it():
    going = Harness(operation(job("a"), name="run", isApproved=False)).settle()
    assert (going.root.status, going.root.pending) == (Status.CREATED, Pending.APPROVAL)
    going.request(ROOT, Action.APPROVE)
    going.settle()
    assert (going.root.status, going.root.pending) == (Status.SUCCEEDED, None)


def test_an_approval_may_depend_on_a_template():
    component = job("a", inputs=[{"name": "safe", "type": "bool"}])
    raw = operation(component, name="run", isApproved="{{ safe }}", params={"safe": {"value": False}})
    going = Harness(raw).settle()
    assert (going.root.status, going.root.pending) == (Status.COMPILED, Pending.APPROVAL)
    going.crash()
    going.settle()
    assert going.root.pending is Pending.APPROVAL
    going.request(ROOT, Action.APPROVE)
    going.settle()
    assert going.path("run") == ["created", "compiled", "queued", "scheduled", "running", "succeeded"]


def test_an_approved_child_still_waits_for_its_upstreams():
    operations = op("a", job("slow")), op("b", dependencies=["a"], isApproved=False)
    going = Harness(operation(dag(*operations)), {"slow": HANGS}).settle()
    going.request("b", Action.APPROVE)
    going.settle()
    assert going.status("b") == "created"
    going.request("a", Action.STOP)
    going.settle()
    assert going.status("b") == "upstream_failed"


def test_a_child_waiting_for_approval_starts_when_approved_after_its_upstreams():
    going = Harness(operation(dag(op("a"), op("b", dependencies=["a"], isApproved=False)))).settle()
    assert going.statuses() == {"a": "succeeded", "b": "created"}
    assert going.root.status is Status.RUNNING
    going.crash()
    going.settle()
    going.request("b", Action.APPROVE)
    going.settle()
    assert going.root.status is Status.SUCCEEDED


def test_a_run_waiting_for_approval_holds_no_slot():
    operations = op("a", isApproved=False), op("b")
    going = Harness(operation(dag(*operations, concurrency=1))).settle()
    assert going.statuses() == {"a": "created", "b": "succeeded"}


def test_an_uploading_run_waits_until_the_upload_is_done():
    going = Harness(operation(job("a")), pending=Pending.UPLOAD).settle()
    assert going.root.status is Status.CREATED
    going.request(ROOT, Action.APPROVE)
    going.settle()
    assert going.root.status is Status.SUCCEEDED


def test_an_upload_that_never_ends_fails_the_run():
    done = Harness(operation(job("a")), pending=Pending.UPLOAD).run()
    assert (done.root.status, done.last(ROOT).reason) == (Status.FAILED, "StaleUpload")


# Resume


def test_a_failed_dag_continues_from_what_succeeded():
    operations = op("a"), op("b", job("fails"), dependencies=["a"]), op("c", dependencies=["b"])
    going = Harness(operation(dag(*operations)), {"fails": FAILURE}).run()
    assert going.statuses() == {"a": "succeeded", "b": "failed", "c": "upstream_failed"}
    going.script.clear()
    going.request(ROOT, Action.RESUME)
    going.run()
    assert going.statuses() == {"a": "succeeded", "b": "succeeded", "c": "succeeded"}
    assert going.root.status is Status.SUCCEEDED
    assert [(going.rows[run].name, attempt) for run, attempt in going.started] == [
        ("a", 1),
        ("b", 1),
        ("b", 2),
        ("c", 1),
    ]
    assert "resuming" in going.path("b")


def test_a_stopped_search_continues_in_place():
    component = job("trial", inputs=[{"name": "x", "type": "int"}])
    matrix = {"kind": "grid", "concurrency": 1, "params": {"x": {"kind": "choice", "value": [1, 2, 3, 4]}}}
    slow = {"trial": lambda plan, _: HANGS if len(going.started) == 2 else Outcome()}
    going = Harness.__new__(Harness)
    going.__init__(operation(component, name="sweep", matrix=matrix), slow)
    going.settle()
    going.request(ROOT, Action.STOP)
    going.settle()
    assert going.statuses() == {"0": "succeeded", "1": "stopped"}
    going.request(ROOT, Action.RESUME)
    going.run()
    assert going.statuses() == dict.fromkeys("0123", "succeeded")
    assert [going.rows[child_id(ROOT, str(index))].attempt for index in range(4)] == [1, 2, 1, 1]


def test_one_failed_child_can_be_run_again_alone():
    operations = op("a", job("fails")), op("b", job("fails-too")), op("c", dependencies=["a"])
    going = Harness(operation(dag(*operations)), {"fails": FAILURE, "fails-too": FAILURE}).run()
    going.script.clear()
    going.request("a", Action.RESUME)
    going.run()
    assert going.statuses() == {"a": "succeeded", "b": "failed", "c": "upstream_failed"}
    assert going.root.status is Status.FAILED
    assert going.root.attempt == 0


def test_a_failed_child_of_a_running_dag_can_be_run_again():
    operations = op("a", job("fails")), op("slow", job("slow")), op("c", dependencies=["a", "slow"])
    going = Harness(operation(dag(*operations)), {"fails": FAILURE, "slow": HANGS}).settle()
    going.script.pop("fails")
    going.request("a", Action.RESUME)
    going.settle()
    assert going.statuses() == {"a": "succeeded", "slow": "running", "c": "created"}
    from polyaxon.engine.events import Observed
    from polyaxon.model.observation import Observation, Phase

    going.decide(Observed(Observation(going.id("slow"), 1, Phase.SUCCEEDED, going.now)))
    going.settle()
    assert going.root.status is Status.SUCCEEDED


def test_a_resumed_run_has_its_retries_and_its_time_again():
    raw = operation(job("fails"), name="run", termination={"maxRetries": 1, "timeout": 60})
    going = Harness(raw, {"fails": FAILURE}).run()
    assert going.root.attempt == 2
    going.wait(1000)
    going.request(ROOT, Action.RESUME)
    going.run()
    assert (going.root.status, going.root.attempt) == (Status.FAILED, 4)
    assert going.last("run").reason == "AttemptFailed"


@pytest.mark.parametrize("action", [Action.RESUME, Action.INVALIDATE])
def test_only_finished_runs_can_be_resumed_or_invalidated(action):
    going = Harness(operation(job("slow"), name="run"), {"slow": HANGS}).settle()
    going.request(ROOT, action)
    assert "only a finished run" in going.facts("run", "request")[0]["refused"]


def test_an_invalidated_run_is_not_reused():
    done = Harness(operation(job("a"))).run()
    assert done.root.state is not None
    done.request(ROOT, Action.INVALIDATE)
    assert done.root.state is None


# Restart and copy


def test_a_restart_is_a_new_run_that_names_its_original():
    done = Harness(operation(job("a"), name="first"), tags=("x",)).run()
    run, condition = submit_restart(done.root, operation(job("a"), name="first"), OTHER, START)
    assert (run.original, run.cloning_kind, run.name, run.tags) == (ROOT, Cloning.RESTART, "first", ("x",))
    assert (run.status, condition.type, run.attempt) == (Status.CREATED, Status.CREATED, 0)


def test_a_copy_starts_with_the_files_of_its_original():
    first = Harness(operation(job("a"))).run()
    copied, _ = submit_copy(first.root, operation(job("a")), OTHER, START)
    again = Harness(operation(job("a")), original=copied.original, cloning_kind=copied.cloning_kind).run()
    step = again.plans[ROOT].main.init[0]
    assert (step.kind, step.spec) == ("artifacts", {"dirs": [[f"{ROOT}/outputs", "outputs"]]})


def test_a_copy_may_choose_what_it_starts_with():
    first = Harness(operation(job("a"))).run()
    copied, _ = submit_copy(first.root, operation(job("a")), OTHER, START, files=["outputs/model.pt"])
    again = Harness(operation(job("a")), original=ROOT, cloning_kind=Cloning.COPY, meta=copied.meta).run()
    assert again.plans[ROOT].main.init[0].spec["files"] == [[f"{ROOT}/outputs/model.pt", "outputs/model.pt"]]


def test_a_run_that_its_own_process_made_cannot_be_restarted():
    first = Harness(operation(job("a")), managed_by=ManagedBy.USER)
    with pytest.raises(ConflictError):
        submit_restart(first.root, operation(job("a")), OTHER, START)
