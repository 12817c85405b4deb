"""What whoever watches is told of the rows of a tree."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime
from typing import Any

from polyaxon.engine.commands import Moved, Updated
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, Run, RunKind
from polyaxon.model.status import Pending, Status
from polyaxon.scheduler.rows import Rows

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ROOT = RunId("root")
TOLD = frozenset({Status.RUNNING, Status.RETRYING, Status.SUCCEEDED, Status.FAILED})


class Watched:
    """A tree of one run, and what was told of it."""

    def __init__(self, told: Container[Status] | None = TOLD) -> None:
        self.seen: list[Run] = []
        self.rows = Rows(self.seen.append, told)
        self.rows.begin(ROOT, [Run(ROOT, "default", "a", RunKind.JOB, "job", Status.CREATED, NOW, NOW, ROOT)])

    def move(self, *statuses: Status, **fields: Any) -> None:
        """Commit each step by itself."""
        for status in statuses:
            self.rows.take([Moved(ROOT, Condition(status, "", "", NOW), fields)])

    @property
    def statuses(self) -> list[Status]:
        return [run.status for run in self.seen]


def test_every_step_is_told_to_whoever_wants_all() -> None:
    watched = Watched(None)
    watched.move(Status.COMPILED, Status.QUEUED)
    assert watched.statuses == [Status.CREATED, Status.COMPILED, Status.QUEUED]


def test_steps_on_the_way_are_told_with_the_next_that_matters() -> None:
    watched = Watched()
    watched.move(Status.COMPILED, content="{}")
    watched.move(Status.QUEUED, Status.SCHEDULED, Status.RUNNING)
    assert watched.statuses == [Status.CREATED, Status.RUNNING]
    assert watched.seen[-1].content == "{}"


def test_a_run_that_leaves_a_status_that_matters_is_told_so() -> None:
    watched = Watched()
    watched.move(Status.FAILED, Status.QUEUED, Status.SCHEDULED, Status.FAILED)
    assert watched.statuses == [Status.CREATED, Status.FAILED, Status.QUEUED, Status.FAILED]


def test_what_waits_for_somebody_is_told_at_once() -> None:
    watched = Watched()
    watched.move(Status.COMPILED, pending=Pending.APPROVAL)
    watched.move(Status.QUEUED, pending=None)
    assert [run.pending for run in watched.seen] == [None, Pending.APPROVAL, None]


def test_what_changes_without_a_step_is_told_with_the_steps_before() -> None:
    watched = Watched()
    watched.move(Status.COMPILED)
    watched.rows.take([Updated(ROOT, {"name": "b"})])
    assert [(run.name, run.status) for run in watched.seen[1:]] == [("b", Status.COMPILED)]
