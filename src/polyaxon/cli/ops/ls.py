"""`polyaxon ops ls`: the table of runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from polyaxon.cli.home import open_home, project_option
from polyaxon.cli.many import no_such_status
from polyaxon.cli.output import Output, output_option, write_json, write_table
from polyaxon.cli.shapes import run_item
from polyaxon.cli.words import age, colored_status, duration, in_short, values_in_short
from polyaxon.model.run import Run

__all__ = ["ls"]

DEFAULT_COLUMNS = ("uuid", "name", "kind", "status", "created", "duration", "tags")


@click.command()
@project_option
@click.option("-q", "--query", default="", help="Only runs that match: `status:running, metrics.loss:<0.1`.")
@click.option("-s", "--sort", default="-created_at", show_default=True, help="Order: `-metrics.accuracy`, `name`.")
@click.option("-l", "--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many at most.")
@click.option("--offset", "-off", default=0, type=click.IntRange(min=0), help="How many to leave out at the start.")
@click.option("-io", "--io", "with_io", is_flag=True, help="Show inputs and outputs.")
@click.option("-c", "--columns", help="Which columns, in order: `uuid,status,in.lr,out.loss`.")
@click.option("-A", "--all-projects", is_flag=True, help="Runs of every project.")
@output_option
def ls(
    project: str | None,
    query: str,
    sort: str,
    limit: int,
    offset: int,
    with_io: bool,
    columns: str | None,
    all_projects: bool,
    output: Output,
) -> None:
    """List runs, the newest first."""
    now = datetime.now(UTC)
    with open_home() as home:
        scope = None if all_projects else home.project(project)
        page = home.store.list(scope, query, sort, limit, offset, now)
    if output.is_json:
        write_json([run_item(run) for run in page.runs], output)
        return
    if not page.runs:
        where = f"project `{scope}`" if scope else "any project"
        how = f" match.{no_such_status(query)}" if query else " yet. Start one with `polyaxon run -f FILE`."
        click.echo(f"No runs in {where}{how}")
        return
    names = tuple(columns.split(",")) if columns else DEFAULT_COLUMNS + (("inputs", "outputs") if with_io else ())
    write_table(names, [[_cell(run, name.strip(), now) for name in names] for run in page.runs])
    if page.count > len(page.runs):
        click.echo(
            f"{offset + 1} to {offset + len(page.runs)} of {page.count} runs; `--limit` and `--offset` show more"
        )


def _cell(run: Run, name: str, now: datetime) -> str:
    prefix, _, key = name.partition(".")
    if key and prefix in {"in", "inputs"}:
        return in_short(run.inputs.get(key, ""))
    if key and prefix in {"out", "outputs", "metrics"}:
        return in_short(run.outputs.get(key, ""))
    written = {
        "uuid": lambda: run.uuid[:8],
        "name": lambda: run.name or "",
        "kind": lambda: run.kind.value if run.runtime in {None, run.kind.value} else f"{run.kind.value} {run.runtime}",
        "status": lambda: colored_status(run.status),
        "created": lambda: age(run.created_at, now),
        "duration": lambda: duration(run.duration),
        "tags": lambda: ",".join(run.tags),
        "inputs": lambda: values_in_short(run.inputs, 16),
        "outputs": lambda: values_in_short(run.outputs, 16),
    }
    if name in written:
        return written[name]()
    return in_short(_field(run, name))


def _field(run: Run, name: str) -> Any:
    item = run_item(run)
    if name not in item:
        raise click.UsageError(f"There is no column `{name}`. Columns: {', '.join([*DEFAULT_COLUMNS, *item])}.")
    value = item[name]
    return "" if value is None else value
