"""What deciding costs, without store, scheduler or runtime: `python benchmarks/engine.py [size …]`.

Per shape and size: CPU time of the engine's own decisions per operation, of the compiler's part in them, memory per
operation beyond the operations as loaded, and the longest single decision. CPU time of this thread: other work on
the machine shows less. Budget: ≤ 150 µs of engine per operation, flat up to 100 000 operations, ≤ 1 KB.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from polyaxon.engine import Flow, Queue, World, compilation, decide
from polyaxon.engine.commands import Dequeue, Enqueue, Fetch, Start
from polyaxon.engine.events import Admitted, Adopted, CacheHit, Event, Fetched, Observed
from polyaxon.engine.submit import submit
from polyaxon.model.ids import RunId
from polyaxon.model.launch import Places
from polyaxon.model.observation import Observation, Phase

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ROOT = RunId("0" * 32)
PLACES = Places("/context", "/context/artifacts", "/store/run", "/store/run/outputs", "/store")
COMPILER = (
    *("compile_plain", "compile_use", "launch_plan", "plan_like", "cache_key", "needs", "dag_graph"),
    *("child_operation", "row_fields"),
)


class Compiling:
    """Adds up the time spent in the compiler."""

    def __init__(self) -> None:
        self.seconds = 0.0
        for name in COMPILER:
            setattr(compilation, name, self._timed(getattr(compilation, name)))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            begun = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.thread_time() - begun

        return timed


def dag(size: int, upstream: Callable[[int], int | None]) -> dict[str, Any]:
    """A dag of `size` equal jobs."""
    operations: list[dict[str, Any]] = []
    for number in range(size):
        before = upstream(number)
        waits = {} if before is None else {"dependencies": [f"op{before}"]}
        operations.append({"name": f"op{number}", "dagRef": "work", **waits})
    work = {"name": "work", "run": {"kind": "job", "container": {"image": "x", "command": ["true"]}}}
    return {"component": {"run": {"kind": "dag", "operations": operations, "components": [work]}}}


def grid(size: int) -> dict[str, Any]:
    """A search of `size` points, eight at a time."""
    container = {"image": "x", "command": ["true", "{{ x }}"]}
    component = {"inputs": [{"name": "x", "type": "int"}], "run": {"kind": "job", "container": container}}
    space = {"x": {"kind": "range", "value": [0, size, 1]}}
    return {"component": component, "matrix": {"kind": "grid", "concurrency": 8, "params": space}}


def shapes(size: int) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "fan", dag(size, lambda _: None)
    yield "chain", dag(size, lambda number: number - 1 if number else None)
    yield "tree", dag(size, lambda number: number // 2 if number else None)
    yield "grid", grid(size)


def drive(flow: Flow) -> tuple[float, float]:
    """Run the flow to its end in a world that answers at once; seconds of deciding, and the longest decision."""
    queue, inbox, spent, longest = Queue(), deque[Event]([Adopted()]), 0.0, 0.0
    while inbox:
        event = inbox.popleft()
        begun = time.thread_time()
        decision = decide(flow, event, NOW)
        took = time.thread_time() - begun
        spent, longest = spent + took, max(longest, took)
        for command in decision.commands:
            if isinstance(command, Start):
                run, attempt = command.plan.run, command.attempt
                inbox.append(Observed(Observation(run, attempt, Phase.RUNNING, NOW)))
                inbox.append(Observed(Observation(run, attempt, Phase.SUCCEEDED, NOW, 0)))
            elif isinstance(command, Enqueue):
                queue.enqueue(command)
            elif isinstance(command, Dequeue):
                queue.dequeue(command.run)
            elif isinstance(command, Fetch):
                inbox.append(Fetched(command.run, cache=CacheHit(None)))
        inbox.extend(Admitted(run) for run in queue.admit())
    assert flow.root.status == "succeeded", flow.root.status
    return spent, longest


def load(raw: Mapping[str, Any]) -> Flow:
    run, _ = submit({"version": 1.1, "kind": "operation", **raw}, ROOT, "default", NOW)
    return Flow.load([run], World(places=lambda _: PLACES))


def kilobytes(raw: Mapping[str, Any], size: int) -> float:
    """What the finished flow holds per operation, beyond the operations as they were loaded."""
    tracemalloc.start()
    flow = load(raw)
    before = tracemalloc.get_traced_memory()[0]
    drive(flow)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown / size / 1024


def main(sizes: list[int]) -> None:
    compiling = Compiling()
    print("shape        size   engine µs/op   compiler µs/op   KB/op   longest ms")
    for size in sizes:
        for name, raw in shapes(size):
            flow = load(raw)
            gc.collect()
            compiling.seconds = 0.0
            spent, longest = drive(flow)
            own, theirs = (spent - compiling.seconds) / size * 1e6, compiling.seconds / size * 1e6
            del flow
            held = f"{kilobytes(raw, size):7.1f}" if size <= 10_000 else "      –"
            print(f"{name:8} {size:8} {own:14.0f} {theirs:16.0f} {held} {longest * 1e3:12.0f}")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000, 10_000])
