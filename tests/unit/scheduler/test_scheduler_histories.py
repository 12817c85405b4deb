"""Law 5: the events that a store holds of a run replay to the decisions that were made, and to its rows at the end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from scheduler_bench import JOB, Bench, dag

from polyaxon.engine import Flow, decide
from polyaxon.engine.commands import Created, Decision, Moved, Updated
from polyaxon.engine.events import Action, Requested
from polyaxon.model.run import Run
from polyaxon.model.status import Status
from polyaxon.server import _engine

SEARCH = """
version: 1.1
kind: component
name: flow
run:
  kind: dag
  concurrency: 2
  operations:
  - name: search
    matrix: {kind: grid, concurrency: 2, params: {x: {kind: choice, value: [1, 2, 3]}}}
    component:
      inputs: [{name: x, type: int}]
      run: {kind: job, container: {image: x, command: ["true", "{{ x }}"]}}
  - name: nested
    dependencies: [search]
    component:
      run:
        kind: dag
        operations: [{name: inner, component: {run: {kind: job, container: {image: x, command: ["true"]}}}}]
"""
FILES = {
    "a job": JOB,
    "a job that is tried again": JOB.replace("run:", "termination: {maxRetries: 1}\nrun:"),
    "triggers, conditions and events": dag(
        "a",
        "bad: dependencies: [a]",
        "b: dependencies: [bad]",
        "c: dependencies: [bad], trigger: one_failed",
        "d: conditions: '1 > 2'",
        "e: events: [{ref: ops.a, kinds: [run_status_succeeded]}]",
    ),
    "a search and a nested dag": SEARCH,
}


def driven(bench: Bench, text: str, stop_at: str | None = None) -> tuple[Run, list[Decision]]:
    """Drive a file to its end, and keep what was decided."""
    bench.settings = type(bench.settings)(home=bench.settings.home, retry_seconds=0.0)
    bench.runtime.exits = {"bad": [1], "job": [1, 0]}
    root = bench.submit(text)
    first = bench.store.get(root.uuid)
    made: list[Decision] = []
    scheduler = bench.scheduler()
    real = scheduler._roots._decide

    def kept(flow: Any, event: Any, now: datetime) -> Decision:
        made.append(real(flow, event, now))
        return made[-1]

    scheduler._roots._decide = kept
    asked: list[int] = []

    def over() -> bool:
        if stop_at is not None and not asked and (stop_at, 1) in bench.runtime.started:
            asked.append(bench.store.request(Requested(root.uuid, Action.STOP), datetime.now(UTC)))
        return bench.is_over(root)

    asyncio.run(bench.until(scheduler, over))
    return first, made


def replayed(bench: Bench, first: Run) -> list[Decision]:
    """Decide again on what the store holds."""
    flow = _engine(bench.settings, bench.runtime).load([first])
    assert isinstance(flow, Flow)
    return [decide(flow, stored.event, stored.at) for stored in bench.store.history(first.uuid)]


def rows_of(first: Run, decisions: list[Decision]) -> dict[str, tuple[Status, int]]:
    """What the changes make of the rows."""
    rows = {first.uuid: (first.status, first.attempt)}
    for change in (change for decision in decisions for change in decision.changes):
        if isinstance(change, Created):
            rows[change.run.uuid] = (change.run.status, change.run.attempt)
        elif isinstance(change, Moved):
            rows[change.run] = (change.condition.type, change.fields.get("attempt", rows[change.run][1]))
        elif isinstance(change, Updated):
            rows[change.run] = (rows[change.run][0], change.fields.get("attempt", rows[change.run][1]))
    return dict(rows)


@pytest.mark.parametrize("row", FILES)
def test_a_stored_history_replays_to_the_same_decisions(bench: Bench, row: str) -> None:
    first, made = driven(bench, FILES[row])
    again = replayed(bench, first)
    assert [decision.commands for decision in again] == [decision.commands for decision in made]
    assert [decision.changes for decision in again] == [decision.changes for decision in made]


@pytest.mark.parametrize("row", FILES)
def test_a_stored_history_replays_to_the_stored_rows(bench: Bench, row: str) -> None:
    first, _ = driven(bench, FILES[row])
    stored = {run.uuid: (run.status, run.attempt) for run in bench.store.tree(first.uuid)}
    assert rows_of(first, replayed(bench, first)) == stored


def test_a_history_with_a_request_replays_too(bench: Bench) -> None:
    bench.runtime.held = {"slow"}
    first, made = driven(bench, dag("slow", "after: dependencies: [slow]"), stop_at="slow")
    assert bench.statuses(first) == {"flow": "stopped", "slow": "stopped", "after": "stopped"}
    assert replayed(bench, first) == made
