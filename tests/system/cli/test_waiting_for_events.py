"""A run waits for an event of a run that another process drives, through the end of its own process."""

from __future__ import annotations

from pathlib import Path

from command_line import Cli, wait_until

FIRST = """
version: 1.1
kind: component
name: first
run: {kind: job, container: {command: [sh, -c, "until [ -e GATE ]; do sleep 0.05; done"]}}
"""
SECOND = """
version: 1.1
kind: operation
name: second
events: [{ref: runs.UUID, kinds: [run_status_succeeded]}]
component:
  run: {kind: job, container: {command: ["true"]}}
"""


def test_a_run_waits_for_another_ones_event_through_the_end_of_its_process(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "first.yaml").write_text(FIRST.replace("GATE", str(tmp_path / "gate")))
    first = cli.start("run", "-f", tmp_path / "first.yaml")
    wait_until(lambda: cli.statuses() == {"first": "running"}, "a first run that runs")
    uuid = cli.runs()[0]["uuid"]
    (tmp_path / "second.yaml").write_text(SECOND.replace("UUID", uuid))
    driver = cli.start("run", "-f", tmp_path / "second.yaml")
    wanted = f"it waits for `run_status_succeeded` of run {uuid} (`first`, running)"
    wait_until(lambda: wanted in cli.run("ops", "explain", "second").stdout, "an explanation")
    driver.kill()
    driver.wait()
    assert driver.stdout is not None
    assert f"it waits for `run_status_succeeded` of run {uuid}\n" in driver.stdout.read()
    (tmp_path / "gate").touch()
    assert first.wait(60) == 0
    assert cli.statuses() == {"first": "succeeded", "second": "created"}
    assert cli.start("scheduler").poll() is None
    wait_until(lambda: cli.statuses()["second"] == "succeeded", "a second run that was taken up")
    assert f"event `run_status_succeeded` of `runs.{uuid}` happened" in cli.run("ops", "explain", "second").stdout
