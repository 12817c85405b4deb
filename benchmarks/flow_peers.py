"""The same fan of `true` processes, two at a time, in other tools: `python benchmarks/flow_peers.py` shows them alone.

Each peer gets the form its own manual would give the work, durable where it can be. The environment with all of them is
made once, in `build/peers` (or where `POLYAXON_BENCH_PEERS` says), never in the project's own; a peer that cannot be
installed or run is a row with the reason. Slow peers do fewer operations: what one operation costs beyond start-up
(their run of a single one) is scaled to the full fan.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FAN = 1000
PARALLEL = 2
DIRECTORY = Path(os.environ.get("POLYAXON_BENCH_PEERS") or Path(__file__).parent.parent / "build" / "peers")
INSTALL_SECONDS = 600
RUN_SECONDS = 240

DOIT = """
def task_fan():
    for number in range({size}):
        yield {{"name": str(number), "actions": [["true"]]}}
"""
LUIGI = """
import subprocess
import luigi

class One(luigi.Task):
    number = luigi.IntParameter()
    def output(self):
        return luigi.LocalTarget(f"stamps/{{self.number}}")
    def run(self):
        subprocess.run(["true"], check=True)
        with self.output().open("w"):
            pass

class Fan(luigi.WrapperTask):
    def requires(self):
        return [One(number=number) for number in range({size})]

if __name__ == "__main__":
    assert luigi.build([Fan()], workers={parallel}, local_scheduler=True, log_level="WARNING")
"""
# A queue would ask its database once a second; a workflow per slot has its steps at once.
DBOS = """
import subprocess
from dbos import DBOS

DBOS(config={{"name": "fan", "system_database_url": "sqlite:///fan.sqlite", "run_admin_server": False,
             "log_level": "WARNING"}})

@DBOS.step()
def one():
    subprocess.run(["true"], check=True)

@DBOS.workflow()
def part(number):
    for _ in range(number, {size}, {parallel}):
        one()

if __name__ == "__main__":
    DBOS.launch()
    for handle in [DBOS.start_workflow(part, number) for number in range({parallel})]:
        handle.get_result()
    DBOS.destroy()
"""
PREFECT = """
import subprocess
from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

@task
def one(number):
    subprocess.run(["true"], check=True)

@flow(task_runner=ThreadPoolTaskRunner(max_workers={parallel}))
def fan():
    for future in one.map(list(range({size}))):
        future.result()

if __name__ == "__main__":
    fan()
"""
MAKE = "all: {targets}\n{rules}"


@dataclass(frozen=True)
class Peer:
    """Another tool: what to install, the program of a fan, and how it is run."""

    name: str
    package: str | None
    program: Callable[[int], Mapping[str, str]]
    """The files of a fan of that size."""
    command: Sequence[str]
    operations: int = FAN
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What a peer took, or why it took nothing."""

    name: str
    operations: int = 0
    wall: float = 0.0
    start_up: float = 0.0
    """Of a fan of one operation; only measured when the rest is scaled."""
    skipped: str = ""

    @property
    def scaled(self) -> float:
        """Seconds of the full fan."""
        return self.start_up + (self.wall - self.start_up) * FAN / self.operations


def python(text: str) -> Callable[[int], Mapping[str, str]]:
    """Return a fan in one Python file."""
    return lambda size: {"dodo.py": text.format(size=size, parallel=PARALLEL)}


def makefile(recipe: str) -> Callable[[int], Mapping[str, str]]:
    """Return a fan of rules with that recipe."""

    def program(size: int) -> Mapping[str, str]:
        names = [f"t{number}" for number in range(size)]
        return {"Makefile": MAKE.format(targets=" ".join(names), rules="".join(f"{n}:\n\t{recipe}\n" for n in names))}

    return program


BIN = str(DIRECTORY / "bin")
MAKES = ("make", "-s", f"-j{PARALLEL}", "all")
PEERS = (
    Peer("make", None, makefile("@true"), MAKES),
    Peer("make + stamps", None, makefile("@true && touch $@"), MAKES),
    Peer("doit", "doit", python(DOIT), (f"{BIN}/doit", "-n", str(PARALLEL))),
    Peer("luigi", "luigi", python(LUIGI), (f"{BIN}/python", "dodo.py"), operations=200),
    Peer("DBOS (SQLite)", "dbos", python(DBOS), (f"{BIN}/python", "dodo.py"), operations=400),
    Peer(
        "prefect",
        "prefect",
        python(PREFECT),
        (f"{BIN}/python", "dodo.py"),
        operations=60,
        env={
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        },
    ),
)


def run(peer: Peer, size: int) -> float:
    """Return the wall time of a fan in a fresh directory."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in peer.program(size).items():
            Path(directory, name).write_text(text)
        # Prefect keeps its database below its own home.
        env = {**os.environ, **peer.env, "PREFECT_HOME": directory}
        began = time.perf_counter()
        subprocess.run(
            peer.command, cwd=directory, env=env, check=True, capture_output=True, text=True, timeout=RUN_SECONDS
        )
        return time.perf_counter() - began


def measure(peer: Peer) -> Measured:
    """Return what the peer takes; whatever keeps it from running is a reason."""
    reason = install(peer.package) if peer.package else ""
    if reason:
        return Measured(peer.name, skipped=reason)
    try:
        run(peer, 1)  # the first one compiles what was just installed
        start_up = run(peer, 1) if peer.operations < FAN else 0.0
        return Measured(peer.name, peer.operations, run(peer, peer.operations), start_up)
    except subprocess.TimeoutExpired:
        return Measured(peer.name, skipped=f"not done in {RUN_SECONDS} s")
    except OSError as error:
        return Measured(peer.name, skipped=str(error))
    except subprocess.CalledProcessError as error:
        return Measured(peer.name, skipped=f"exit {error.returncode}: {_last_line(error.stderr)}")


def install(package: str) -> str:
    """Put the package into the peers' environment unless it is there; return why that failed, or nothing."""
    pip = Path(BIN, "pip")
    try:
        if not pip.exists():
            subprocess.run([sys.executable, "-m", "venv", str(DIRECTORY)], check=True, capture_output=True, text=True)
        if subprocess.run([str(pip), "show", "--quiet", package], capture_output=True).returncode == 0:
            return ""
        print(f"installing {package} into {DIRECTORY}", file=sys.stderr)
        command = [str(pip), "install", "--quiet", "--disable-pip-version-check", package]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return f"not installed in {INSTALL_SECONDS} s"
    except subprocess.CalledProcessError as error:
        return f"cannot be installed: {_last_line(error.stderr)}"
    return ""


def rows(peers: Sequence[Peer] = PEERS) -> Iterator[Measured]:
    """Measure peer after peer, and print each as it is known."""
    print(f"{'peer':14} {'operations':>10} {'wall s':>8} {'start s':>8} {f'for {FAN}':>9}")
    for peer in peers:
        found = measure(peer)
        if found.skipped:
            print(f"{found.name:14} skipped: {found.skipped}")
        else:
            told = f"{found.operations:10} {found.wall:8.2f} {found.start_up:8.2f} {found.scaled:9.2f}"
            print(f"{found.name:14} {told}" + (" (scaled)" if found.operations < FAN else ""))
        yield found


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1][:100]


if __name__ == "__main__":
    list(rows())
