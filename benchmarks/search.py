"""How good and how fast are the searches? Regret on known functions, beside Optuna and hyperopt in the same run.

    python benchmarks/search.py [--quick] [--seeds N] [--first-seed N] [--only bayes|tpe|halving]
                                [--methods TEXT] [--problems NAME,…] [--save FILE]

Peers that are not installed are skipped, and the tables say so. Every method gets the same budget and as many
random first trials. Regret is the best value found minus the optimum, the median over seeds; ranks are per
(problem, seed), averaged. TPE's widths were once chosen on the first seven problems with seeds 0 to 9: the held-out
problems were never looked at for a choice, and `--first-seed` gives other seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported: small matrices, few cores

from search_methods import halving_run, hyperopt_run, missing, optuna_run, ours, plain_bayes, policy_run, pruner_run
from search_problems import HELD_OUT, TABLE, Table, problems

PROBLEMS = problems()
BAYES: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "polyaxon bayes": ((), ours("bayes")),
    "optuna GPSampler": (
        ("optuna", "torch"),
        optuna_run(lambda optuna, seed: optuna.samplers.GPSampler(seed=seed), False),
    ),
    "plain bayes": (("sklearn",), plain_bayes),
    "random": ((), ours("random")),
}
TPE: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "polyaxon tpe": ((), ours("tpe")),
    "optuna TPE": (("optuna",), optuna_run(lambda optuna, seed: optuna.samplers.TPESampler(seed=seed), True)),
    "optuna TPE multivariate": (
        ("optuna",),
        optuna_run(lambda optuna, seed: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True), True),
    ),
    "hyperopt": (("hyperopt",), hyperopt_run),
    "random": ((), ours("random")),
}


HALVING: dict[str, tuple[tuple[str, ...], Callable[[Table, int, int], float]]] = {
    "polyaxon hyperband": ((), halving_run("hyperband")),
    "polyaxon asha": ((), halving_run("asha")),
    "polyaxon tpe + median": ((), policy_run("tpe", {"kind": "median", "minInterval": 3, "minSamples": 5})),
    "optuna hyperband": (("optuna",), pruner_run(lambda optuna: optuna.pruners.HyperbandPruner(1, 27, 3))),
    "optuna asha": (("optuna",), pruner_run(lambda optuna: optuna.pruners.SuccessiveHalvingPruner(1, 3))),
    "optuna median": (("optuna",), pruner_run(lambda optuna: optuna.pruners.MedianPruner())),
}


def compare_halving(seeds: range, budgets: tuple[int, ...]) -> None:
    """Regret of the best loss seen at equal total epochs, on the table."""
    table = Table.load()
    optimum = min(min(curve) for curve in table.curves)
    usable: dict[str, Callable[[Table, int, int], float]] = {}
    for method, (needs, run) in HALVING.items():
        reason = missing(*needs)
        if reason:
            print(f"skipped {method}: {reason}")
        else:
            usable[method] = run
    print(
        f"\nHalving on the table: regret of the best loss at equal epochs, seeds {seeds[0]} to {seeds[-1]} "
        "(median, mean, mean rank)"
    )
    for budget in budgets:
        outcome = {method: [run(table, seed, budget) - optimum for seed in seeds] for method, run in usable.items()}
        print(f"  {budget} epochs")
        for method, regrets in outcome.items():
            ranks = [
                sum(other[seed] < regrets[seed] for other in outcome.values())
                + (sum(other[seed] == regrets[seed] for other in outcome.values()) + 1) / 2
                for seed in range(len(seeds))
            ]
            print(
                f"    {method:24s}{statistics.median(regrets):10.4f}{statistics.mean(regrets):10.4f}"
                f"{statistics.mean(ranks):8.2f}"
            )


def compare(
    title: str,
    methods: dict[str, Any],
    seeds: range,
    budgets: tuple[int, ...],
    saved: dict[str, Any],
    save: Callable[[], None],
) -> None:
    """Run every method on every problem and print medians and mean ranks; runs in `saved` are not repeated."""
    runs: dict[str, dict[str, list[list[float]]]] = {}
    speeds: dict[str, list[float]] = {}
    for method, (needs, run) in methods.items():
        reason = missing(*needs)
        if reason:
            print(f"skipped {method}: {reason}")
            continue
        stored = saved.setdefault(method, {"runs": {}, "seconds": []})
        for problem in PROBLEMS:
            kept = stored["runs"].setdefault(problem.name, {})
            for seed in seeds:
                if str(seed) in kept and len(kept[str(seed)]) >= max(budgets):
                    continue
                values, seconds = run(problem, seed, max(budgets))
                kept[str(seed)] = [min(values[: place + 1]) - problem.optimum for place in range(len(values))]
                stored["seconds"].append(statistics.median(seconds[-10:]))
                save()
        runs[method] = {p.name: [stored["runs"][p.name][str(seed)] for seed in seeds] for p in PROBLEMS}
        speeds[method] = stored["seconds"]
    for budget in budgets:
        _table(f"{title}: median regret after {budget} trials, seeds {seeds[0]} to {seeds[-1]}", runs, budget)
    print("\nmilliseconds of CPU per suggestion at the end of the budget (median)")
    for method, seconds in speeds.items():
        print(f"  {method:26s}{1e3 * statistics.median(seconds):10.2f}")


def _table(title: str, runs: dict[str, dict[str, list[list[float]]]], budget: int) -> None:
    """Medians and mean ranks, of the problems that choices were made on and of the others."""
    methods = list(runs)
    held_out = {problem.name for problem in HELD_OUT}
    names = [problem.name for problem in PROBLEMS]
    ranks: dict[str, dict[str, list[float]]] = {method: {} for method in methods}
    print(f"\n{title}\n  {'':14s}" + "".join(f"{method:>26s}" for method in methods))
    for name in names:
        final = {m: [regrets[budget - 1] for regrets in runs[m][name]] for m in methods}
        print(f"  {name:14s}" + "".join(f"{statistics.median(final[m]):26.4g}" for m in methods))
        for values in zip(*final.values(), strict=True):
            for method, value in zip(methods, values, strict=True):
                below, equal = sum(v < value for v in values), sum(v == value for v in values)
                ranks[method].setdefault(name, []).append(below + (equal + 1) / 2)
    groups = [("mean rank", names), ("  held-out", [name for name in names if name in held_out] or names)]
    for label, group in groups:
        means = [statistics.mean([rank for name in group for rank in ranks[m][name]]) for m in methods]
        print(f"  {label:14s}" + "".join(f"{mean:26.2f}" for mean in means))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 seeds and 50 trials")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--methods", default="", help="only methods whose name has this text")
    parser.add_argument("--problems", default="", help="only these, with commas")
    parser.add_argument("--only", choices=["bayes", "tpe", "halving"])
    parser.add_argument("--save", type=Path, help="keep the runs here and reuse those already there")
    options = parser.parse_args()
    count = options.seeds or (3 if options.quick else 10)
    seeds = range(options.first_seed, options.first_seed + count)
    for methods in (BAYES, TPE, HALVING):
        for name in [name for name in methods if options.methods not in name]:
            del methods[name]
    budgets = (50,) if options.quick else (50, 100)
    saved = json.loads(options.save.read_text()) if options.save and options.save.exists() else {}

    if options.problems:
        wanted = options.problems.split(",")
        PROBLEMS[:] = [problem for problem in PROBLEMS if problem.name in wanted]

    def save() -> None:
        if options.save:
            options.save.write_text(json.dumps(saved))

    if not TABLE.exists():
        print(f"skipped problem table: {TABLE.name} is missing (build it with benchmarks/search_table.py)")
    if options.only in (None, "bayes"):
        compare("Gaussian processes", BAYES, seeds, budgets, saved.setdefault("bayes", {}), save)
    if options.only in (None, "tpe"):
        compare("Parzen estimators", TPE, seeds, budgets, saved.setdefault("tpe", {}), save)
    if options.only in (None, "halving") and TABLE.exists():
        more = seeds if options.quick else range(seeds[0], seeds[0] + max(count, 20))
        compare_halving(more, (357,) if options.quick else (357, 714))


if __name__ == "__main__":
    sys.exit(main())
