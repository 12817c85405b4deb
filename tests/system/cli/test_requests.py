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


def test_a_whole_file_takes_the_place_of_what_ran_and_keeps_its_params(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "first.yaml").write_text(FIXABLE.replace("TAIL", "; exit 1").replace("WORD", "one"))
    (tmp_path / "fixed.yaml").write_text(FIXABLE.replace("TAIL", "").replace("WORD", "two"))
    assert cli.run("run", "-f", tmp_path / "first.yaml", "-P", "lr=0.5").returncode == 1
    assert cli.run("ops", "restart", "fixable", "-f", tmp_path / "fixed.yaml", "-P", "lr=9", "-n", "b").returncode == 0
    assert cli.run("ops", "logs", "b").stdout == "two 9.0\n"
    assert cli.run("ops", "resume", "fixable", "-f", tmp_path / "fixed.yaml").returncode == 0
    assert cli.run("ops", "logs", "fixable").stdout == "one 0.5\n--- attempt 2 ---\ntwo 0.5\n"


FIXABLE = """
version: 1.1
kind: component
name: fixable
inputs: [{name: lr, type: float, value: 0.1}]
run: {kind: job, container: {command: [sh, -c, "echo WORD {{ lr }}TAIL"]}}
"""
