"""`polyaxon ops trials`: the table of a search's trials."""

from __future__ import annotations

from collections.abc import Mapping

import click

from polyaxon.cli.home import open_home, project_option, run_argument, run_option
from polyaxon.cli.ops.results import Results, find_results, metric_option, trial_item, why
from polyaxon.cli.output import Output, output_option, write_json, write_table
from polyaxon.cli.words import colored_status, duration, in_short, values_in_short
from polyaxon.search.history import Trial

__all__ = ["best_line", "front_line", "trials"]

WHY_WIDTH = 60


@click.command()
@run_argument
@run_option
@project_option
@metric_option
@click.option("-s", "--sort", type=click.Choice(["index", "value"]), default="index", help="`value`: the best first.")
@click.option("-l", "--limit", default=50, show_default=True, type=click.IntRange(min=1), help="How many at most.")
@output_option
def trials(
    reference: str | None,
    uuid: str | None,
    project: str | None,
    metric: Mapping[str, str] | None,
    sort: str,
    limit: int,
    output: Output,
) -> None:
    """Show what a search tried: params, value, status, and why it was tried or ended early."""
    with open_home() as home:
        results = find_results(home, uuid or reference, project, metric)
        chosen = _sorted(results, sort)[:limit]
        reasons = [why(home, results.runs[trial.index]) for trial in chosen]
    if output.is_json:
        items = [{**trial_item(results, trial), "why": reason} for trial, reason in zip(chosen, reasons, strict=True)]
        write_json(items, output)
        return
    if not chosen:
        click.echo(f"`{results.run.name}` has tried nothing yet.")
        return
    names = list(dict.fromkeys(name for trial in results.trials for name in trial.params))
    headers = ["#", "uuid", "status", *results.objectives, *names, "took", "why"]
    rows = [
        _cells(results, trial, names, in_short(reason, WHY_WIDTH))
        for trial, reason in zip(chosen, reasons, strict=True)
    ]
    write_table(headers, rows)
    if len(chosen) < len(results.trials):
        click.echo(
            f"{len(chosen)} of {len(results.trials)} trials; `--limit` shows more, `--sort value` the best first"
        )
    if results.front:
        click.echo(front_line(results))
    elif results.best is not None:
        click.echo(best_line(results, results.best))


def front_line(results: Results) -> str:
    """Say which trials are the best compromises."""
    shown = ", ".join(f"#{index}" for index in sorted(results.front))
    return f"front (*): {shown}: no trial beats them in all of {', '.join(results.objectives)}"


def best_line(results: Results, best: Trial) -> str:
    """Name the best trial on one line."""
    value = f"{results.goal.metric}={in_short(best.value)}"
    return f"best: #{best.index} {results.runs[best.index].uuid[:8]}  {value}  with {values_in_short(best.params, 16)}"


def _sorted(results: Results, sort: str) -> list[Trial]:
    if sort == "index":
        return list(results.trials)
    sign = -1.0 if results.goal.optimization == "maximize" else 1.0
    return sorted(results.trials, key=lambda trial: (trial.value is None, sign * (trial.value or 0.0), trial.index))


def _cells(results: Results, trial: Trial, names: list[str], reason: str) -> list[str]:
    run = results.runs[trial.index]
    found = trial.values or (trial.value,)
    values = ["" if value is None else in_short(value) for value in found]
    values += [""] * (len(results.objectives) - len(values))
    mark = "*" if trial.index in results.front else ""
    params = [in_short(trial.params[name], 16) if name in trial.params else "" for name in names]
    place = f"{trial.index}{mark}"
    return [place, run.uuid[:8], colored_status(run.status), *values, *params, duration(run.duration), reason]
