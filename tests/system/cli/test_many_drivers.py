"""Several command lines on one home at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from command_line import DEADLINE_SECONDS, Cli, wait_until

OPERATIONS = 50


def a_layered_dag(name: str, record: Path) -> str:
    """Fifty jobs, each after two of the layer before, each leaving its name in a file."""
    operations = []
    for number in range(OPERATIONS):
        before = [f"op-{number - step}" for step in (7, 8) if number >= step]
        job = {"kind": "job", "container": {"command": ["sh", "-c", f"echo {name}-{number} >> {record}"]}}
        operations.append({"name": f"op-{number}", "dependencies": before, "component": {"run": job}})
    return yaml.safe_dump({"kind": "component", "name": name, "run": {"kind": "dag", "operations": operations}})


@pytest.mark.parametrize("count", [2])
def test_drivers_that_run_large_dags_at_the_same_time_all_succeed(cli: Cli, tmp_path: Path, count: int) -> None:
    record = tmp_path / "record"
    drivers = []
    for number in range(count):
        file = tmp_path / f"dag-{number}.yaml"
        file.write_text(a_layered_dag(f"dag-{number}", record))
        drivers.append(cli.start("run", "-f", file))
    outputs = [driver.communicate(timeout=DEADLINE_SECONDS)[0] for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0] * count, "\n".join(outputs)
    assert not any("locked" in output for output in outputs)
    done = record.read_text().splitlines()
    assert sorted(done) == sorted(f"dag-{dag}-{number}" for dag in range(count) for number in range(OPERATIONS))


def test_a_detached_run_is_driven_in_the_background(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("{kind: component, name: job, run: {kind: job, container: {command: [echo, done]}}}")
    answer = cli.run("run", "-f", file, "-d")
    assert answer.returncode == 0, answer.stderr
    uuid = answer.stdout.strip()
    waited = cli.run("ops", "wait", uuid, "--timeout", "60")
    assert waited.returncode == 0, waited.stdout + (cli.home / "scheduler.log").read_text()
    assert cli.run("ops", "logs", uuid).stdout == "done\n"


def test_a_run_is_stopped_from_another_command_line(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "sleep.yaml"
    file.write_text("{kind: component, name: sleeper, run: {kind: job, container: {command: [sleep, '600']}}}")
    driver = cli.start("run", "-f", file)
    wait_until(lambda: cli.runs("status:running"), "the job runs")
    assert cli.run("ops", "stop", "sleeper").returncode == 0
    output = driver.communicate(timeout=DEADLINE_SECONDS)[0]
    assert driver.returncode == 1, output
    assert "stopped" in output


def test_an_abandoned_run_is_stopped_although_nobody_drives_it(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "sleep.yaml"
    file.write_text("{kind: component, name: sleeper, run: {kind: job, container: {command: [sleep, '600']}}}")
    driver = cli.start("run", "-f", file)
    wait_until(lambda: cli.runs("status:running"), "the job runs")
    driver.kill()
    driver.wait()
    answer = cli.run("ops", "stop", "sleeper", "-o", "json")
    assert '"stopped"' in answer.stdout, answer.stdout + answer.stderr


def test_a_run_is_cleaned_after_the_command_that_drove_it_has_left(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    job = "{kind: job, container: {command: [sh, -c, 'ls {{ globals.context_path }}; echo done']}}"
    file.write_text(f"{{kind: component, name: job, termination: {{ttl: 1}}, run: {job}}}")
    assert cli.run("run", "-f", file).returncode == 0
    (run,) = cli.runs()
    wait_until(lambda: not list((cli.home / "runs").rglob(f"{run['uuid']}.*")), "the records are removed")
    assert "done" in cli.run("ops", "logs", "job").stdout
