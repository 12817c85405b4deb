"""How busy does a search keep its workers? `python benchmarks/search_busy.py [--length TRIALSxMILLISECONDS] [kind …]`.

Each search runs its trials eight at a time on the runtime that plays attempts, with durable settings on. The busy share
is trials × length over eight workers for as long as the search went on. CPU is what this process used per trial, which
other work on the machine does not change; commits and suggestions are parts of the time between two trials.

A trial may start only when the decision to start it is on the disk; those of grid and random searches are committed a
little ahead. One process decides for all eight: 90 % of eight workers with trials of 1 ms would take 7 200 durable
trials a second. Longer trials show where 90 % begins.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flow import open_home, submit
from polyaxon.engine import matrix
from polyaxon.model.launch import LaunchPlan
from polyaxon.runtimes.fake import FakeRuntime, Play

CONCURRENCY = 8
LENGTHS = ("10000x1", "1000x10", "500x50", "300x100")
METRIC = {"name": "loss", "optimization": "minimize"}
LINE = {"kind": "linspace", "value": [0, 1, 1000]}
PARAMS = {"x": LINE, "y": LINE}
KINDS: dict[str, dict[str, Any]] = {
    "grid": {"params": PARAMS},
    "random": {"params": PARAMS, "seed": 1},
    "tpe": {"params": PARAMS, "seed": 1, "metric": METRIC},
}

SUGGEST = matrix._suggest


class Busy(FakeRuntime):
    """Plays attempts, and remembers when the first began and the last ended."""

    first = last = 0.0

    def start_now(self, plan: LaunchPlan, attempt: int, *turn: Any) -> None:
        self.first = self.first or time.perf_counter()
        super().start_now(plan, attempt, *turn)

    def _end(self, key: Any, phase: Any) -> None:
        self.last = time.perf_counter()
        super()._end(key, phase)


class Clocked:
    """A function that adds up how long its calls take."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.seconds = 0.0

    def __call__(self, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return self.function(*arguments)
        finally:
            self.seconds += time.perf_counter() - began


def text_of(kind: str, trials: int) -> str:
    """Return the file of one search."""
    search = {"kind": kind, "concurrency": CONCURRENCY, "numRuns": trials, **KINDS[kind]}
    return (
        f"version: 1.1\nkind: operation\nname: search\ncache: {{disable: true}}\nmatrix: {json.dumps(search)}\n"
        "component:\n"
        "  inputs: [{name: x, type: float}, {name: y, type: float}]\n"
        "  run: {kind: job, container: {image: x, command: [train], args: ['{{ x }}', '{{ y }}']}}\n"
    )


def measure(kind: str, trials: int, milliseconds: float) -> None:
    """Run one search and print its line."""
    play = Play(seconds=milliseconds / 1e3)
    runtime = Busy(lambda _plan, _attempt: play)
    suggesting = matrix._suggest = Clocked(SUGGEST)
    with tempfile.TemporaryDirectory() as home, open_home(home, lambda: runtime, CONCURRENCY) as local:
        root = submit(local, text_of(kind, trials))
        committing = Clocked(local.store.apply)
        local.store.apply = committing  # type: ignore[method-assign]
        cpu = time.process_time()
        status = local.drive([root], adopt=False)[root].status
        cpu = time.process_time() - cpu
        ended = local.store.list(None, "kind:job, status:succeeded", "created_at", 1, 0, datetime.now(UTC)).count
        assert (status, ended) == ("succeeded", trials), (status, ended)
    wall = runtime.last - runtime.first
    print(
        f"{kind:8} {trials:6} × {milliseconds:3g} ms: {wall:6.2f} s, "
        f"busy {trials * milliseconds / 1e3 / wall / CONCURRENCY:4.0%}, {trials / wall:5.0f} trials/s, "
        f"per trial: CPU {cpu / trials * 1e6:4.0f} µs, commits {committing.seconds / trials * 1e6:4.0f} µs, "
        f"suggestions {suggesting.seconds / trials * 1e6:4.0f} µs",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=["grid", "random"], metavar="kind", help=", ".join(KINDS))
    parser.add_argument("--length", action="append", metavar="TRIALSxMILLISECONDS", help=" ".join(LENGTHS))
    asked = parser.parse_args()
    for kind in asked.kinds:
        for length in asked.length or LENGTHS:
            trials, _, milliseconds = length.partition("x")
            measure(kind, int(trials), float(milliseconds))


if __name__ == "__main__":
    main()
