"""`polyaxon ops delete`: finished runs, everything below them, and their files."""

from __future__ import annotations

import shutil
from typing import Any

import click

from polyaxon.cli.home import Home, open_home
from polyaxon.cli.many import Asked, answer_each, named, outermost, runs_options
from polyaxon.cli.output import Output, output_option
from polyaxon.model.run import Run

__all__ = ["delete"]


@click.command()
@runs_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@output_option
@click.pass_context
def delete(
    ctx: click.Context,
    asked: Asked,
    yes: bool,
    output: Output,
) -> None:
    """Remove finished runs, everything below them, and their files."""
    with open_home() as home:
        wanted = outermost(asked.select(home))
        if wanted.runs and not yes and not click.confirm(f"Delete {wanted.in_words()}, with what is below?"):
            raise click.Abort
        ctx.exit(answer_each(wanted, lambda run: _delete(home, run), output, dict))


def _delete(home: Home, run: Run) -> tuple[dict[str, Any], str]:
    doomed = {run.uuid: run}
    for row in home.store.tree(run.root):
        if row.pipeline in doomed:
            doomed[row.uuid] = row
    home.store.delete(run.uuid)
    for row in doomed.values():
        for place in (home.run_directory(row), *home.kept_of(row)):
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)
    below = len(doomed) - 1
    return {"uuid": run.uuid, "deleted": len(doomed)}, f"Deleted {named(run)}{_and_below(below)}."


def _and_below(count: int) -> str:
    return f" and {count} run{'s' if count > 1 else ''} below it" if count else ""
