"""`polyaxon ops update|transfer`: what people own of a run: its name, tags, description and project."""

from __future__ import annotations

from typing import Any

import click

from polyaxon.cli.assignments import read_list
from polyaxon.cli.home import Home, open_home
from polyaxon.cli.many import Asked, answer_each, named, runs_options
from polyaxon.cli.output import Output, output_option
from polyaxon.cli.shapes import run_item
from polyaxon.errors import ConflictError, NotFoundError, UsageError
from polyaxon.model.run import Run
from polyaxon.model.status import is_final

__all__ = ["transfer", "update"]


@click.command()
@runs_options
@click.option("-n", "--name", help="The run's new name.")
@click.option("--description", help="What the run is for.")
@click.option("--tags", help="Comma-separated tags, in place of those it has.")
@click.option("--add-tags", help="Comma-separated tags that it gets besides.")
@click.option("--remove-tags", help="Comma-separated tags that it loses.")
@output_option
@click.pass_context
def update(
    ctx: click.Context,
    asked: Asked,
    name: str | None,
    description: str | None,
    tags: str | None,
    add_tags: str | None,
    remove_tags: str | None,
    output: Output,
) -> None:
    """Change the name, description and tags of runs."""
    if (name, description, tags, add_tags, remove_tags) == (None,) * 5:
        options = "`--name`, `--description`, `--tags`, `--add-tags` or `--remove-tags`"
        raise UsageError("there is nothing to change", hint=f"say what: {options}")
    texts = {key: value for key, value in (("name", name), ("description", description)) if value is not None}
    lost = read_list(remove_tags)

    def change(home: Home, run: Run) -> Run:
        fields: dict[str, Any] = dict(texts)
        if (tags, add_tags, remove_tags) != (None,) * 3:
            kept = run.tags if tags is None else read_list(tags)
            fields["tags"] = tuple(dict.fromkeys(tag for tag in (*kept, *read_list(add_tags)) if tag not in lost))
        home.store.update(run.uuid, fields)
        return home.store.get(run.uuid)

    with open_home() as home:
        chosen = asked.select(home)
        if name is not None and chosen.is_many:
            raise UsageError("several runs cannot get one name", hint="name one run, or leave `--name` out")
        ctx.exit(answer_each(chosen, lambda run: (change(home, run), f"{named(run)}: updated"), output, run_item))


@click.command()
@runs_options
@click.option("-to", "--to", "--to-project", "target", required=True, metavar="PROJECT", help="Where they go.")
@output_option
@click.pass_context
def transfer(
    ctx: click.Context,
    asked: Asked,
    target: str,
    output: Output,
) -> None:
    """Move finished runs, and what is below them, to another project."""
    with open_home() as home:
        into = home.project(target)
        try:
            home.store.project(into)
        except NotFoundError:
            raise NotFoundError(
                f"there is no project `{into}`", hint=f"`polyaxon project create {into}` makes it"
            ) from None

        def move(run: Run) -> tuple[Run, str]:
            _refuse_to_move(run)
            for row in home.store.tree(run.root):
                # What it can be found by names the project it ran in.
                home.store.update(row.uuid, {"project": into, "state": None})
            return home.store.get(run.uuid), f"{named(run)}: moved to `{into}`"

        ctx.exit(answer_each(asked.select(home), move, output, run_item))


def _refuse_to_move(run: Run) -> None:
    if run.root != run.uuid:
        raise ConflictError(
            f"{named(run)} belongs to a pipeline", hint=f"move that: `polyaxon ops transfer {run.root[:8]} --to …`"
        )
    if not is_final(run.status):
        raise ConflictError(f"{named(run)} is {run.status.value}: only a finished run can be moved")
