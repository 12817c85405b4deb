"""Queues of the settings: their limits hold for all drivers of a home, their priorities and waits are explained."""

from __future__ import annotations

from pathlib import Path

import yaml
from command_line import DEADLINE_SECONDS, Cli, wait_until

JOB = """
version: 1.1
kind: component
name: NAME
run:
  kind: job
  container:
    command: [sh, -c]
    args: ["echo NAME begins >> TRACE; while [ -e GATE ]; do sleep 0.05; done; echo NAME ends >> TRACE"]
"""


def write(tmp_path: Path, name: str) -> Path:
    file = tmp_path / f"{name}.yaml"
    text = JOB.replace("NAME", name).replace("TRACE", str(tmp_path / "trace")).replace("GATE", str(tmp_path / "gate"))
    file.write_text(text)
    return file


def test_two_drivers_share_the_places_of_a_queue(cli: Cli, tmp_path: Path) -> None:
    cli.run("config", "set", "queues.slow.concurrency", "1")
    (tmp_path / "gate").touch()
    first = cli.start("run", "-f", write(tmp_path, "one"), "-q", "slow")
    wait_until((tmp_path / "trace").exists, "the first run")
    second = cli.start("run", "-f", write(tmp_path, "two"), "-q", "slow")
    wait_until(lambda: cli.statuses().get("two") == "queued", "the second in the queue")
    said = cli.run("ops", "explain", "two").stdout
    assert "all 1 slots of queue `slow` are taken" in said
    other = cli.start("run", "-f", write(tmp_path, "three"))
    wait_until(lambda: "three begins" in (tmp_path / "trace").read_text(), "a run of another queue")
    (tmp_path / "gate").unlink()
    assert [first.wait(), second.wait(), other.wait()] == [0, 0, 0]
    lines = [line for line in (tmp_path / "trace").read_text().splitlines() if "three" not in line]
    assert lines == ["one begins", "one ends", "two begins", "two ends"]


def test_a_run_that_waits_in_its_queue_for_too_long_fails(cli: Cli, tmp_path: Path) -> None:
    cli.run("config", "set", "queues.slow.concurrency", "1")
    (tmp_path / "gate").touch()
    first = cli.start("run", "-f", write(tmp_path, "one"), "-q", "slow")
    wait_until((tmp_path / "trace").exists, "the first run")
    cli.run("config", "set", "pending_timeout_seconds", "0.2")
    late = cli.run("run", "-f", write(tmp_path, "two"), "-q", "slow")
    assert late.returncode == 1
    assert "not started after 0.2 seconds in the queue" in late.stdout
    (tmp_path / "gate").unlink()
    assert first.wait() == 0


def test_two_drivers_in_a_hurry_never_exceed_the_limit_of_a_queue(cli: Cli, tmp_path: Path) -> None:
    cli.run("config", "set", "queues.slow.concurrency", "1")
    inside, trace = tmp_path / "inside", tmp_path / "trace"
    alone = f"mkdir {inside} || echo two >> {trace}; echo one >> {trace}; rmdir {inside}"
    drivers = []
    for name in ("a", "b"):
        file = tmp_path / f"{name}.yaml"
        job = {"kind": "job", "container": {"command": ["sh", "-c", alone]}}
        steps = [{"name": f"{name}{number}", "component": {"run": job}} for number in range(12)]
        dag = {"kind": "dag", "operations": steps}
        off = {"disable": True}
        file.write_text(yaml.safe_dump({"kind": "component", "name": name, "queue": "slow", "cache": off, "run": dag}))
        drivers.append(cli.start("run", "-f", file))
    assert [driver.wait(DEADLINE_SECONDS) for driver in drivers] == [0, 0]
    assert trace.read_text().splitlines() == ["one"] * 24
