"""The tree drawn on a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from polyaxon.cli.live.screen import ScreenView
from polyaxon.cli.live.tree import Tree
from polyaxon.model.ids import RunId
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import Status

START = datetime(2024, 5, 1, tzinfo=UTC)


def a_run(name: str, status: Status, pipeline: str | None = None, index: int = 0) -> Run:
    return Run(
        uuid=RunId(name),
        project="p",
        name=name,
        kind=RunKind.JOB if pipeline else RunKind.DAG,
        runtime=None,
        status=status,
        created_at=START,
        updated_at=START,
        started_at=START,
        root=RunId("pipeline"),
        pipeline=RunId(pipeline) if pipeline else None,
        index=index,
    )


def test_the_last_picture_shows_every_operation_with_its_status() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=80, height=30, _environ={"TERM": "xterm"})
    with ScreenView(Tree("pipeline"), lambda: START + timedelta(seconds=65), console=console) as view:
        view.update(a_run("pipeline", Status.RUNNING))
        view.update(a_run("build", Status.SUCCEEDED, "pipeline"))
        view.update(a_run("train", Status.RUNNING, "pipeline", 1))
        view.write("a line above the tree")
    last = text.getvalue()
    assert "a line above the tree" in last
    for part in ("├─ ", "build", "✔ succeeded", "└─ ", "train", "● running", "1 min 05 s", "1/2 operations"):
        assert part in last
