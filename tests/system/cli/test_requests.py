"""Asking something of a run whose driver is gone: its own pipeline goes on, and nobody else's."""

from __future__ import annotations

from pathlib import Path

from command_line import Cli, wait_until

FILE = """
version: 1.1
kind: component
name: careful
isApproved: false
run: {kind: job, container: {command: ["true"]}}
"""


def test_an_approval_serves_the_run_that_was_approved_alone(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "careful.yaml").write_text(FILE)
    drivers = [cli.start("run", "-f", tmp_path / "careful.yaml", "-n", name) for name in ("one", "two")]
    wait_until(lambda: sorted(run["pending"] or "" for run in cli.runs()) == ["approval"] * 2, "two that wait")
    for driver in drivers:
        driver.kill()
        driver.wait()
    assert "nobody drives it" in cli.run("ops", "explain", "one").stdout
    assert cli.run("ops", "approve", "one").returncode == 0
    assert cli.run("ops", "wait", "one", "--timeout", "60").returncode == 0
    assert cli.statuses() == {"one": "succeeded", "two": "created"}
    assert "nobody drives it" in cli.run("ops", "explain", "two").stdout
