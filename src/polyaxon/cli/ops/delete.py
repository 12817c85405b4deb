"""`polyaxon ops delete`: a finished run, everything below it, and their files."""

from __future__ import annotations

import shutil

import click

from polyaxon.cli.home import open_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.errors import UsageError

__all__ = ["delete"]


@click.command()
@run_argument
@run_option
@project_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@output_option
def delete(reference: str | None, uuid: str | None, project: str | None, yes: bool, output: Output) -> None:
    """Remove a finished run, everything below it, and their files."""
    named = uuid or reference
    if named is None:
        raise UsageError("name the run to delete", hint="`polyaxon ops ls` lists the runs")
    with open_home() as home:
        run = home.find(named, project)
        below = [row for row in home.store.tree(run.root) if row.uuid != run.uuid] if run.root == run.uuid else []
        what = f"{run.name or run.uuid} ({run.uuid[:8]}) and {len(below)} runs below it"
        if not yes and not click.confirm(f"Delete {what}?"):
            raise click.Abort
        home.store.delete(run.uuid)
        for row in [run, *below]:
            for place in (home.run_directory(row), *home.working_directories(row)):
                shutil.rmtree(place, ignore_errors=True)
    if output.is_json:
        write_json({"uuid": run.uuid, "deleted": 1 + len(below)}, output)
    else:
        click.echo(f"Deleted {what}.")
