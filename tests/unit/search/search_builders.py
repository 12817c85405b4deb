"""Spaces, matrices and a scripted driver that the search tests share."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from polyaxon.search import Suggestion, Trial, TrialStatus
from polyaxon.search.contract import Search
from polyaxon.search.history import next_index

MIXED: dict[str, Any] = {
    "rate": {"kind": "loguniform", "value": [-9, 0]},
    "width": {"kind": "choice", "value": [8, 16, 32, 64]},
    "act": {"kind": "choice", "value": ["relu", "tanh", "gelu"]},
    "drop": {"kind": "quniform", "value": [0, 0.5, 0.1]},
    "noise": {"kind": "qnormal", "value": [0, 3, 0.5]},
    "opt": {"kind": "pchoice", "value": [["sgd", 0.3], ["adam", 0.7]]},
    "day": {"kind": "daterange", "value": ["2024-01-01", "2024-02-01", 1]},
}
FINITE: dict[str, Any] = {
    "depth": {"kind": "range", "value": [1, 6, 1]},
    "act": {"kind": "choice", "value": ["relu", "tanh", "relu"]},
    "rate": {"kind": "geomspace", "value": [0.001, 0.1, 3]},
}
BRANCHING: dict[str, Any] = {
    "model": {"kind": "choice", "value": ["none", "trees", "net"]},
    "depth": {"kind": "range", "value": [1, 6, 1], "when": {"model": "trees"}},
    "layers": {"kind": "choice", "value": [1, 2, 3], "when": {"model": "net"}},
    "rate": {"kind": "loguniform", "value": [-9, 0], "when": {"model": ["net"]}},
    "dropout": {"kind": "uniform", "value": [0, 0.5], "when": {"layers": [2, 3]}},
}
FEW_BRANCHES: dict[str, Any] = {
    "model": {"kind": "pchoice", "value": [["none", 0.2], ["trees", 0.5], ["net", 0.3]]},
    "depth": {"kind": "range", "value": [1, 6, 1], "when": {"model": "trees"}},
    "layers": {"kind": "choice", "value": [1, 2, 3], "when": {"model": "net"}},
    "act": {"kind": "choice", "value": ["relu", "tanh"], "when": {"model": "net", "layers": [2, 3]}},
    "seed": {"kind": "choice", "value": [1, 2]},
}
METRIC = {"name": "loss", "optimization": "minimize"}
SECOND = {"name": "length", "optimization": "maximize"}
RESOURCE = {"name": "epochs", "type": "int"}

# Every algorithm that takes any space; grid and mapping have laws of their own.
SEARCHES: dict[str, dict[str, Any]] = {
    "bayes": {"kind": "bayes", "numInitialRuns": 4, "maxIterations": 8},
    "bayes-ucb": {
        "kind": "bayes",
        "numInitialRuns": 4,
        "maxIterations": 6,
        "utilityFunction": {
            "acquisitionFunction": "ucb",
            "kappa": 1.2,
            "gaussianProcess": {"kernel": "matern", "nu": 1.9, "lengthScale": 1.0, "numRestartsOptimizer": 1},
        },
    },
    "tpe": {"kind": "tpe", "numRuns": 4, "maxIterations": 3, "numInitialRuns": 4},
    "tpe-random-design": {"kind": "tpe", "numRuns": 12, "numInitialRuns": 6, "initialDesign": "random"},
    "anneal": {"kind": "hyperopt", "algorithm": "anneal", "numRuns": 14, "numInitialRuns": 3},
    "rand": {"kind": "hyperopt", "algorithm": "rand", "numRuns": 5, "maxIterations": 2},
    "iterative": {"kind": "iterative", "maxIterations": 9},
    "cmaes": {"kind": "cmaes", "numRuns": 24},
    "front": {"kind": "tpe", "numRuns": 14, "numInitialRuns": 4, "metrics": [METRIC, SECOND]},
    "random": {"kind": "random", "numRuns": 14},
    "hyperband": {"kind": "hyperband", "maxIterations": 9, "eta": 3, "resource": RESOURCE},
    "hyperband-rand": {
        "kind": "hyperband",
        "maxIterations": 9,
        "eta": 3,
        "resource": RESOURCE,
        "algorithm": "rand",
        "asynchronous": True,
    },
    "asha": {"kind": "asha", "maxIterations": 9, "eta": 3, "resource": RESOURCE, "numRuns": 14},
    "asha-rand": {
        "kind": "asha",
        "maxIterations": 9,
        "eta": 3,
        "resource": RESOURCE,
        "numRuns": 14,
        "algorithm": "rand",
    },
}


def matrix(name: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"metric": METRIC, **SEARCHES[name], "params": params}


def loss_of(params: Any) -> float:
    """A smooth, asymmetric function of any params, the same for equal params."""
    total = 0.0
    for place, (name, value) in enumerate(sorted(params.items())):
        number = float(value) if isinstance(value, int | float) else float(sum(map(ord, str(value))) % 17) / 17
        total += (math.tanh(number) - 0.3 - 0.1 * place) ** 2 * (1 + len(name) % 3)
    return total


def finished(trial: Trial, value: float | None = None) -> Trial:
    value = loss_of(trial.params) if value is None else value
    second = sum(len(str(item)) for item in trial.params.values()) % 7
    return replace(trial, status=TrialStatus.SUCCEEDED, value=value, values=(value, float(second)))


def drive(
    search: Search,
    seed: int,
    workers: int = 1,
    end: Callable[[Trial], Trial] = finished,
    chance: random.Random | None = None,
    limit: int = 400,
) -> tuple[list[Trial], list[Suggestion]]:
    """Run a search to its end with `workers` slots; `chance` picks which running trial finishes next."""
    trials: list[Trial] = []
    suggestions: list[Suggestion] = []
    while len(trials) < limit:
        running = [trial for trial in trials if trial.is_pending]
        new = search.suggest(trials, seed, workers - len(running))
        for suggestion in new:
            trials.append(suggestion.pending(next_index(trials)))
        suggestions += new
        running = [trial for trial in trials if trial.is_pending]
        if not running:
            assert search.done(trials)
            break
        chosen = running[0] if chance is None else chance.choice(running)
        trials[trials.index(chosen)] = end(chosen)
    return trials, suggestions
