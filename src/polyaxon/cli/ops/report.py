"""`polyaxon ops report`: a search as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from polyaxon.cli.home import open_home, project_option, run_argument, run_option
from polyaxon.cli.ops.results import Results, find_results, metric_option, trial_item
from polyaxon.cli.ops.trials import best_line, front_line
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.errors import UsageError

__all__ = ["report"]

FILE = "report.html"


@click.command()
@run_argument
@run_option
@project_option
@metric_option
@click.option("--path", "target", type=click.Path(path_type=Path), help="Where to write it: a file or a directory.")
@output_option
def report(
    reference: str | None,
    uuid: str | None,
    project: str | None,
    metric: Mapping[str, str] | None,
    target: Path | None,
    output: Output,
) -> None:
    """Write a search's report as one HTML file: history, importance of the parameters, parallel coordinates, trials.

    Without `--path` the file is in the run's directory. With `--output json` the trials and the importances are
    printed, and a file is written only if `--path` asks for it.
    """
    with open_home() as home:
        results = find_results(home, uuid or reference, project, metric)
        directory = home.run_directory(results.run)
    path = _write(results, _place(results, target, directory)) if target or not output.is_json else None
    if output.is_json:
        write_json(_document(results, path), output)
        return
    if results.front:
        click.echo(front_line(results))
    elif results.best is not None:
        click.echo(best_line(results, results.best))
    shares = _importance(results)
    if shares:
        click.echo("importance: " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    click.echo(f"report: {path}")


def _place(results: Results, target: Path | None, directory: Path) -> Path:
    if target is None:
        return directory / FILE
    return target / f"{results.run.name or 'search'}-{results.run.uuid[:8]}.html" if target.is_dir() else target


def _write(results: Results, path: Path) -> Path:
    from polyaxon.search.report import render_report

    page = render_report(results.matrix, results.trials, results.run.name or results.run.uuid)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be written: {error.strerror}", hint="name another place: `--path`"
        ) from error
    return path.absolute()


def _document(results: Results, path: Path | None) -> dict[str, object]:
    return {
        "uuid": results.run.uuid,
        "name": results.run.name,
        "status": results.run.status,
        "path": None if path is None else str(path),
        "metric": results.goal.metric,
        "optimization": results.goal.optimization if results.goal.metric else None,
        "best": None if results.best is None else trial_item(results, results.best),
        "trials": [trial_item(results, trial) for trial in results.trials],
        "importance": _importance(results),
    }


def _importance(results: Results) -> dict[str, float]:
    from polyaxon.search.effects import importance  # numpy
    from polyaxon.search.space import SpaceError

    params = results.matrix.get("params")
    if not isinstance(params, Mapping):
        return {}
    try:
        return importance(params, results.trials)
    except SpaceError:
        return {}  # the run itself says what is wrong with its search
