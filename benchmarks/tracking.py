"""How much tracking costs training: the import, one `log_metric`, the writing behind it, reading it all back.

    python benchmarks/tracking.py [--events 200000] [--beside COMMAND]

`--beside` runs another program in the same minute and prints its output below (a peer's own loop, say). Figures are the
best of several rounds: the machine's noise only adds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
ROUNDS = 5
BUDGETS = {"import": 30.0, "log_metric": 5.0}


def start_seconds(code: str) -> float:
    """The best time of an interpreter that runs the code."""
    best = float("inf")
    for _ in range(ROUNDS * 2):
        before = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, check=True)
        best = min(best, time.perf_counter() - before)
    return best


def log_seconds(events: int) -> tuple[float, float, float]:
    """Seconds of calls, of calls and all writing, and of the longest single call, over one run of events."""
    from polyaxon.tracking import Run

    with tempfile.TemporaryDirectory() as directory:
        os.environ["POLYAXON_RUN_ARTIFACTS_PATH"] = directory
        run = Run(track_env=False)
        log, clock, longest = run.log_metric, time.perf_counter, 0.0
        before = clock()
        for step in range(events):
            log("loss", 0.5, step)
        called = clock() - before
        run._writer.flush()
        written = clock() - before
        for step in range(1000):
            start = clock()
            log("loss", 0.5, step)
            longest = max(longest, clock() - start)
        run.end()
    return called, written, longest


def read_seconds(events: int) -> float:
    """Seconds to read a metric of so many events from its file."""
    from polyaxon.tracking import Run
    from polyaxon.tracking.metrics import read_metrics

    with tempfile.TemporaryDirectory() as directory:
        os.environ["POLYAXON_RUN_ARTIFACTS_PATH"] = directory
        run = Run(track_env=False)
        for step in range(events):
            run.log_metric("loss", 0.5, step)
        run.end()
        before = time.perf_counter()
        assert len(read_metrics(directory).points["loss"]) == events
        return time.perf_counter() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--beside", help="a shell command to run in the same minute")
    options = parser.parse_args()
    os.environ.update({"POLYAXON_IS_MANAGED": "true", "POLYAXON_RUN_INSTANCE": f"a.b.runs.{'0' * 32}"})
    sys.path.insert(0, str(SOURCE))

    bare = start_seconds("pass")
    imported = {
        name: (start_seconds(f"import {name}") - bare) * 1e3 for name in ("polyaxon.tracking", "polyaxon.client")
    }
    rounds = [log_seconds(options.events) for _ in range(ROUNDS)]
    called, written, longest = (min(figures) for figures in zip(*rounds, strict=True))
    print(f"Python {sys.version.split()[0]}, {options.events} events, best of {ROUNDS}")
    print(f"import polyaxon.tracking   {imported['polyaxon.tracking']:8.1f} ms   (budget {BUDGETS['import']:g})")
    print(f"import polyaxon.client     {imported['polyaxon.client']:8.1f} ms")
    print(f"log_metric, the call       {called / options.events * 1e6:8.2f} us   (budget {BUDGETS['log_metric']:g})")
    print(f"log_metric, until on disk  {written / options.events * 1e6:8.2f} us   ({options.events / written:,.0f}/s)")
    print(f"log_metric, longest of 1000{longest * 1e6:8.1f} us")
    print(f"reading back               {read_seconds(options.events) / options.events * 1e6:8.2f} us per event")
    if options.beside:
        sys.stdout.flush()
        subprocess.run(options.beside, shell=True, check=True)


if __name__ == "__main__":
    main()
