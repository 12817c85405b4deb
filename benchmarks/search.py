"""How good and how fast are the searches? Regret on known functions, beside Optuna and hyperopt in the same run.

    python benchmarks/search.py [--quick] [--seeds N] [--only bayes|tpe|halving] [--save FILE]

Peers that are not installed are skipped, and the tables say so. Every method gets the same budget and as many
random first trials. Regret is the best value found minus the optimum, the median over seeds; ranks are per
(problem, seed), averaged.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported: small matrices, few cores

from polyaxon.search import Optimizer, Trial
from polyaxon.search.space import Parameter, parse_space

TABLE = Path(__file__).with_name("search_table.json")
Params = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A function to minimize; `active` names the parameters that matter for given params."""

    name: str
    space: dict[str, dict[str, Any]]
    function: Callable[[Params], float]
    optimum: float
    parent: str | None = None
    children: dict[str, tuple[str, ...]] | None = None


def _box(low: float, high: float, dimensions: int) -> dict[str, dict[str, Any]]:
    return {f"x{place}": {"kind": "uniform", "value": [low, high]} for place in range(dimensions)}


def _branin(p: Params) -> float:
    x, y = p["x"], p["y"]
    bend = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


_H_A = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
_H_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def _hartmann6(p: Params) -> float:
    x = list(p.values())
    total = 0.0
    for height, widths, centre in zip((1.0, 1.2, 3.0, 3.2), _H_A, _H_P, strict=True):
        total -= height * math.exp(-sum(a * (v - c) ** 2 for a, v, c in zip(widths, x, centre, strict=True)))
    return total


def _ackley(p: Params) -> float:
    x = list(p.values())
    radius = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(math.cos(2 * math.pi * v) for v in x) / len(x)
    return -20 * math.exp(-0.2 * radius) - math.exp(waves) + 20 + math.e


def _rosenbrock(p: Params) -> float:
    x = list(p.values())
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def _levy(p: Params) -> float:
    w = [1 + (v - 1) / 4 for v in p.values()]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    return math.sin(math.pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)


def _conditional(p: Params) -> float:
    """Three learners, each with settings of its own; the second one tuned well is the best."""
    if p["model"] == "trees":
        return 0.15 + 0.004 * (p["depth"] - 7) ** 2 + 0.3 * (p["subsample"] - 0.8) ** 2
    rate = math.log10(p["rate"])
    if p["model"] == "linear":
        return 0.30 + 0.05 * (rate + 2.5) ** 2
    width = math.log2(p["width"])
    return 0.10 + 0.06 * (rate + 3.0) ** 2 + 0.02 * (width - 6) ** 2 + 0.4 * abs(p["dropout"] - 0.2)


CONDITIONAL: dict[str, dict[str, Any]] = {
    "model": {"kind": "choice", "value": ["linear", "net", "trees"]},
    "rate": {"kind": "loguniform", "value": [math.log(1e-5), math.log(1.0)]},
    "width": {"kind": "choice", "value": [8, 16, 32, 64, 128, 256, 512]},
    "dropout": {"kind": "uniform", "value": [0.0, 0.8]},
    "depth": {"kind": "range", "value": [1, 16, 1]},
    "subsample": {"kind": "uniform", "value": [0.2, 1.0]},
}
CHILDREN = {
    "linear": ("rate",),
    "net": ("rate", "width", "dropout"),
    "trees": ("depth", "subsample"),
}


def problems() -> list[Problem]:
    """The seven problems; the table is left out when its file is missing."""
    found = [
        Problem(
            "branin",
            {"x": {"kind": "uniform", "value": [-5, 10]}, "y": {"kind": "uniform", "value": [0, 15]}},
            _branin,
            0.39788735772973816,
        ),
        Problem("hartmann6", _box(0, 1, 6), _hartmann6, -3.322368011415515),
        Problem("ackley5", _box(-32.768, 32.768, 5), _ackley, 0.0),
        Problem("rosenbrock4", _box(-5, 10, 4), _rosenbrock, 0.0),
        Problem("levy8", _box(-10, 10, 8), _levy, 0.0),
        Problem("conditional", CONDITIONAL, _conditional, 0.10, "model", CHILDREN),
    ]
    if TABLE.exists():
        table = Table.load()
        found.append(Problem("table", table.space, lambda p: table.curve(p)[-1], table.best))
    return found


@dataclass(frozen=True)
class Table:
    """Validation losses per epoch of a real network at every point of a grid, measured once (search_table.py)."""

    space: dict[str, dict[str, Any]]
    curves: list[list[float]]

    @classmethod
    def load(cls) -> Table:
        stored = json.loads(TABLE.read_text())
        return cls(stored["space"], [[value / 1e4 for value in curve] for curve in stored["curves"]])

    @property
    def best(self) -> float:
        return min(curve[-1] for curve in self.curves)

    @property
    def epochs(self) -> int:
        return len(self.curves[0])

    def curve(self, params: Params) -> list[float]:
        place = 0
        for name, spec in self.space.items():
            place = place * len(spec["value"]) + spec["value"].index(params[name])
        return self.curves[place]


# --- our searches and the peers, all as: (problem, seed, budget) → values in order, seconds per suggestion ---


def ours(kind: str, **settings: Any) -> Callable[[Problem, int, int], tuple[list[float], list[float]]]:
    def run(problem: Problem, seed: int, budget: int) -> tuple[list[float], list[float]]:
        optimizer = Optimizer(problem.space, kind, seed=seed, **settings)
        values: list[float] = []
        seconds: list[float] = []
        for _ in range(budget):
            started = time.perf_counter()
            trial = optimizer.ask()
            seconds.append(time.perf_counter() - started)
            values.append(problem.function(dict(trial.params)))
            optimizer.tell(trial, values[-1])
        return values, seconds

    return run


def optuna_run(make: Callable[[Any, int], Any], conditional: bool) -> Callable[..., Any]:
    def run(problem: Problem, seed: int, budget: int) -> tuple[list[float], list[float]]:
        optuna = importlib.import_module("optuna")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        parameters = {p.name: p for p in parse_space(problem.space).parameters}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study(sampler=make(optuna, seed))
            values: list[float] = []
            seconds: list[float] = []
            for _ in range(budget):
                started = time.perf_counter()
                trial = study.ask()
                params = _asked(trial, problem, parameters, conditional)
                seconds.append(time.perf_counter() - started)
                values.append(problem.function(params))
                study.tell(trial, values[-1])
        return values, seconds

    return run


def _asked(trial: Any, problem: Problem, parameters: dict[str, Parameter], conditional: bool) -> Params:
    names = list(parameters)
    if conditional and problem.parent and problem.children:
        chosen = _suggested(trial, parameters[problem.parent])
        names = [problem.parent, *problem.children[chosen]]
        return {problem.parent: chosen, **{n: _suggested(trial, parameters[n]) for n in names[1:]}}
    return {name: _suggested(trial, parameters[name]) for name in names}


def _suggested(trial: Any, parameter: Parameter) -> Any:
    """The peer's most favourable wording of a parameter: numbers stay ordered."""
    if parameter.levels is None:
        low, high = parameter.real.bounds
        return trial.suggest_float(parameter.name, low, high, log=parameter.real.log)
    if not parameter.ordered:
        return trial.suggest_categorical(parameter.name, [parameter.levels[i] for i in range(len(parameter.levels))])
    return parameter.levels[trial.suggest_int(parameter.name, 0, len(parameter.levels) - 1)]


def hyperopt_run(problem: Problem, seed: int, budget: int) -> tuple[list[float], list[float]]:
    import numpy as np

    hyperopt = importlib.import_module("hyperopt")
    parameters = {p.name: p for p in parse_space(problem.space).parameters}

    def wording(parameter: Parameter) -> Any:
        hp = hyperopt.hp
        if parameter.levels is None:
            law = parameter.real
            return (hp.loguniform if law.log else hp.uniform)(parameter.name, law.first, law.second)
        levels = [parameter.levels[i] for i in range(len(parameter.levels))]
        if not parameter.ordered:
            return hp.choice(parameter.name, levels)
        return hp.quniform(parameter.name, -0.5, len(levels) - 0.5, 1)

    def objective(point: Params) -> float:
        params = {}
        for name, value in point.items():
            parameter = parameters[name]
            if parameter.levels is not None and parameter.ordered:
                value = parameter.levels[int(min(len(parameter.levels) - 1, max(0, round(value))))]
            params[name] = value
        values.append(problem.function(params))
        return values[-1]

    values: list[float] = []
    started = time.perf_counter()
    hyperopt.fmin(
        objective,
        {name: wording(parameter) for name, parameter in parameters.items()},
        algo=hyperopt.tpe.suggest,
        max_evals=budget,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return values, [(time.perf_counter() - started) / budget]


def missing(*modules: str) -> str | None:
    """Why a peer cannot take part, None when it can."""
    for module in modules:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - a broken peer is skipped like a missing one
            return f"{module} does not import here ({type(error).__name__}: {error})"
    return None


BAYES: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "polyaxon bayes": ((), ours("bayes")),
    "optuna GPSampler": (
        ("optuna", "torch"),
        optuna_run(lambda optuna, seed: optuna.samplers.GPSampler(seed=seed), False),
    ),
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


# --- budgets in epochs: the table is trained epoch by epoch, and what is stopped early costs less ---


def halving_run(kind: str, **settings: Any) -> Callable[[Table, int, int], float]:
    """Our searches of the halving family; a promoted trial continues where its origin stopped."""

    def run(table: Table, seed: int, epochs: int) -> float:
        best, spent, turn = math.inf, 0, 0
        known: list[Trial] = []
        while spent < epochs:
            optimizer = Optimizer(
                table.space,
                kind,
                seed=seed + 1000 * turn,
                maxIterations=table.epochs,
                eta=3,
                resume=True,
                resource={"name": "epochs", "type": "int"},
                known=known,
                **settings,
            )
            turn += 1
            while spent < epochs and not optimizer.done:
                trial = optimizer.ask()
                until = int(trial.params["epochs"])
                done = 0 if trial.origin is None else int(optimizer.trials[trial.origin].params["epochs"])
                until = min(until, done + epochs - spent)
                curve = table.curve({name: trial.params[name] for name in table.space})[:until]
                spent += until - done
                best = min(best, *curve)
                optimizer.tell(trial, curve[-1])
            known += optimizer.trials
        return best

    return run


def policy_run(kind: str, pruning: Params) -> Callable[[Table, int, int], float]:
    """Our searches with a stopping policy."""

    def run(table: Table, seed: int, epochs: int) -> float:
        best, spent = math.inf, 0
        optimizer = Optimizer(table.space, kind, seed=seed, pruning=pruning)
        while spent < epochs and not optimizer.done:
            trial = optimizer.ask()
            value = math.inf
            for step, value in enumerate(table.curve(dict(trial.params))[: epochs - spent], 1):
                spent += 1
                best = min(best, value)
                if optimizer.report(trial, step, value):
                    break
            optimizer.tell(trial, value)
        return best

    return run


def pruner_run(make: Callable[[Any], Any]) -> Callable[[Table, int, int], float]:
    """Optuna's pruners under its own TPE."""

    def run(table: Table, seed: int, epochs: int) -> float:
        optuna = importlib.import_module("optuna")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        parameters = parse_space(table.space).parameters
        best, spent = math.inf, 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=make(optuna))
            while spent < epochs:
                trial = study.ask()
                state, value = optuna.trial.TrialState.COMPLETE, math.inf
                params = {parameter.name: _suggested(trial, parameter) for parameter in parameters}
                for step, value in enumerate(table.curve(params)[: epochs - spent], 1):
                    spent += 1
                    best = min(best, value)
                    trial.report(value, step)
                    if trial.should_prune():
                        state = optuna.trial.TrialState.PRUNED
                        break
                study.tell(trial, None if state is optuna.trial.TrialState.PRUNED else value, state=state)
        return best

    return run


HALVING: dict[str, tuple[tuple[str, ...], Callable[[Table, int, int], float]]] = {
    "polyaxon hyperband": ((), halving_run("hyperband")),
    "polyaxon asha": ((), halving_run("asha")),
    "polyaxon tpe + median": ((), policy_run("tpe", {"kind": "median", "minInterval": 3, "minSamples": 5})),
    "optuna hyperband": (("optuna",), pruner_run(lambda optuna: optuna.pruners.HyperbandPruner(1, 27, 3))),
    "optuna asha": (("optuna",), pruner_run(lambda optuna: optuna.pruners.SuccessiveHalvingPruner(1, 3))),
    "optuna median": (("optuna",), pruner_run(lambda optuna: optuna.pruners.MedianPruner())),
}


def compare_halving(seeds: int, budgets: tuple[int, ...]) -> None:
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
    print(f"\nHalving on the table: regret of the best loss at equal epochs, {seeds} seeds (median, mean, mean rank)")
    for budget in budgets:
        outcome = {
            method: [run(table, seed, budget) - optimum for seed in range(seeds)] for method, run in usable.items()
        }
        print(f"  {budget} epochs")
        for method, regrets in outcome.items():
            ranks = [
                sum(other[seed] < regrets[seed] for other in outcome.values())
                + (sum(other[seed] == regrets[seed] for other in outcome.values()) + 1) / 2
                for seed in range(seeds)
            ]
            print(
                f"    {method:24s}{statistics.median(regrets):10.4f}{statistics.mean(regrets):10.4f}"
                f"{statistics.mean(ranks):8.2f}"
            )


def compare(title: str, methods: dict[str, Any], seeds: int, budgets: tuple[int, ...], saved: dict[str, Any]) -> None:
    """Run every method on every problem and print medians and mean ranks."""
    runs: dict[str, dict[str, list[list[float]]]] = {}
    speeds: dict[str, list[float]] = {}
    for method, (needs, run) in methods.items():
        reason = missing(*needs)
        if reason:
            print(f"skipped {method}: {reason}")
            continue
        stored = saved.get(method)
        if stored is not None and all(len(values) >= seeds for values in stored["runs"].values()):
            runs[method], speeds[method] = stored["runs"], stored["seconds"]
            continue
        runs[method], speeds[method] = {}, []
        for problem in problems():
            outcome = [run(problem, seed, max(budgets)) for seed in range(seeds)]
            runs[method][problem.name] = [
                [min(values[: place + 1]) - problem.optimum for place in range(len(values))] for values, _ in outcome
            ]
            speeds[method] += [statistics.median(seconds[-10:]) for _, seconds in outcome]
        saved[method] = {"runs": runs[method], "seconds": speeds[method]}
    for budget in budgets:
        _table(f"{title}: median regret after {budget} trials, {seeds} seeds", runs, budget, seeds)
    print("\nmilliseconds per suggestion at the end of the budget (median)")
    for method, seconds in speeds.items():
        print(f"  {method:26s}{1e3 * statistics.median(seconds):10.2f}")


def _table(title: str, runs: dict[str, dict[str, list[list[float]]]], budget: int, seeds: int) -> None:
    methods = list(runs)
    names = [problem.name for problem in problems()]
    ranks: dict[str, list[float]] = {method: [] for method in methods}
    print(f"\n{title}\n  {'':14s}" + "".join(f"{method:>26s}" for method in methods))
    for name in names:
        final = {m: [runs[m][name][seed][budget - 1] for seed in range(seeds)] for m in methods}
        print(f"  {name:14s}" + "".join(f"{statistics.median(final[m]):26.4g}" for m in methods))
        for seed in range(seeds):
            values = [final[method][seed] for method in methods]
            for method, value in zip(methods, values, strict=True):
                below, equal = sum(v < value for v in values), sum(v == value for v in values)
                ranks[method].append(below + (equal + 1) / 2)
    print(f"  {'mean rank':14s}" + "".join(f"{statistics.mean(ranks[m]):26.2f}" for m in methods))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 seeds and 50 trials")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--only", choices=["bayes", "tpe", "halving"])
    parser.add_argument("--save", type=Path, help="keep the runs here and reuse those already there")
    options = parser.parse_args()
    seeds = options.seeds or (3 if options.quick else 10)
    budgets = (50,) if options.quick else (50, 100)
    saved = json.loads(options.save.read_text()) if options.save and options.save.exists() else {}
    if not TABLE.exists():
        print(f"skipped problem table: {TABLE.name} is missing (build it with benchmarks/search_table.py)")
    if options.only in (None, "bayes"):
        compare("Gaussian processes", BAYES, seeds, budgets, saved.setdefault("bayes", {}))
    if options.only in (None, "tpe"):
        compare("Parzen estimators", TPE, seeds, budgets, saved.setdefault("tpe", {}))
    if options.only in (None, "halving") and TABLE.exists():
        compare_halving(seeds if options.quick else max(seeds, 20), (357,) if options.quick else (357, 714))
    if options.save:
        options.save.write_text(json.dumps(saved))


if __name__ == "__main__":
    sys.exit(main())
