"""How long does a suggestion take at trial 100? `python benchmarks/search_speed.py [--repeats N] [kind …]`.

A suggestion is a function of its history, so the same one is asked for again and again and the quickest time counts:
what else the machine does can only slow it down. CPU and wall clock are told apart; a search that has seen trial 98 is
told of trial 99, as in a running search. The goals are 30 ms for `bayes` and 2 ms for `tpe`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported: small matrices, few cores

from polyaxon.search import Optimizer
from search_problems import HELD_OUT, Problem, problems

GOALS = {"bayes": 30.0, "tpe": 2.0, "cmaes": 2.0}
SEEDS = range(2)
TRIALS = 100


def quickest(kind: str, problem: Problem, seed: int, repeats: int) -> tuple[float, float]:
    """Milliseconds of CPU and of the clock that suggestion number 100 takes at best."""
    optimizer = Optimizer(problem.space, kind, seed=seed)
    for _ in range(TRIALS - 1):
        trial = optimizer.ask()
        optimizer.tell(trial, problem.function(dict(trial.params)))
    history = optimizer.trials
    cpu, wall = [], []
    for _ in range(repeats):
        optimizer.search.suggest(history[:-1], seed, 1)
        begun = time.process_time(), time.perf_counter()
        optimizer.search.suggest(history, seed, 1)
        cpu.append(1e3 * (time.process_time() - begun[0]))
        wall.append(1e3 * (time.perf_counter() - begun[1]))
    return min(cpu), min(wall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=list(GOALS), metavar="kind", help=", ".join(GOALS))
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    for kind in asked.kinds:
        print(f"{kind}: milliseconds for suggestion {TRIALS} (goal: {GOALS.get(kind, 0):g})")
        found = []
        for problem in problems():
            if problem in HELD_OUT:
                continue
            times = [quickest(kind, problem, seed, asked.repeats) for seed in SEEDS]
            found += times
            cpu, wall = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"  {problem.name:14} CPU {cpu:7.2f}   wall {wall:7.2f}", flush=True)
        print("  median         CPU {:7.2f}   wall {:7.2f}".format(*map(statistics.median, zip(*found, strict=True))))
        print("  slowest        CPU {:7.2f}   wall {:7.2f}".format(*map(max, zip(*found, strict=True))))


if __name__ == "__main__":
    main()
