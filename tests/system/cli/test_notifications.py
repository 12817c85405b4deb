"""A run tells a web hook of its end, for real: over HTTP, again when the receiver was not there, never of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Cli, wait_until

from polyaxon.testing.http_receiver import HttpReceiver

FILE = """
version: 1.1
kind: component
name: train
plugins: {notifications: [{connections: [team], trigger: failed}]}
hooks: [{hubRef: slack, connection: team, trigger: failed}]
run: {kind: job, container: {command: [sh, -c, "exit 3"]}}
"""


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver(refusals=1) as server:
        yield server


def test_a_failure_is_told_by_notification_and_hook_and_again_when_the_receiver_was_not_there(
    cli: Cli, receiver: HttpReceiver, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(FILE)
    refused = cli.run("run", "-f", tmp_path / "job.yaml")
    assert refused.returncode == 2
    assert "the connection `team` is not configured" in refused.stderr
    assert cli.runs() == []

    cli.run("config", "set", "retry_seconds", "0.1")
    cli.run("config", "set", "connections.team.kind", "slack")
    cli.run("config", "set", "connections.team.schema.url", receiver.url())
    assert cli.run("run", "-f", tmp_path / "job.yaml").returncode == 1
    wait_until(lambda: len(receiver.taken) == 2, "two messages")
    assert receiver.taken == [{"text": "train: failed (exit code 3)"}] * 2
    told = [run for run in cli.runs() if run["runtime"] == "notifier"]
    assert {run["name"] for run in told} == {"train-notify-team", "train-hook-0"}
    assert [run["status"] for run in told] == ["succeeded"] * 2
    assert any("tried again" in cli.run("ops", "explain", run["uuid"]).stdout for run in told)
