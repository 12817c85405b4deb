"""A run tells a web hook of its end, for real: over HTTP, again when the receiver was not there, never of nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from command_line import Cli, wait_until

FILE = """
version: 1.1
kind: component
name: train
plugins: {notifications: [{connections: [team], trigger: failed}]}
hooks: [{hubRef: slack, connection: team, trigger: failed}]
run: {kind: job, container: {command: [sh, -c, "exit 3"]}}
"""


class Receiver(HTTPServer):
    """Refuses what comes first, takes the rest."""

    refusals = 1
    received: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.refusals -= 1
        refused = self.server.refusals >= 0
        if not refused:
            self.server.received.append(body["text"])
        self.send_response(503 if refused else 204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver(("127.0.0.1", 0), Handler)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_failure_is_told_by_notification_and_hook_and_again_when_the_receiver_was_not_there(
    cli: Cli, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "job.yaml").write_text(FILE)
    refused = cli.run("run", "-f", tmp_path / "job.yaml")
    assert refused.returncode == 2
    assert "the connection `team` is not configured" in refused.stderr
    assert cli.runs() == []

    cli.run("config", "set", "retry_seconds", "0.1")
    cli.run("config", "set", "connections.team.kind", "slack")
    cli.run("config", "set", "connections.team.schema.url", f"http://127.0.0.1:{receiver.server_address[1]}/hook")
    assert cli.run("run", "-f", tmp_path / "job.yaml").returncode == 1
    wait_until(lambda: len(receiver.received) == 2, "two messages")
    assert receiver.received == ["train: failed (exit code 3)"] * 2
    told = [run for run in cli.runs() if run["runtime"] == "notifier"]
    assert {run["name"] for run in told} == {"train-notify-team", "train-hook-0"}
    assert [run["status"] for run in told] == ["succeeded"] * 2
    assert any("tried again" in cli.run("ops", "explain", run["uuid"]).stdout for run in told)
