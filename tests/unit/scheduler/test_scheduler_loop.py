"""The loop commits before it acts, survives what may go wrong, and shares a store with others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scheduler_bench import JOB, Bench, dag

from polyaxon.engine import Limits
from polyaxon.engine.commands import Moved
from polyaxon.engine.events import Action, Requested
from polyaxon.errors import RuntimeFailure, StoreError
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan
from polyaxon.model.observation import Phase
from polyaxon.model.status import Status
from polyaxon.scheduler.loop import Tuning
from polyaxon.store.base import Batch, Store


def test_a_job_runs_to_its_end(bench: Bench) -> None:
    root = bench.submit(JOB)
    bench.drive(root)
    assert bench.status(root) == "succeeded"
    types = [each.type.value for each in bench.store.conditions(root.uuid)]
    assert types == ["created", "compiled", "queued", "scheduled", "running", "succeeded"]
    assert bench.runtime.started == [("job", 1)]


def test_what_is_started_is_committed_before(bench: Bench) -> None:
    root = bench.submit(JOB)
    seen: list[tuple[str, int]] = []
    bench.runtime.on_start = lambda plan, attempt: seen.append((bench.status(root), bench.store.get(plan.run).attempt))
    bench.drive(root)
    assert seen == [("scheduled", 1)]


def test_a_dag_runs_in_order_and_its_lease_is_given_back(bench: Bench) -> None:
    root = bench.submit(dag("a", "b: dependencies: [a]", "c: dependencies: [b]"))
    bench.drive(root)
    assert [name for name, _ in bench.runtime.started] == ["a", "b", "c"]
    assert bench.store.holder(root.uuid, datetime.now(UTC)) is None


def test_of_equal_operations_that_begin_together_one_is_done(bench: Bench) -> None:
    equal = dag("a", "b", "c").replace("cache: {disable: true}, ", "")
    root = bench.submit(equal)
    bench.drive(root)
    assert bench.runtime.started == [("a", 1)]
    runs = {run.name: run for run in bench.store.tree(root.uuid)}
    assert runs["b"].original == runs["c"].original == runs["a"].uuid
    assert bench.status(root) == "succeeded"


def test_no_more_runs_at_once_than_the_limit(bench: Bench) -> None:
    bench.runtime.held = {"a", "b", "c"}
    root = bench.submit(dag("a", "b", "c"))
    running: list[int] = []

    def over() -> bool:
        going = [key for key, plan in bench.runtime.attempts.items() if plan.name in bench.runtime.held]
        running.append(len(going))
        for run, attempt in going:
            bench.runtime.held.discard(bench.runtime.attempts[run, attempt].name or "")
            bench.runtime.end(run, attempt)
        return bench.is_over(root)

    asyncio.run(bench.until(bench.scheduler(limits=Limits(total=1)), over))
    assert max(running) == 1
    assert len(bench.runtime.started) == 3


def test_outputs_and_lineage_are_taken_in_when_an_attempt_ends(bench: Bench) -> None:
    root = bench.submit(JOB)

    def work(plan: LaunchPlan, attempt: int) -> None:
        directory = bench.home / "artifacts" / plan.run
        directory.mkdir(parents=True)
        lines = [
            {"op": "outputs", "values": {"loss": 0.5}},
            {"op": "inputs", "values": {"lr": 0.1}},
            {"op": "tags", "tags": ["good"]},
            {"op": "meta", "values": {"note": "x"}},
            {"op": "artifact", "name": "model", "kind": "model", "path": "outputs/model"},
        ]
        (directory / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    bench.runtime.on_start = work
    bench.drive(root)
    found = bench.store.get(root.uuid)
    assert (found.outputs, found.inputs, found.tags) == ({"loss": 0.5}, {"lr": 0.1}, ("good",))
    assert found.meta["note"] == "x"
    assert [item.path for item in bench.store.artifacts(root.uuid)] == [f"{root.uuid}/outputs/model"]


def test_code_that_calls_itself_failed_wins_over_its_exit_code(bench: Bench) -> None:
    root = bench.submit(JOB)

    def work(plan: LaunchPlan, attempt: int) -> None:
        directory = bench.home / "artifacts" / plan.run
        directory.mkdir(parents=True)
        line = {"op": "status", "status": "failed", "reason": "x", "message": "y", "at": 4e9}
        (directory / "journal.jsonl").write_text(json.dumps(line) + "\n")

    bench.runtime.on_start = work
    bench.drive(root)
    assert bench.status(root) == "failed"


def test_a_runtime_that_refuses_fails_the_run_with_its_words(bench: Bench) -> None:
    root = bench.submit(JOB)

    def refuse(plan: LaunchPlan, attempt: int) -> None:
        raise RuntimeFailure("no room on this machine")

    bench.runtime.on_start = refuse
    bench.drive(root)
    assert bench.status(root) == "failed"
    assert "no room" in bench.store.conditions(root.uuid)[-1].message


def test_a_runtime_that_breaks_takes_only_that_run_along(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    root = bench.submit(dag("bad", "good"))

    def breaks(plan: LaunchPlan, attempt: int) -> None:
        if plan.name == "bad":
            raise ZeroDivisionError("oops")

    bench.runtime.on_start = breaks
    bench.drive(root)
    assert bench.statuses(root) == {"flow": "failed", "bad": "failed", "good": "succeeded"}
    assert "ZeroDivisionError" in caplog.text


def test_a_retry_starts_the_next_attempt(bench: Bench) -> None:
    text = JOB.replace("run:", "termination: {maxRetries: 1}\nrun:")
    bench.settings = type(bench.settings)(home=bench.settings.home, retry_seconds=0.0)
    bench.runtime.exits = {"job": [1, 0]}
    root = bench.submit(text)
    bench.drive(root)
    assert bench.status(root) == "succeeded"
    assert bench.runtime.started == [("job", 1), ("job", 2)]


# Requests


def test_a_request_of_another_process_stops_a_run(bench: Bench) -> None:
    bench.runtime.held = {"job"}
    root = bench.submit(JOB)
    asked = []

    def over() -> bool:
        if not asked and bench.runtime.started:
            asked.append(bench.store.request(Requested(root.uuid, Action.STOP), datetime.now(UTC)))
        return bench.is_over(root)

    asyncio.run(bench.until(bench.scheduler(), over))
    assert bench.status(root) == "stopped"
    assert bench.runtime.stopped == [root.uuid]
    assert not bench.store.has_requests(root.uuid)


def test_a_failed_dag_is_resumed_by_whoever_looks_next(bench: Bench) -> None:
    bench.runtime.exits = {"b": [1, 0]}
    root = bench.submit(dag("a", "b: dependencies: [a]", "c: dependencies: [b]"))
    bench.drive(root)
    assert bench.statuses(root) == {"flow": "failed", "a": "succeeded", "b": "failed", "c": "upstream_failed"}
    bench.store.request(Requested(root.uuid, Action.RESUME), datetime.now(UTC))
    asyncio.run(bench.until(bench.scheduler(), lambda: bench.status(root) == "succeeded"))
    assert bench.runtime.started == [("a", 1), ("b", 1), ("b", 2), ("c", 1)]


# Several schedulers


def test_two_schedulers_share_the_roots_and_start_nothing_twice(bench: Bench) -> None:
    roots = [bench.submit(dag("a", "b: dependencies: [a]")) for _ in range(6)]

    async def both() -> None:
        over = lambda: all(map(bench.is_over, roots))  # noqa: E731 - both wait for the same
        await asyncio.gather(
            bench.until(bench.scheduler("one:1:1"), over), bench.until(bench.scheduler("two:2:2"), over)
        )

    # One runtime for both would deliver observations to either: each gets its own, on the same record of attempts.
    asyncio.run(_with_own_runtimes(bench, both))
    assert {bench.status(root) for root in roots} == {"succeeded"}
    assert len(bench.runtime.started) == 12


async def _with_own_runtimes(bench: Bench, both: Any) -> None:
    from scheduler_bench import ScriptedRuntime

    original = bench.runtime
    made: list[ScriptedRuntime] = []
    make = bench.scheduler

    def scheduler(owner: str = "me:1:1", **options: Any) -> Any:
        runtime = ScriptedRuntime(bench.home)
        runtime.started, runtime.attempts = original.started, original.attempts
        made.append(runtime)
        bench.runtime = runtime
        try:
            return make(owner, **options)
        finally:
            bench.runtime = original

    bench.scheduler = scheduler  # type: ignore[method-assign]
    await both()


def test_a_root_whose_lease_was_taken_is_dropped_without_an_effect(bench: Bench) -> None:
    bench.runtime.held = {"a"}
    root = bench.submit(dag("a", "b: dependencies: [a]"))
    taken: list[Any] = []

    def over() -> bool:
        if not taken and bench.runtime.started:
            later = datetime.now(UTC) + timedelta(hours=1)
            taken.extend(bench.store.claim("other:2:2", later, 3600))
            run, attempt = next(iter(bench.runtime.attempts))
            bench.runtime.end(run, attempt)
        return bool(taken) and not scheduler.drives(root.uuid)

    scheduler = bench.scheduler()
    asyncio.run(bench.until(scheduler, over))
    assert bench.runtime.started == [("a", 1)]
    assert bench.statuses(root)["a"] in {"scheduled", "running"}
    assert bench.store.holder(root.uuid, datetime.now(UTC)) == "other:2:2"


def test_a_heartbeat_notices_a_lost_lease(bench: Bench) -> None:
    bench.runtime.held = {"job"}
    root = bench.submit(JOB)
    taken: list[Any] = []

    def over() -> bool:
        if not taken and bench.runtime.started:
            taken.extend(bench.store.claim("other:2:2", datetime.now(UTC) + timedelta(hours=1), 3600))
        return bool(taken) and not scheduler.drives(root.uuid)

    scheduler = bench.scheduler(tuning=Tuning(lease_seconds=0.06, poll_seconds_deaf=5))
    asyncio.run(bench.until(scheduler, over, adopt=True))
    assert not bench.is_over(root)


def test_attempts_of_a_scheduler_that_left_are_adopted(bench: Bench) -> None:
    bench.runtime.held = {"a"}
    root = bench.submit(dag("a", "b: dependencies: [a]"))
    asyncio.run(bench.until(bench.scheduler(), lambda: bool(bench.runtime.started)))
    assert bench.statuses(root)["a"] in {"scheduled", "running"}
    bench.runtime.held.clear()
    bench.drive(root, owner="two:2:2")
    assert bench.statuses(root) == {"flow": "succeeded", "a": "succeeded", "b": "succeeded"}
    assert bench.runtime.started == [("a", 1), ("b", 1)]


# A store that fails


class Failing:
    """A store whose `apply` fails at chosen calls: before doing anything, or (`after`) having done everything."""

    def __init__(self, store: Store, calls: set[int], after: bool) -> None:
        self._store = store
        self._calls = calls
        self._after = after
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def apply(self, batches: Sequence[Batch]) -> Sequence[RunId]:
        self.count += 1
        if self.count not in self._calls:
            return self._store.apply(batches)
        if self._after:
            self._store.apply(batches)
        raise StoreError("the database went away")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(1, 8))
def test_a_commit_that_fails_or_only_seems_to_changes_nothing_in_the_end(bench: Bench, call: int, after: bool) -> None:
    root = bench.submit(dag("a", "b: dependencies: [a]", "c: dependencies: [a]", "d: dependencies: [b, c]"))
    store = Failing(bench.store, {call, call + 1}, after)
    bench.drive(root, store=store)
    assert set(bench.statuses(root).values()) == {"succeeded"}
    assert sorted(bench.runtime.started) == [("a", 1), ("b", 1), ("c", 1), ("d", 1)]


def test_a_root_that_cannot_be_decided_on_does_not_stop_the_others(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = bench.submit(JOB), bench.submit(JOB)
    scheduler = bench.scheduler()
    decide = scheduler._roots._decide

    def breaks(flow: Any, event: Any, now: datetime) -> Any:
        if flow.root.id == bad.uuid:
            raise ZeroDivisionError("a bug")
        return decide(flow, event, now)

    scheduler._roots._decide = breaks
    asyncio.run(bench.until(scheduler, lambda: bench.is_over(good)))
    assert bench.status(good) == "succeeded"
    assert isinstance(scheduler.broken[bad.uuid], ZeroDivisionError)
    assert bench.store.history(bad.uuid) == []
    assert "a bug" in caplog.text


# Watching


def test_subscribers_hear_every_committed_change_in_order(bench: Bench) -> None:
    root = bench.submit(JOB)
    heard: list[str] = []
    scheduler = bench.scheduler()

    def take(changes: Sequence[Any]) -> None:
        for change in changes:
            if isinstance(change, Moved):
                assert change.condition.type in {each.type for each in bench.store.conditions(root.uuid)}
                heard.append(change.condition.type.value)

    scheduler.subscribe(take)
    asyncio.run(bench.until(scheduler, lambda: bench.is_over(root)))
    assert heard == ["compiled", "queued", "scheduled", "running", "succeeded"]


def test_late_news_of_a_finished_run_does_no_harm(bench: Bench) -> None:
    bench.runtime.held = {"b"}
    root = bench.submit(dag("a", "b"))
    told = []

    def over() -> bool:
        done = bench.statuses(root).get("a") == "succeeded"
        if done and not told:
            (run,) = [run for (run, _), plan in bench.runtime.attempts.items() if plan.name == "a"]
            bench.runtime.see(run, 1, Phase.FAILED, 1)
            told.append(run)
            for (other, attempt), plan in bench.runtime.attempts.items():
                if plan.name == "b":
                    bench.runtime.end(other, attempt)
        return bench.is_over(root)

    asyncio.run(bench.until(bench.scheduler(), over))
    assert bench.statuses(root) == {"flow": "succeeded", "a": "succeeded", "b": "succeeded"}
    assert Status.FAILED not in {each.type for each in bench.store.conditions(told[0])}


class Late:
    """A store that does not see what others execute before it has refused a commit for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def busy_elsewhere(self, owner: str, queues: Sequence[str]) -> Any:
        return self._store.busy_elsewhere(owner, queues) if self.refused else {}

    def apply(self, batches: Sequence[Batch]) -> Any:
        refused = self._store.apply(batches)
        self.refused += len(refused)
        return refused


def test_a_limit_holds_for_two_schedulers_that_decide_at_the_same_moment(bench: Bench) -> None:
    limits = Limits(queues={"slow": 1})
    bench.runtime.held = {"one"}
    first = bench.submit(JOB.replace("name: job", "name: one\nqueue: slow"))
    theirs = bench.scheduler("they:1:1", limits=limits)
    asyncio.run(bench.until(theirs, lambda: bench.status(first) == "running"))
    second = bench.submit(JOB.replace("name: job", "name: two\nqueue: slow"))
    late = Late(bench.store)
    mine = bench.scheduler(store=late, limits=limits)
    mine.want(second.uuid)

    def waits() -> bool:
        return late.refused > 0 and bench.status(second) == "queued"

    asyncio.run(bench.until(mine, waits, adopt=False))
    assert bench.runtime.started == [("one", 1)]
    assert late.refused == 1

    def over() -> bool:
        if ("one", 1) in bench.runtime.started and "one" in bench.runtime.held:
            bench.runtime.held.clear()
            bench.runtime.end(first.uuid, 1)
        return bench.is_over(second)

    asyncio.run(bench.until(bench.scheduler("third:1:1", limits=limits), over))
    assert bench.runtime.started == [("one", 1), ("two", 1)]
