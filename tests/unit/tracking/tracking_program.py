"""What the tests of tracking share: programs to run in a process of their own, and a record kept in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polyaxon.tracking.journal import Journal, read_journal

UUID = "ab" * 16
SOURCE = str(Path(__file__).parents[3] / "src")


class Program:
    """Runs training code as polyaxon would: in its own process, as a managed run with a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / UUID
        self.home = directory / "home"
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": SOURCE,
            "POLYAXON_HOME": str(self.home),
            "POLYAXON_IS_MANAGED": "true",
            "POLYAXON_RUN_INSTANCE": f"default.demo.runs.{UUID}",
            "POLYAXON_RUN_ARTIFACTS_PATH": str(self.directory),
        }

    def start(self, code: str, **env: str) -> subprocess.Popen[str]:
        """Start the code; its first words import tracking."""
        return subprocess.Popen(
            [sys.executable, "-c", "from polyaxon import tracking\n" + code],
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the code to its end."""
        process = self.start(code, **env)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def journal(self) -> Journal:
        """What the run said."""
        return read_journal(str(self.directory))


class MemoryTransport:
    """Stands in for a home or a server."""

    is_local = False

    def __init__(self, uuid: str | None = None) -> None:
        self.uuid = uuid
        self.run: dict[str, Any] = {}
        self.statuses: list[tuple[str, str, str]] = []
        self.artifacts: list[Mapping[str, Any]] = []

    def create_run(self, owner: str, project: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.run = {**body, "owner": owner, "project": project, "uuid": self.uuid or body["uuid"]}
        return self.run

    def update_run(self, owner: str, project: str, uuid: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.run.update(body)
        return self.run

    def add_status(self, owner: str, project: str, uuid: str, condition: Mapping[str, Any]) -> None:
        self.statuses.append((condition["type"], condition["reason"], condition["message"]))

    def add_artifacts(self, owner: str, project: str, uuid: str, artifacts: Sequence[Mapping[str, Any]]) -> None:
        self.artifacts = list(artifacts)
