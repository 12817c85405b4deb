"""What is printed when a run is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import click

from polyaxon.cli.ending import Ending, describe_ending
from polyaxon.cli.live.tree import Tree
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, Run, RunKind
from polyaxon.model.status import Status

START = datetime(2024, 5, 1, tzinfo=UTC)


def a_run(name: str, status: Status, pipeline: str | None = "root", **fields: Any) -> Run:
    return Run(
        uuid=RunId(name),
        project="p",
        name=name,
        kind=fields.pop("kind", RunKind.JOB),
        runtime=None,
        status=status,
        created_at=START,
        updated_at=START,
        started_at=START,
        finished_at=START + timedelta(seconds=3),
        root=RunId("root"),
        pipeline=RunId(pipeline) if pipeline else None,
        **fields,
    )


def told(*runs: Run, reasons: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> list[str]:
    tree = Tree(runs[0].uuid)
    for run in runs:
        tree.update(run)

    def last_lines(uuid: str, count: int) -> Sequence[str]:
        return [f"last words of {uuid}"][:count]

    def condition(uuid: str) -> Condition:
        reason, message = reasons.get(uuid, ("AttemptFailed", f"{uuid} ended with exit code 1"))
        return Condition(tree.nodes[uuid].run.status, reason, message, START)

    ending = Ending(condition, last_lines, lambda uuid: f"/home/artifacts/{uuid}")
    return [click.unstyle(line) for line in describe_ending(tree, ending, START)]


def test_a_success_says_where_the_files_are_and_what_came_out() -> None:
    lines = told(a_run("train", Status.SUCCEEDED, None, outputs={"loss": 0.25}))
    assert lines == [
        "succeeded  train  train  3.0 s",
        "outputs: loss=0.25",
        "files:   /home/artifacts/train",
        "next:    polyaxon ops logs train",
    ]


def test_a_failed_operation_is_shown_with_its_own_last_lines_and_what_it_prevented() -> None:
    lines = told(
        a_run("root", Status.FAILED, None, kind=RunKind.DAG),
        a_run("build", Status.FAILED, index=0),
        a_run("experiment", Status.UPSTREAM_FAILED, index=1),
        a_run("best_model", Status.SUCCEEDED, index=2),
    )
    assert lines[1:6] == [
        "",
        "`build` failed: build ended with exit code 1",
        "  | last words of build",
        "not run because of that: experiment",
        "",
    ]
    assert lines[-1].endswith("polyaxon ops resume root")


def test_a_trigger_that_successes_did_not_satisfy_is_not_blamed_on_a_failure() -> None:
    lines = told(
        a_run("root", Status.FAILED, None, kind=RunKind.DAG),
        a_run("bad", Status.FAILED, index=0),
        a_run("after", Status.UPSTREAM_FAILED, index=1),
        a_run("alarm", Status.UPSTREAM_FAILED, index=2),
        reasons={
            "after": ("UpstreamFailed", "trigger `all_succeeded` was not satisfied: `bad` failed"),
            "alarm": ("TriggerMissed", "trigger `all_failed` was not satisfied: `good` succeeded"),
        },
    )
    assert "not run because of that: after" in lines
    assert "`alarm` was not run: trigger `all_failed` was not satisfied: `good` succeeded" in lines


def test_what_a_failure_elsewhere_prevented_is_told_with_its_reason() -> None:
    message = "no event it waits for happened: `runs.ab` failed"
    lines = told(
        a_run("root", Status.FAILED, None, kind=RunKind.DAG),
        a_run("after", Status.UPSTREAM_FAILED, index=0),
        reasons={"after": ("UpstreamFailed", message), "root": ("TriggerUnsatisfied", "a run could not start")},
    )
    assert f"`after` was not run: {message}" in lines
    assert not any("because of that" in line for line in lines)


def test_only_the_first_failures_are_shown_in_full() -> None:
    trials = [a_run(f"trial-{index}", Status.FAILED, index=index) for index in range(9)]
    lines = told(a_run("root", Status.FAILED, None, kind=RunKind.MATRIX), *trials)
    assert sum("last words" in line for line in lines) == 5
    assert "and 4 more runs failed" in lines


def test_a_hook_that_failed_is_told_with_its_last_words() -> None:
    lines = told(a_run("train", Status.SUCCEEDED, None), a_run("train-notify-team", Status.FAILED, None))
    assert lines[0].startswith("succeeded  train")
    assert "`train-notify-team` failed: train-notify-team ended with exit code 1" in lines
    assert "  | last words of train-notify-team" in lines
