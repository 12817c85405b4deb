"""What a search found: its trials and the metric they are judged by, from the stored rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import click

from polyaxon.cli.home import Home
from polyaxon.cli.live.tree import Goal, Tree
from polyaxon.engine.trials import objectives_of, trial_of
from polyaxon.errors import UsageError
from polyaxon.model.record import dataclass
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import Status
from polyaxon.search.history import Trial
from polyaxon.search.wording import in_words

__all__ = ["Results", "find_results", "metric_option", "trial_item", "why"]

DIRECTIONS = ("minimize", "maximize")
TROUBLED = {Status.FAILED, Status.STOPPED, Status.UPSTREAM_FAILED, Status.SKIPPED, Status.RETRYING}

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Results:
    """A search, its trials in the order they were suggested, the run of each, and the best one."""

    run: Run
    matrix: Mapping[str, Any]
    """With the metric that the trials are judged by, whoever named it."""
    goal: Goal
    trials: Sequence[Trial]
    runs: Mapping[int, Run]
    best: Trial | None
    front: frozenset[int] = frozenset()
    """Of a search with several objectives: the trials that no other beats in all of them."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """The metrics that the trials are judged by."""
        return objectives_of(self.matrix) or (self.goal.metric or "value",)


def _read_metric(ctx: click.Context, param: click.Parameter, value: str | None) -> Mapping[str, str] | None:
    if value is None:
        return None
    name, _, optimization = value.partition(":")
    if not name or optimization not in {"", *DIRECTIONS}:
        raise click.BadParameter("write NAME, NAME:minimize or NAME:maximize", ctx, param)
    return {"name": name, "optimization": optimization or "minimize"}


def metric_option(function: Function) -> Function:
    """Add `-m/--metric`."""
    return click.option(
        "-m",
        "--metric",
        callback=_read_metric,
        metavar="NAME[:maximize]",
        help="Judge the trials by this output instead of the search's own metric.",
    )(function)


def find_results(home: Home, reference: str | None, project: str | None, metric: Mapping[str, str] | None) -> Results:
    """Return what the search found that the reference names: the search itself, or one of its trials.

    The trials are judged by `metric`, else by the search's own, else by a well-known output such as the accuracy.
    """
    run = _search_of(home, home.find(reference, project))
    matrix = json.loads(run.content or "{}").get("matrix") or {}
    if metric is not None:
        matrix = {**{key: value for key, value in matrix.items() if key != "metrics"}, "metric": metric}
    rows = [row for row in home.store.children(run.uuid) if row.index >= 0]  # its tuners are no trials
    tree = Tree(run.uuid)
    tree.update(replace(run, content=json.dumps({"matrix": matrix})))
    for row in rows:
        tree.update(row)
    node = tree.nodes[run.uuid]
    goal = node.goal or Goal()
    if goal.metric is not None:
        matrix = {**matrix, "metric": {"name": goal.metric, "optimization": goal.optimization}}
    trials = [trial_of(row, objectives_of(matrix)) for row in rows]
    best = next((trial for trial, row in zip(trials, rows, strict=True) if row.uuid == node.best_run), None)
    return Results(run, matrix, goal, trials, {row.index: row for row in rows}, best, _front(matrix, trials))


def _front(matrix: Mapping[str, Any], trials: Sequence[Trial]) -> frozenset[int]:
    if len(matrix.get("metrics") or ()) < 2:
        return frozenset()
    from polyaxon.search.pareto import front_of  # numpy

    return frozenset(trial.index for trial in front_of(trials, matrix))


def _search_of(home: Home, run: Run) -> Run:
    if run.kind != RunKind.MATRIX and run.pipeline is not None:
        # A trial has its search's name: whoever names the search may get its latest trial.
        run = home.store.get(run.pipeline)
    if run.kind != RunKind.MATRIX:
        name = run.name or run.uuid[:8]
        raise UsageError(f"`{name}` is no search", hint="name an operation with a `matrix`, or one of its trials")
    return run


def trial_item(results: Results, trial: Trial) -> dict[str, Any]:
    """Return a trial as `--output json` prints it; `iteration`, `bracket`, `rung` and `origin` are the search's own."""
    run = results.runs[trial.index]
    return {
        "index": trial.index,
        "uuid": run.uuid,
        "status": run.status,
        "params": dict(trial.params),
        "value": trial.value,
        "values": list(trial.values),
        **({"front": trial.index in results.front} if results.front else {}),
        "resource": trial.resource,
        "iteration": trial.iteration,
        "bracket": trial.bracket,
        "rung": trial.rung,
        "origin": trial.origin,
    }


def why(home: Home, run: Run) -> str:
    """Say what became of a trial that went wrong, and of any other why it was tried."""
    if run.status in TROUBLED:
        conditions = home.store.conditions(run.uuid)
        if conditions and conditions[-1].message:
            return conditions[-1].message
    reasons = [item.facts for item in home.store.explanations(run.uuid) if item.topic == "suggestion"]
    return in_words(reasons[-1]) if reasons else ""
