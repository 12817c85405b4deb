"""Driving in the foreground: rows as they change, hooks to the end, interruptions, and roots that others drive."""

from __future__ import annotations

import os
import signal
import threading
from datetime import UTC, datetime

import pytest
from scheduler_bench import JOB, Bench, dag

from polyaxon.engine.events import Action
from polyaxon.errors import ConflictError, InternalError, UsageError
from polyaxon.model.ids import RunId
from polyaxon.model.run import Cloning, Condition, ManagedBy, Run, RunKind
from polyaxon.model.status import Status
from polyaxon.runtimes.process.locks import take
from polyaxon.scheduler.crash import crash_points
from polyaxon.scheduler.drive import Driver


def test_rows_are_told_in_order_and_end_with_the_stored_ones(bench: Bench) -> None:
    root = bench.submit(dag("a", "b: dependencies: [a]"), hold=True)
    told: dict[RunId, list[Run]] = {}
    last = bench.local.drive([root.uuid], on_run=lambda run: told.setdefault(run.uuid, []).append(run))
    assert last[root.uuid].status is Status.SUCCEEDED
    for run in bench.store.tree(root.uuid):
        rows = told[run.uuid]
        assert rows[0].status is Status.CREATED
        assert (rows[-1].status, rows[-1].outputs, rows[-1].attempt) == (run.status, run.outputs, run.attempt)


def test_a_held_root_is_nobody_elses_until_this_process_lets_go(bench: Bench) -> None:
    root = bench.submit(JOB, hold=True)
    assert bench.store.claim("other:2:2", datetime.now(UTC), 30) == []
    bench.local.close()
    assert [lease.root for lease in bench.store.claim("other:2:2", datetime.now(UTC), 30)] == [root.uuid]


def test_an_interruption_can_stop_the_run(bench: Bench) -> None:
    bench.runtime.held = {"job"}
    root = bench.submit(JOB, hold=True)
    threads: list[str] = []

    def interrupted(driver: Driver) -> None:
        threads.append(threading.current_thread().name)
        driver.stop()

    def told(run: Run) -> None:
        if run.status is Status.RUNNING:
            os.kill(os.getpid(), signal.SIGINT)

    last = bench.local.drive([root.uuid], on_run=told, on_interrupt=interrupted)
    assert last[root.uuid].status is Status.STOPPED
    assert threads
    assert threads[0] != threading.main_thread().name


def test_an_interruption_without_anybody_to_ask_leaves_the_run_going(bench: Bench) -> None:
    bench.runtime.held = {"job"}
    root = bench.submit(JOB, hold=True)

    def told(run: Run) -> None:
        if run.status is Status.RUNNING:
            os.kill(os.getpid(), signal.SIGTERM)

    assert bench.local.drive([root.uuid], on_run=told)[root.uuid].status is Status.RUNNING
    assert bench.store.holder(root.uuid, datetime.now(UTC)) is None


def test_what_is_over_already_is_returned_at_once(bench: Bench) -> None:
    root = bench.submit(JOB, hold=True)
    bench.local.drive([root.uuid])
    assert bench.local.drive([root.uuid])[root.uuid].status is Status.SUCCEEDED


def test_a_resumed_root_is_driven_again(bench: Bench) -> None:
    bench.runtime.exits = {"b": [1, 0]}
    root = bench.submit(dag("a", "b: dependencies: [a]"), hold=True)
    assert bench.local.drive([root.uuid])[root.uuid].status is Status.FAILED
    bench.local.request(root.uuid, Action.RESUME)
    assert bench.local.drive([root.uuid])[root.uuid].status is Status.SUCCEEDED
    assert bench.runtime.started == [("a", 1), ("b", 1), ("b", 2)]


def test_hooks_are_driven_to_their_end_too(bench: Bench) -> None:
    text = JOB.replace("run:", "hooks: [{hubRef: note, trigger: succeeded}]\nrun:")
    component = {
        "version": 1.1,
        "kind": "component",
        "name": "note",
        "run": {"kind": "job", "container": {"image": "x"}},
    }
    from polyaxon.compiler.resolve import load
    from polyaxon.compiler.sources import Source

    class Hub:
        def read(self, kind: str, ref: str, base: str | None) -> Source:
            import json

            return Source(json.dumps(component), "hub:note")

    loaded = load(Hub(), Source(text, "test.yaml"))
    assert loaded.operation is not None
    root = bench.local.submit(loaded.operation, components=loaded.components)
    seen: set[RunId] = set()
    bench.local.drive([root.uuid], on_run=lambda run: seen.add(run.uuid))
    hooks = [run for run in bench.store.list(None, "", "", 9, 0, datetime.now(UTC)).runs if run.uuid != root.uuid]
    assert [(run.status, run.root) for run in hooks] == [(Status.SUCCEEDED, hooks[0].uuid)]
    assert hooks[0].uuid in seen


def test_a_scheduler_serves_until_nothing_is_left(bench: Bench) -> None:
    roots = [bench.submit(JOB) for _ in range(3)]
    bench.local.serve(until_idle=True)
    assert {bench.status(root) for root in roots} == {"succeeded"}


def test_what_is_kept_of_a_run_is_removed_by_whichever_driver_comes_when_its_time_is_over(bench: Bench) -> None:
    root = bench.submit(JOB + "termination: {ttl: 60}\n", hold=True)
    bench.local.drive([root.uuid])
    due = bench.store.get(root.uuid).clean_at
    assert due is not None
    bench.local.drive([bench.submit(JOB, hold=True).uuid])
    assert bench.runtime.cleaned == []
    bench.store.update(root.uuid, {"clean_at": datetime.now(UTC)})
    bench.local.serve(until_idle=True)
    assert bench.runtime.cleaned == [root.uuid]
    assert bench.store.get(root.uuid).clean_at is None
    assert bench.store.holder(root.uuid, datetime.now(UTC)) is None


def test_a_scheduler_in_the_background_stays_until_what_it_ran_is_cleaned(bench: Bench) -> None:
    root = bench.submit(JOB + "termination: {ttl: 1}\n", hold=True)
    bench.local.drive([root.uuid], adopt=False, stays=True)
    assert bench.runtime.cleaned == [root.uuid]


def test_one_process_of_a_home_stays_for_what_is_to_be_cleaned(bench: Bench) -> None:
    root = bench.submit(JOB + "termination: {ttl: 600}\n", hold=True)
    bench.local.drive([root.uuid])
    assert bench.local.needs_cleaner()
    lock = take(str(bench.home / "cleaner.lock"))
    assert lock is not None
    assert not bench.local.needs_cleaner()
    bench.local.serve(until_idle=True)  # somebody else stays
    os.close(lock)
    assert bench.runtime.cleaned == []


def test_nobody_stays_for_what_is_to_be_cleaned_much_later(bench: Bench) -> None:
    root = bench.submit(JOB + "termination: {ttl: 86400}\n", hold=True)
    bench.local.drive([root.uuid], stays=True)
    assert not bench.local.needs_cleaner()
    assert bench.store.next_cleaning() is not None


def test_a_root_that_cannot_be_loaded_is_reported_as_a_bug(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    now = datetime.now(UTC)
    broken = Run(RunId("b" * 32), "p", None, RunKind.JOB, "job", Status.CREATED, now, now, RunId("b" * 32))
    bench.store.create(broken, Condition(Status.CREATED, "x", "", now))
    with pytest.raises(InternalError, match=broken.uuid):
        bench.local.drive([broken.uuid])
    assert caplog.records


def test_a_run_of_user_code_is_stopped_at_once_and_nothing_else_can_be_asked(bench: Bench) -> None:
    now = datetime.now(UTC)
    uuid = RunId("c" * 32)
    user = Run(uuid, "p", None, RunKind.JOB, None, Status.CREATED, now, now, uuid, managed_by=ManagedBy.USER)
    bench.store.create(user, Condition(Status.CREATED, "x", "", now))
    with pytest.raises(ConflictError):
        bench.local.request(uuid, Action.RESUME)
    assert bench.local.request(uuid, Action.STOP).status is Status.STOPPED
    assert bench.local.request(uuid, Action.STOP).status is Status.STOPPED


def test_a_restart_is_a_new_run_of_the_same_operation(bench: Bench) -> None:
    root = bench.submit(JOB, hold=True)
    bench.local.drive([root.uuid])
    again = bench.local.clone(bench.store.get(root.uuid))
    assert (again.original, again.cloning_kind, again.name) == (root.uuid, Cloning.RESTART, "job")
    assert bench.local.drive([again.uuid])[again.uuid].status is Status.SUCCEEDED


def test_a_child_is_not_restarted_on_its_own(bench: Bench) -> None:
    root = bench.submit(dag("a"), hold=True)
    bench.local.drive([root.uuid])
    (child,) = bench.store.children(root.uuid)
    with pytest.raises(ConflictError, match="not submitted on its own"):
        bench.local.clone(child)


def test_an_unknown_moment_to_crash_at_is_refused() -> None:
    with pytest.raises(UsageError, match="nowhere"):
        crash_points("nowhere:1")
    crash_points(None)("committed")
    crash_points("committed:2")("committed")
