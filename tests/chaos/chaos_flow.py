"""A flow with something of everything, and a driver of it that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from polyaxon.model.run import Run
from polyaxon.server import open_store
from polyaxon.settings import read_settings
from polyaxon.store.base import Store

DRIVER = Path(__file__).with_name("chaos_driver.py")
DEADLINE_SECONDS = 60.0
FAILED = 3
"""How a driver ends whose flow failed, as this one does."""

# Every job appends its own name to a file: a name that is there twice was done twice.
WORK = """
  - name: work
    inputs:
    - {name: mark, type: str}
    - {name: number, type: int, value: 0, isOptional: true}
    outputs: [{name: loss, type: float, isOptional: true}]
    run:
      kind: job
      container:
        command: [sh, -c]
        args:
        - |
          echo "{{ mark }}-{{ number }}" >> "$CHAOS_EFFECTS"
          echo '{"op":"outputs","values":{"loss":{{ number }}}}' >> "$POLYAXON_RUN_ARTIFACTS_PATH/journal.jsonl"
          sleep 0.0{{ number % 4 }}
          test "{{ mark }}" != bad
""".strip("\n")
FLOW = """
version: 1.1
kind: component
name: flow
run:
  kind: dag
  components:
@WORK@
  operations:
  - {name: first, dagRef: work, params: {mark: {value: first}, number: {value: 3}}}
  - {name: left, dagRef: work, dependencies: [first], params: {mark: {value: left}}}
  - {name: right, dagRef: work, dependencies: [first], params: {mark: {value: right}}}
  - name: search
    dagRef: work
    params:
      mark: {value: search}
      before: {ref: ops.first, value: outputs.loss, contextOnly: true}
    conditions: "{{ before > 1 }}"
    matrix: {kind: grid, concurrency: 2, params: {number: {kind: choice, value: [1, 2, 3, 4]}}}
  - name: never
    dagRef: work
    params:
      mark: {value: never}
      before: {ref: ops.first, value: outputs.loss, contextOnly: true}
    conditions: "{{ before > 100 }}"
  - {name: bad, dagRef: work, dependencies: [left], params: {mark: {value: bad}}}
  - {name: after-bad, dagRef: work, dependencies: [bad], params: {mark: {value: after-bad}}}
  - name: last
    dagRef: work
    dependencies: [search, bad, right, never]
    trigger: all_done
    params: {mark: {value: last}}
""".replace("@WORK@", WORK)
SLEEPER = """
version: 1.1
kind: component
name: sleeper
run: {kind: job, container: {command: [sleep, "300"]}}
"""
SHORT_LIVED = """
version: 1.1
kind: component
name: short-lived
termination: {ttl: 1}
run: {kind: job, container: {command: ["true"]}}
"""
EFFECTS = {"first-3", "left-0", "right-0", "bad-0", "last-0", *(f"search-{number}" for number in range(1, 5))}
STATUSES = Counter(
    {
        ("flow", "failed"): 1,
        ("first", "succeeded"): 1,
        ("left", "succeeded"): 1,
        ("right", "succeeded"): 1,
        ("search", "succeeded"): 5,
        ("never", "skipped"): 1,
        ("bad", "failed"): 1,
        ("after-bad", "upstream_failed"): 1,
        ("last", "succeeded"): 1,
    }
)


class Chaos:
    """One home, one flow, and drivers that die."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "flow.yaml"
        self.file.write_text(FLOW)
        self.effects = home / "effects"
        self.database: str | None = None
        """A URL instead of the home's file."""
        self.env: dict[str, str] = {}
        """What else drivers get."""

    def begin(self, crash_at: str | None = None) -> subprocess.Popen[bytes]:
        """Start a driver."""
        env = {
            **os.environ,
            "POLYAXON_HOME": str(self.home / "home"),
            "POLYAXON_INHERIT": "CHAOS_EFFECTS",
            "CHAOS_EFFECTS": str(self.effects),
            **self.env,
        }
        env.pop("POLYAXON_CRASH_AT", None)
        if self.database is not None:
            env["POLYAXON_DATABASE"] = self.database
        if crash_at is not None:
            env["POLYAXON_CRASH_AT"] = crash_at
        return subprocess.Popen([sys.executable, str(DRIVER), str(self.file)], env=env)

    def run(self, crash_at: str | None = None) -> int:
        """Run a driver to its end, or to its death."""
        return self.begin(crash_at).wait(DEADLINE_SECONDS)

    def store(self) -> Store:
        """Open the home's store."""
        settings = read_settings({"POLYAXON_HOME": str(self.home / "home")}, {"database": self.database})
        return open_store(settings)

    def tree(self) -> list[Run]:
        """Return what the store says of the flow."""
        store = self.store()
        try:
            (root,) = store.list(None, "pipeline:nil", "", 2, 0, datetime.now(UTC)).runs
            return list(store.tree(root.uuid))
        finally:
            store.close()

    def assert_undisturbed(self) -> None:
        """Everything took effect exactly once, and every status is that of a run that nobody killed."""
        lines = self.effects.read_text().split()
        assert Counter(lines) == Counter(EFFECTS)
        assert Counter((run.name, run.status.value) for run in self.tree()) == STATUSES
        assert {run.attempt for run in self.tree()} <= {0, 1}
