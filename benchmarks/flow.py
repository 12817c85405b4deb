"""What the flow costs per operation, durable settings on: `python benchmarks/flow.py [--quick] [part …]`.

a  decided and committed: dags on a runtime whose attempts end at once (operations per second, memory per operation),
   beside a database that commits one row after another and does nothing else
b  a fan of `true` processes, two at a time, start-up and file loading included, beside `make -j2` in the same run
c  a re-run of which everything is served from the cache
d  from submission to the start of a single operation
p  the fan of part b in other tools (flow_peers.py)

A table of ratios ends it. `--quick` takes small sizes and one repetition, and leaves the peers out unless asked for.
Budgets (docs: design): a ≥ 3000/s, flat up to 100 000 · b ≤ 4× make · c ≤ 0.7 s. Other work on the machine shows up
in all of them; what is compared is measured in turns.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import itertools
import multiprocessing
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import flow_peers
from flow_peers import PARALLEL
from polyaxon.__main__ import ALLOCATIONS
from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.hub.sources import HubSources
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan
from polyaxon.runtimes.fake import FakeRuntime
from polyaxon.server import Local, open_local
from polyaxon.settings import read_settings

SLOTS = 256
"""At once on the runtime that runs nothing: more than any layer needs to keep the engine busy."""
ONE = "version: 1.1\nkind: component\nrun: {kind: job, container: {image: x, command: ['true']}}\n"
POLYAXON = str(Path(sys.executable).with_name("polyaxon"))


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    dags: Sequence[int] = (100, 1_000, 10_000)
    large: int = 100_000
    large_shapes: Sequence[str] = ("fan", "layers")
    """A chain commits each operation on its own: engine.py has it in that size."""
    fan: int = 1_000
    repeats: int = 5
    samples: int = 200


QUICK = Size(dags=(100, 1_000), large_shapes=(), fan=300, repeats=1, samples=50)


@dataclass
class Table:
    """The ratios at the end."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, ours: str, beside: str, verdict: str) -> None:
        self.rows.append((what, ours, beside, verdict))

    def show(self) -> None:
        widths = [max(len(row[column]) for row in self.rows) for column in range(4)]
        print("\n" + "ratios".center(sum(widths) + 6, "-"))
        for row in self.rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


# Files


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


def chain(size: int) -> str:
    """One after another."""
    return dag_text(size, lambda number: [number - 1] if number else [])


def fan(size: int) -> str:
    """One, all others at once, and one that waits for all of them."""
    return dag_text(size, lambda number: [] if number == 0 else range(1, size - 1) if number == size - 1 else [0])


def layers(size: int) -> str:
    """Twenty layers; each operation waits for up to three of the layer above."""
    chance, width = random.Random(1), max(2, size // 20)

    def parents(number: int) -> Sequence[int]:
        above = number // width * width
        return sorted({chance.randrange(above - width, above) for _ in range(3)}) if above else []

    return dag_text(size, parents)


SHAPES = {"chain": chain, "fan": fan, "layers": layers}


# Part a


@dataclass(frozen=True)
class Cell:
    """One dag on the runtime that runs nothing."""

    wall: float
    cpu: float
    kilobytes: float
    """What the driving process grew by."""


def open_home(home: str, runtime: Callable[[], Any] | None = None, parallel: int = PARALLEL) -> Local:
    """Open a home."""
    return open_local(read_settings({"POLYAXON_HOME": home, "POLYAXON_MAX_PARALLEL": str(parallel)}), runtime)


def submit(local: Local, text: str, hold: bool = True) -> RunId:
    """Load, check and store a file."""
    loaded = load(HubSources(local.settings.home), Source(text, "flow.yaml"))
    if loaded.operation is None:
        raise SystemExit("\n".join(map(str, loaded.problems)))
    return local.submit(loaded.operation, components=loaded.components, hold=hold).uuid


def submitted(home: str, text: str) -> RunId:
    """Submit from a process that then forgets the file."""
    with open_home(home) as local:
        return submit(local, text, hold=False)


def driven(home: str, root: RunId) -> Cell:
    """Drive what another process submitted: the growth of this one is the flow's own."""
    gc.set_threshold(ALLOCATIONS, 20, 50)  # as the command line does
    with tempfile.TemporaryDirectory() as other, open_home(other, FakeRuntime) as local:
        local.drive([submit(local, fan(10))], adopt=False)  # everything is imported
    with open_home(home, FakeRuntime, SLOTS) as local:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, cpu = time.perf_counter(), time.process_time()
        last = local.drive([root], adopt=False)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert last[root].status == "succeeded", last[root].status
    return Cell(wall, cpu, grown)


def bare_commits(count: int) -> float:
    """Return how many rows a second a bare database commits one after another: no chain can be faster than that."""
    with (
        tempfile.TemporaryDirectory() as home,
        closing(sqlite3.connect(f"{home}/bare.db", isolation_level=None)) as bare,
    ):
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE rows (body TEXT)"):
            bare.execute(statement)
        began = time.perf_counter()
        for _ in range(count):
            bare.execute("INSERT INTO rows VALUES (?)", ("x" * 200,))
        return count / (time.perf_counter() - began)


def decided(size: Size, table: Table) -> None:
    """Part a."""
    bare = bare_commits(1_000)
    print(f"a bare database: {bare:.0f} commits/s of one row each, {1e6 / bare:.0f} µs")
    print(f"{'shape':8} {'size':>7} {'wall s':>8} {'op/s':>8} {'µs/op':>7} {'CPU µs/op':>10} {'KB/op':>7}")
    walls: dict[str, dict[int, float]] = {}
    # A process per step: what one dag leaves in memory is not there when the next is measured.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as processes:
        for count, shape in [
            *itertools.product(size.dags, SHAPES),
            *((size.large, each) for each in size.large_shapes),
        ]:
            with tempfile.TemporaryDirectory() as home:
                root = processes.apply(submitted, (home, SHAPES[shape](count)))
                cell = processes.apply(driven, (home, root))
            each = cell.wall / count * 1e6
            walls.setdefault(shape, {})[count] = each
            told = f"{cell.wall:8.2f} {count / cell.wall:8.0f} {each:7.0f} {cell.cpu / count * 1e6:10.0f}"
            print(f"{shape:8} {count:7} {told} {cell.kilobytes / count:7.1f}", flush=True)
    for shape, by_size in walls.items():
        speed, largest = 1e6 / by_size[1_000], max(by_size)
        table.add(f"a  {shape} of 1000", f"{speed:.0f} operations/s", "3000/s", _met(speed >= 3000))
        if shape == "chain":
            table.add("", "", f"bare commits {bare:.0f}/s", f"{speed / bare:.2f}× of those")
        if largest > 1_000:
            growth = by_size[largest] / by_size[1_000]
            table.add(f"a  {shape} of {largest}", f"{growth:.2f}× each", "that of 1000", _met(growth <= 1.25))


# Part b


def environment(home: str) -> Mapping[str, str]:
    """Return the environment of a command on that home."""
    return {**os.environ, "POLYAXON_HOME": home, "POLYAXON_MAX_PARALLEL": str(PARALLEL)}


@cache
def kept() -> str:
    """Return where the homes of commands stay until the program ends.

    Some file systems pass by what was deleted minutes ago one by one when they make a file: on ext4 the next command
    would pay up to a millisecond for each of its files, which nobody pays who has not just removed thousands.
    """
    directory = tempfile.mkdtemp(prefix="flow-")
    atexit.register(shutil.rmtree, directory)
    return directory


def command(text: str, home: str | None = None) -> float:
    """Return the wall time of `polyaxon run` of a file, on a fresh home unless one is given."""
    directory = tempfile.mkdtemp(dir=kept())
    file = Path(directory, "fan.yaml")
    file.write_text(text)
    began = time.perf_counter()
    subprocess.run(
        [POLYAXON, "run", "-f", str(file)],
        env=environment(home or f"{directory}/home"),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def processes(size: Size, table: Table) -> float:
    """Part b; returns make's seconds."""
    text, single = dag_text(size.fan, lambda _: []), dag_text(1, lambda _: [])
    ours, make, start = [], [], []
    for _ in range(size.repeats):
        make.append(flow_peers.run(flow_peers.PEERS[0], size.fan))
        ours.append(command(text))
        start.append(command(single))
    mine, theirs = median(ours), median(make)
    best = min(ours) / min(make)
    print(
        f"{size.fan} processes: polyaxon {mine:.2f} s ({min(ours):.2f} to {max(ours):.2f}), of which starting with one "
        f"operation {median(start):.2f} s; make {theirs:.2f} s ({min(make):.2f} to {max(make):.2f}): "
        f"{mine / theirs:.1f}×, best over best {best:.1f}×"
    )
    table.add(f"b  {size.fan} processes", f"{mine:.2f} s", f"make {theirs:.2f} s", _ratio(mine, theirs, 4.0))
    return theirs


def peers(make: float | None, table: Table) -> None:
    """Part p. The last make is the one beside the peers."""
    for found in flow_peers.rows():
        make = found.wall if found.name == "make" else make
        beside = f"{found.scaled / make:.1f}×" if make and not found.skipped else f"skipped: {found.skipped}"
        scaled = f" (scaled from {found.operations})" if found.operations < flow_peers.FAN else ""
        table.add(f"p  {found.name}", f"{found.scaled:.2f} s{scaled}" if not found.skipped else "–", "make", beside)


# Parts c and d


def cached(size: Size, table: Table) -> None:
    """Part c."""
    text, walls, commands = dag_text(size.fan, lambda _: [], cached=True), [], []
    with tempfile.TemporaryDirectory() as home:
        for attempt in range(size.repeats + 1):
            began = time.perf_counter()
            with open_home(home, FakeRuntime, SLOTS) as local:
                root = submit(local, text)
                loaded = time.perf_counter()
                local.drive([root], adopt=False)
                hits = sum(run.cloning_kind == "cache" for run in local.store.children(root))
            ended = time.perf_counter()
            assert hits == (size.fan if attempt else 0), hits
            loading = f"loading {loaded - began:.2f} s"
            print(f"{'again' if attempt else 'first'}: {hits} from the cache, {ended - began:.2f} s, {loading}")
            walls += [ended - began] if attempt else []
        # As a person does it.
        for _ in range(size.repeats):
            commands.append(command(text, home))
            assert cached_runs(home) == size.fan * (len(walls) + len(commands)), "not everything came from the cache"
    wall, whole, budget = median(walls), median(commands), 0.7 * size.fan / 1_000
    print(f"the whole command, again: {whole:.2f} s")
    for how, took in (("in a warm process", wall), ("the whole command", whole)):
        table.add(f"c  cached {size.fan}, {how}", f"{took:.2f} s", f"{budget:.2f} s", _ratio(took, budget, 1.0))


def cached_runs(home: str) -> int:
    """Count the runs of a home that were served from the cache."""
    with open_home(home) as local:
        roots = local.store.list(None, "pipeline:nil", "", 1_000, 0, datetime.now(UTC)).runs
        return sum(run.cloning_kind == "cache" for root in roots for run in local.store.children(root.uuid))


class Timed(FakeRuntime):
    """Attempts succeed as soon as they begin; when the first began is remembered."""

    began_at = 0.0

    def start_now(self, plan: LaunchPlan, attempt: int, *turn: Any) -> None:
        self.began_at = self.began_at or time.perf_counter()
        super().start_now(plan, attempt, *turn)


def latencies(samples: int) -> Iterator[float]:
    """Milliseconds from submission to start in a warm process: the run is new."""
    with tempfile.TemporaryDirectory() as home:
        for _ in range(samples):
            runtime = Timed()
            with open_home(home, lambda: runtime) as local:  # noqa: B023 - called at once
                began = time.perf_counter()
                local.drive([submit(local, ONE)], adopt=False)
                yield (runtime.began_at - began) * 1e3


def latency(size: Size, table: Table) -> None:
    """Part d."""
    starts = list(latencies(size.samples))[1:]  # the first one imports
    p50, p99 = median(starts), quantiles(starts, n=100)[98]
    print(f"submit to start, {len(starts)} times: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    table.add("d  submit to start, p50 / p99", f"{p50:.1f} / {p99:.1f} ms", "", "")


def _met(good: bool) -> str:
    return "within" if good else "OVER BUDGET"


def _ratio(ours: float, theirs: float, budget: float) -> str:
    return f"{ours / theirs:.2f}× (budget {budget:.0f}×): {_met(ours / theirs <= budget)}"


def main(arguments: Sequence[str]) -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, one repetition")
    parser.add_argument("parts", nargs="*", metavar="part", help="a b c d p")
    asked = parser.parse_args(arguments)
    size, table = (QUICK if asked.quick else Size()), Table()
    parts = asked.parts or ["a", "b", "c", "d", *([] if asked.quick else ["p"])]
    make = None
    for part in parts:
        print(f"\n== {part}")
        if part == "b":
            make = processes(size, table)
        elif part == "p":
            peers(make, table)
        else:
            {"a": decided, "c": cached, "d": latency}[part](size, table)
    table.show()


if __name__ == "__main__":
    main(sys.argv[1:])
