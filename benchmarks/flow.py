"""What the flow costs per operation, durable settings on: `python benchmarks/flow.py [part …]`.

a  decided and committed: dags on a runtime whose attempts end at once (operations per second, memory per operation)
b  a fan of `true` processes, two at a time, start-up and file loading included, beside `make -j2` in the same run
c  a re-run of which everything is served from the cache
d  from submission to the start of a single operation

Budgets (docs: design): a ≥ 3000/s · b ≤ 4× make · c ≤ 0.7 s. Other work on the machine shows up in all of them.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.hub.sources import HubSources
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan
from polyaxon.runtimes.fake import FakeRuntime
from polyaxon.server import Local, open_local
from polyaxon.settings import read_settings

PARALLEL = 2
FAN = 1000
SIZES = (100, 1_000, 10_000)


class Timed(FakeRuntime):
    """Attempts succeed as soon as they begin; when the first began is remembered."""

    began_at = 0.0

    async def start(self, plan: LaunchPlan, attempt: int) -> None:
        self.began_at = self.began_at or time.perf_counter()
        await super().start(plan, attempt)


def dag_text(size: int, parents: Callable[[int], Sequence[int]], cached: bool = False) -> str:
    """Return a dag of `true` jobs; `parents` gives the earlier operations that each one waits for."""
    lines = [
        "version: 1.1",
        "kind: component",
        "run:",
        "  kind: dag",
        "  components:",
        "  - {name: t, run: {kind: job, container: {image: x, command: ['true'], args: ['{{ n }}']}}}"
        if cached
        else "  - {name: t, run: {kind: job, container: {image: x, command: ['true']}}}",
        "  operations:",
    ]
    for number in range(size):
        waits = "".join(f"op{parent}, " for parent in parents(number)).rstrip(", ")
        more = f", params: {{n: {{value: {number}, contextOnly: true}}}}" if cached else ", cache: {disable: true}"
        lines.append(f"  - {{name: op{number}, dagRef: t{more}" + (f", dependencies: [{waits}]" if waits else "") + "}")
    return "\n".join(lines) + "\n"


def shapes(size: int) -> Iterator[tuple[str, str]]:
    """Return the dags of part a."""
    chance = random.Random(1)
    width = max(2, size // 20)
    yield "chain", dag_text(size, lambda number: [number - 1] if number else [])
    yield "fan", dag_text(size, lambda number: [] if number == 0 else [0])
    yield (
        "layers",
        dag_text(
            size,
            lambda number: (
                []
                if number < width
                else sorted(
                    {chance.randrange((number // width - 1) * width, number // width * width) for _ in range(3)}
                )
            ),
        ),
    )


def open_home(directory: str, runtime: Callable[[], Any] | None = None, parallel: int = PARALLEL) -> Local:
    """Open a fresh home."""
    settings = read_settings({"POLYAXON_HOME": directory, "POLYAXON_MAX_PARALLEL": str(parallel)})
    return open_local(settings, runtime)


def submit(local: Local, text: str) -> RunId:
    """Load, check and store a file."""
    loaded = load(HubSources(local.settings.home), Source(text, "flow.yaml"))
    if loaded.operation is None:
        raise SystemExit("\n".join(map(str, loaded.problems)))
    return local.submit(loaded.operation, components=loaded.components).uuid


def decided() -> None:
    """Part a."""
    print(f"{'shape':8} {'size':>7} {'wall s':>8} {'op/s':>8} {'CPU µs/op':>10} {'KB/op':>7}")
    for size in SIZES:
        for shape, text in shapes(size):
            with tempfile.TemporaryDirectory() as home, open_home(home, FakeRuntime, 256) as local:
                root = submit(local, text)
                gc.collect()
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                wall, cpu = time.perf_counter(), time.process_time()
                last = local.drive([root], adopt=False)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
                assert last[root].status == "succeeded", last[root].status
            print(f"{shape:8} {size:7} {wall:8.2f} {size / wall:8.0f} {cpu / size * 1e6:10.0f} {grown / size:7.1f}")


PROGRAM = """
import sys
sys.path.insert(0, {path!r})
import flow
flow.run_file({home!r}, {file!r})
"""


def run_file(home: str, file: str) -> None:
    """Load and drive a file: what one command does."""
    with open_home(home) as local:
        root = submit(local, Path(file).read_text())
        status = local.drive([root], adopt=False)[root].status
    assert status == "succeeded", status


def timed(command: Sequence[str], directory: str) -> float:
    """Return the wall time of a process."""
    began = time.perf_counter()
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def processes() -> None:
    """Part b."""
    with tempfile.TemporaryDirectory() as directory:
        targets = " ".join(f"t{number}" for number in range(FAN))
        rules = "".join(f"t{number}:\n\t@true;:\n" for number in range(FAN))
        Path(directory, "Makefile").write_text(f"all: {targets}\n{rules}")
        file = Path(directory, "fan.yaml")
        file.write_text(dag_text(FAN, lambda _: []))
        mine, theirs = [], []
        for number in range(3):
            theirs.append(timed(["make", "-s", f"-j{PARALLEL}", "all"], directory))
            program = PROGRAM.format(
                path=str(Path(__file__).parent), home=os.path.join(directory, f"home{number}"), file=str(file)
            )
            mine.append(timed([sys.executable, "-c", program], directory))
    ratio = median(mine) / median(theirs)
    print(f"{FAN} processes: polyaxon {median(mine):.2f} s, make {median(theirs):.2f} s: {ratio:.1f}×")


def cached() -> None:
    """Part c."""
    with tempfile.TemporaryDirectory() as home:
        text = dag_text(FAN, lambda _: [], cached=True)
        for attempt in ("first", "again"):
            began = time.perf_counter()
            with open_home(home, FakeRuntime, 256) as local:
                root = submit(local, text)
                loaded = time.perf_counter()
                local.drive([root], adopt=False)
                hits = sum(run.cloning_kind == "cache" for run in local.store.children(root))
            ended = time.perf_counter()
            took = f"{ended - began:.2f} s (loading {loaded - began:.2f} s)"
            print(f"{attempt}: {FAN} operations, {hits} from the cache, {took}")


def latency() -> None:
    """Part d: the process is warm; the run is new."""
    text = "version: 1.1\nkind: component\nrun: {kind: job, container: {image: x, command: ['true']}}\n"
    starts: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(50):
            runtime = Timed()
            with open_home(home, lambda: runtime) as local:  # noqa: B023 - called at once
                began = time.perf_counter()
                local.drive([submit(local, text)], adopt=False)
                starts.append((runtime.began_at - began) * 1e3)
    tail = quantiles(starts, n=100)[98]
    print(f"submit to start: p50 {median(starts):.1f} ms, p99 {tail:.1f} ms")


PARTS = {"a": decided, "b": processes, "c": cached, "d": latency}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
