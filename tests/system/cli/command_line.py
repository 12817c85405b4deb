"""The real command line in processes of its own, on a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
SEED = ROOT / "examples" / "quick-start" / "dag.yaml"
DEADLINE_SECONDS = 120.0


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Return the first true value of `condition`, or fail at the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")


class Cli:
    """`polyaxon` with this test's home."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = {**os.environ, "POLYAXON_HOME": str(home), "COLUMNS": "200", **environment}
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        command = [sys.executable, "-m", "polyaxon", *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start in the background; stopped after the test at the latest."""
        command = [sys.executable, "-m", "polyaxon", *map(str, arguments)]
        process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(process)
        return process

    def json(self, *arguments: str | Path) -> Any:
        """Run with `-o json` and return the document."""
        answer = self.run(*arguments, "-o", "json")
        assert answer.returncode in {0, 1}, answer.stderr
        return json.loads(answer.stdout)

    def runs(self, query: str = "") -> list[dict[str, Any]]:
        """Return all runs of the home, the oldest first."""
        found: list[dict[str, Any]] = self.json("ops", "ls", "-A", "-q", query, "-s", "created_at", "-l", "1000")
        return found

    def statuses(self) -> dict[str, str]:
        """Return operation name → status, without trials."""
        return {run["name"]: run["status"] for run in self.runs() if (run["pipeline"] or {}).get("kind") != "matrix"}

    def close(self) -> None:
        """End what the test started and left."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
