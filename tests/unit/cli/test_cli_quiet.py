"""Who looks at a run that cannot go on is told why."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from polyaxon.cli import quiet
from polyaxon.cli.quiet import Quiet, who_waits
from polyaxon.model.ids import RunId
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import Pending, Status

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


def a_run(name: str, status: Status, kind: RunKind = RunKind.JOB, **fields: Any) -> Run:
    times = {"created_at": NOW, "updated_at": NOW}
    more = {"pipeline": RunId("root"), **fields}
    return Run(
        uuid=RunId(name),
        project="p",
        name=name,
        kind=kind,
        runtime="x",
        status=status,
        root=RunId("root"),
        **times,
        **more,
    )


ROOT = a_run("root", Status.RUNNING, RunKind.DAG, pipeline=None)
BOARD = a_run("board", Status.RUNNING, RunKind.SERVICE)


@pytest.mark.parametrize("status", [Status.CREATED, Status.QUEUED])
def test_an_operation_that_waits_beside_a_service_is_named(status: Status) -> None:
    found = who_waits([ROOT, BOARD, a_run("train", status), a_run("after", Status.CREATED)])
    assert found is not None
    assert found.name == "train"


def test_when_only_services_are_left_their_dag_is_named() -> None:
    found = who_waits([ROOT, BOARD, a_run("train", Status.SUCCEEDED)])
    assert found is not None
    assert found.name == "root"


@pytest.mark.parametrize(
    "other",
    [
        a_run("slow", Status.RUNNING),
        a_run("ending", Status.STOPPING),
        a_run("again", Status.RETRYING),
        a_run("held", Status.CREATED, pending=Pending.APPROVAL),
    ],
)
def test_nobody_is_named_while_something_works_or_was_told(other: Run) -> None:
    assert who_waits([ROOT, BOARD, other, a_run("after", Status.CREATED)]) is None


def test_a_service_on_its_own_waits_for_nothing() -> None:
    assert who_waits([a_run("root", Status.RUNNING, RunKind.SERVICE, pipeline=None)]) is None


def test_each_reason_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "QUIET_SECONDS", 0.001)
    reasons, over, told = iter(["first", "first", None, "second"]), Event(), []

    def look() -> str | None:
        reason = next(reasons, None)
        if reason == "second":
            over.set()
        return reason

    with Quiet(look, told.append).watching():
        assert over.wait(30)
    assert told == ["first", "second"]
