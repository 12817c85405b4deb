"""Services on this machine: ports, readiness, addresses, idleness, and how they end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from command_line import Cli, wait_until

from polyaxon.server import open_store
from polyaxon.settings import read_settings

LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(600)"


def service(port: int, *, wait_for: str = "", **sections: Any) -> dict[str, Any]:
    """A component that listens on its port; `wait_for` is a file without which it does not begin to."""
    script = f'until [ -e {wait_for} ]; do sleep 0.02; done; exec "$0" -S -c "$1" {port}' if wait_for else ""
    command = (
        ["sh", "-c", script, sys.executable, LISTEN] if script else [sys.executable, "-S", "-c", LISTEN, str(port)]
    )
    container = {"command": command, **sections.pop("container", {})}
    run = {"kind": "service", "ports": [port], "container": container, **sections.pop("run", {})}
    return {"version": 1.1, "kind": "component", "name": "web", "run": run, **sections}


def write(directory: Path, specification: dict[str, Any]) -> Path:
    file = directory / "polyaxonfile.yaml"
    file.write_text(yaml.safe_dump(specification))
    return file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(cli: Cli, name: str = "web") -> str:
    found = [run["status"] for run in cli.runs() if run["name"] == name]
    return found[-1] if found else ""


def drives(cli: Cli, process: subprocess.Popen[str]) -> bool:
    """Whether that process has the lease of the newest run: then it listens to Ctrl-C, too."""
    store = open_store(read_settings({"POLYAXON_HOME": str(cli.home)}))
    try:
        return f":{process.pid}:" in (store.holder(cli.runs()[-1]["uuid"], datetime.now(UTC)) or "")
    finally:
        store.close()


def test_a_service_runs_once_its_port_answers_and_says_where_it_is(cli: Cli, tmp_path: Path) -> None:
    port, go = free_port(), tmp_path / "go"
    driver = cli.start("run", "-f", write(tmp_path, service(port, wait_for=str(go))))
    wait_until(lambda: status(cli) == "starting", "starting")
    refused = cli.run("ops", "service", "web")
    assert refused.returncode == 2
    assert f"waits until port {port} answers" in refused.stderr
    go.touch()
    wait_until(lambda: status(cli) == "running", "running")
    url = f"http://127.0.0.1:{port}"
    assert cli.run("ops", "service", "web", "--url").stdout == f"{url}\n"
    assert url in cli.run("ops", "get", "web").stdout
    driver.send_signal(signal.SIGINT)
    seen = driver.communicate(timeout=120)[0]
    assert f"running  {url}" in seen
    assert status(cli) == "stopped"


def test_a_taken_port_and_every_further_replica_get_ports_of_their_own(cli: Cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        driver = cli.start("run", "-f", write(tmp_path, service(port, run={"replicas": 2})))
        wait_until(lambda: status(cli) == "running", "running")
        urls = cli.json("ops", "service", "web")["urls"]
        explained = cli.run("ops", "explain", "web").stdout
        cli.run("ops", "stop", "web")
        driver.communicate(timeout=120)
    assert len(set(urls)) == 2
    assert f"http://127.0.0.1:{port}" not in urls
    assert f"port {port} is taken on this machine, the service gets {urls[0].rpartition(':')[2]} instead" in explained


def test_a_service_is_told_its_address_and_path(cli: Cli, tmp_path: Path) -> None:
    port = free_port()
    echo = "{{ globals.ports }} {{ globals.base_url }} $PORT"
    container = {"command": ["sh", "-c", f'echo "{echo}"; exec "$0" -S -c "$1" {port}', sys.executable, LISTEN]}
    cli.start("run", "-f", write(tmp_path, service(port, container=container)))
    wait_until(lambda: status(cli) == "running", "running")
    run = cli.runs()[-1]["uuid"]
    base = f"/services/v1/default/default/default/runs/{run}/{port}"
    assert cli.run("ops", "logs", "web", "--no-follow").stdout == f"[{port}] {base} {port}\n"
    assert cli.json("ops", "service", "web")["urls"] == [f"http://127.0.0.1:{port}{base}/"]
    cli.run("ops", "stop", "web")


def test_a_service_that_nobody_uses_is_culled(cli: Cli, tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    busy.touch()
    termination = {"culling": {"timeout": 1}, "probe": {"exec": {"command": ["test", "-e", str(busy)]}}}
    driver = cli.start("run", "-f", write(tmp_path, service(free_port(), termination=termination)))
    wait_until(lambda: status(cli) == "running", "running")
    busy.unlink()
    seen = driver.communicate(timeout=120)[0]
    assert driver.returncode == 1
    assert "nobody used it for 1 s (termination.culling)" in cli.run("ops", "explain", "web").stdout
    assert status(cli) == "stopped", seen


def test_a_failed_liveness_probe_fails_the_service(cli: Cli, tmp_path: Path) -> None:
    well = tmp_path / "well"
    well.touch()
    probe = {"exec": {"command": ["test", "-e", str(well)]}, "periodSeconds": 0.1, "failureThreshold": 2}
    driver = cli.start("run", "-f", write(tmp_path, service(free_port(), container={"livenessProbe": probe})))
    wait_until(lambda: status(cli) == "running", "running")
    well.unlink()
    seen = driver.communicate(timeout=120)[0]
    assert "the liveness probe of `main` failed 2 times: `test` ended with 1" in seen


def test_a_service_outlives_its_scheduler_and_is_found_again(cli: Cli, tmp_path: Path) -> None:
    port = free_port()
    driver = cli.start("run", "-f", write(tmp_path, service(port)))
    wait_until(lambda: status(cli) == "running", "running")
    driver.kill()
    driver.wait()
    again = cli.start("ops", "resume", "web")
    wait_until(lambda: "address" in cli.run("ops", "get", "web").stdout, "its address")
    assert cli.json("ops", "service", "web")["urls"] == [f"http://127.0.0.1:{port}"]
    wait_until(lambda: drives(cli, again), "its driver")
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=120)
    assert status(cli) == "stopped"


def test_a_dag_ends_with_its_work_and_stops_the_service_beside_it(cli: Cli, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    board = {key: value for key, value in service(free_port()).items() if key not in {"version", "kind"}}
    wait = f"until [ -e {seen} ]; do sleep 0.02; done"
    train = {"run": {"kind": "job", "container": {"command": ["sh", "-c", wait]}}}
    operations = [
        {"name": "train", "component": train},
        {"name": "board", "component": board, "events": [{"ref": "ops.train", "kinds": ["run_status_running"]}]},
    ]
    dag = {"version": 1.1, "kind": "component", "name": "pipe", "run": {"kind": "dag", "operations": operations}}
    driver = cli.start("run", "-f", write(tmp_path, dag))
    wait_until(lambda: status(cli, "board") == "running", "running")
    seen.touch()
    assert driver.wait(60) == 0, driver.communicate()
    assert cli.statuses() == {"pipe": "succeeded", "train": "succeeded", "board": "succeeded"}


@pytest.mark.slow
def test_a_hundred_and_fifty_services_run_side_by_side_and_leave_nothing(cli: Cli, tmp_path: Path) -> None:
    ports = [free_port() for _ in range(150)]
    operations = []
    for number, port in enumerate(ports):
        component = {key: value for key, value in service(port).items() if key not in {"version", "kind"}}
        operations.append({"name": f"web{number}", "component": component})
    dag = {"version": 1.1, "kind": "component", "name": "pipe", "run": {"kind": "dag", "operations": operations}}
    driver = cli.start("run", "-f", write(tmp_path, dag))
    wait_until(lambda: len(cli.runs("status: running")) == 151, "all running", 120)
    urls = [run["meta_info"]["urls"][0] for run in cli.runs("status: running") if run["kind"] == "service"]
    assert len(set(urls)) == 150
    for url in urls:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 5).close()
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=120)
    assert {run["status"] for run in cli.runs()} == {"stopped"}
    mine = [each for each in psutil.process_iter(["cmdline"]) if LISTEN in (each.info["cmdline"] or ())]
    assert mine == []


def test_who_runs_a_dag_whose_services_take_every_place_is_told_why_nothing_goes_on(cli: Cli, tmp_path: Path) -> None:
    board = {"run": {"kind": "service", "container": {"command": ["sleep", "600"]}}}
    train = {"run": {"kind": "job", "container": {"command": ["true"]}}}
    operations = [{"name": "board", "component": board}, {"name": "train", "component": train}]
    dag = {"kind": "dag", "concurrency": 1, "operations": operations}
    driver = cli.start("run", "-f", write(tmp_path, {"kind": "component", "name": "watched", "run": dag}))
    assert driver.stdout is not None
    told = next(line for line in driver.stdout if line.startswith("`train` waits"))
    assert "`watched` runs 1 of at most 1 at once (concurrency); services hold" in told
    assert cli.run("ops", "stop", "board").returncode == 0
    assert driver.wait(60) == 1
    assert cli.statuses() == {"watched": "stopped", "board": "stopped", "train": "succeeded"}
