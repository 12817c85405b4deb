"""The searches that `search.py` compares, ours and the peers', as functions of (problem, seed, budget).

Each gives the values in order and the seconds of CPU that every suggestion took; those with budgets in epochs give
the best value seen.
"""

from __future__ import annotations

import importlib
import math
import time
import warnings
from collections.abc import Callable
from typing import Any

from polyaxon.search import Optimizer, Trial
from polyaxon.search.space import Parameter, Space, parse_space
from search_problems import Params, Problem, Table

__all__ = ["halving_run", "hyperopt_run", "missing", "optuna_run", "ours", "plain_bayes", "policy_run", "pruner_run"]


def ours(kind: str, **settings: Any) -> Callable[[Problem, int, int], tuple[list[float], list[float]]]:
    def run(problem: Problem, seed: int, budget: int) -> tuple[list[float], list[float]]:
        optimizer = Optimizer(problem.space, kind, seed=seed, **settings)
        values: list[float] = []
        seconds: list[float] = []
        for _ in range(budget):
            started = time.process_time()
            trial = optimizer.ask()
            seconds.append(time.process_time() - started)
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
                started = time.process_time()
                trial = study.ask()
                params = _asked(trial, problem, parameters, conditional)
                seconds.append(time.process_time() - started)
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
    """hyperopt's TPE; conditions are worded as its choice of branches."""
    import numpy as np

    hyperopt = importlib.import_module("hyperopt")
    parameters = {p.name: p for p in parse_space(problem.space).parameters}

    def wording(parameter: Parameter, label: str) -> Any:
        hp = hyperopt.hp
        if parameter.levels is None:
            law = parameter.real
            return (hp.loguniform if law.log else hp.uniform)(label, law.first, law.second)
        levels = [parameter.levels[i] for i in range(len(parameter.levels))]
        if not parameter.ordered:
            return hp.choice(label, levels)
        return hp.quniform(label, -0.5, len(levels) - 0.5, 1)

    if problem.parent and problem.children:
        branches = [
            {problem.parent: value, **{name: wording(parameters[name], f"{value} {name}") for name in names}}
            for value, names in problem.children.items()
        ]
        space = hyperopt.hp.choice(problem.parent, branches)
    else:
        space = {name: wording(parameter, name) for name, parameter in parameters.items()}

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
    started = time.process_time()
    hyperopt.fmin(
        objective,
        space,
        algo=hyperopt.tpe.suggest,
        max_evals=budget,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return values, [(time.process_time() - started) / budget]


def plain_bayes(problem: Problem, seed: int, budget: int) -> tuple[list[float], list[float]]:
    """Bayesian optimization as the file format words it: Matérn 3/2 over raw values, names one-hot, UCB with kappa
    2.576, the best of 5 random points and of 10 bounded descents from random starts. It knows no conditions."""
    import numpy as np

    gaussian = importlib.import_module("sklearn.gaussian_process")
    space = parse_space(problem.space)
    chance = np.random.default_rng(seed)
    low, high = np.array(_raw_bounds(space)).T
    values: list[float] = []
    known: list[list[float]] = []
    seconds: list[float] = []
    for turn in range(budget):
        started = time.process_time()
        x = chance.uniform(low, high)
        if turn >= 10:
            kernel = gaussian.kernels.Matern(length_scale=1.0, nu=1.5)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                process = gaussian.GaussianProcessRegressor(kernel).fit(np.array(known), -np.array(values))
                x = _upper_bound_maximum(process, chance, low, high)
        params, features = _nearest_point(space, np.clip(x, low, high).tolist())
        seconds.append(time.process_time() - started)
        known.append(features)
        values.append(problem.function(params))
    return values, seconds


def _raw_bounds(space: Space) -> list[tuple[float, float]]:
    bounds: list[tuple[float, float]] = []
    for parameter in space.parameters:
        if parameter.levels is None:
            bounds.append(parameter.real.bounds)
        elif parameter.ordered:
            bounds.append((parameter.levels[0], parameter.levels[len(parameter.levels) - 1]))
        else:
            bounds += [(0.0, 1.0)] * len(parameter.levels)
    return bounds


def _nearest_point(space: Space, x: list[float]) -> tuple[Params, list[float]]:
    """The params of a raw point, and the raw point of the params."""
    params: Params = {}
    features: list[float] = []
    for parameter in space.parameters:
        if parameter.levels is None:
            params[parameter.name] = x[len(features)]
            features.append(x[len(features)])
            continue
        levels = [parameter.levels[i] for i in range(len(parameter.levels))]
        here = x[len(features)]
        if parameter.ordered:
            params[parameter.name] = min(levels, key=lambda level, at=here: abs(level - at))
            features.append(float(params[parameter.name]))
        else:
            block = x[len(features) : len(features) + len(levels)]
            chosen = block.index(max(block))
            params[parameter.name] = levels[chosen]
            features += [float(i == chosen) for i in range(len(levels))]
    return params, features


def _upper_bound_maximum(process: Any, chance: Any, low: Any, high: Any) -> Any:
    import numpy as np
    from scipy.optimize import minimize

    def loss(x: Any) -> float:
        mean, deviation = process.predict(np.atleast_2d(x), return_std=True)
        return -float(mean[0] + 2.576 * deviation[0])

    best = min(chance.uniform(low, high, (5, len(low))), key=loss)
    bounds = list(zip(low, high, strict=True))
    for start in chance.uniform(low, high, (10, len(low))):
        found = minimize(loss, start, bounds=bounds, method="L-BFGS-B")
        best = found.x if found.fun < loss(best) else best
    return best


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
