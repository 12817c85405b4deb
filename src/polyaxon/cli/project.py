"""`polyaxon project`: where runs live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from uuid import uuid4

import click

from polyaxon.cli.home import open_home
from polyaxon.cli.output import Output, output_option, write_json, write_table
from polyaxon.cli.shapes import project_item
from polyaxon.cli.words import age
from polyaxon.errors import ConflictError, NotFoundError
from polyaxon.model.project import split_project
from polyaxon.store.base import Project

__all__ = ["project"]


@click.group()
def project() -> None:
    """List, show and create projects."""


@project.command()
@output_option
def ls(output: Output) -> None:
    """List projects by name."""
    with open_home() as home:
        projects = home.store.projects()
    if output.is_json:
        write_json([project_item(item) for item in projects], output)
        return
    now = datetime.now(UTC)
    rows = [[item.name, age(item.created_at, now), ",".join(item.tags), item.description or ""] for item in projects]
    if rows:
        write_table(("name", "created", "tags", "description"), rows)
    else:
        click.echo("No projects yet. A run creates the one it names: `polyaxon run -p NAME -f FILE`.")


@project.command()
@click.argument("name")
@click.option("--description", help="What the project is about.")
@click.option("--tags", default="", help="Comma-separated tags.")
@output_option
def create(name: str, description: str | None, tags: str, output: Output) -> None:
    """Create the project NAME."""
    _, name = split_project(name, "NAME")
    now = datetime.now(UTC)
    tag_list = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
    with open_home() as home:
        if any(item.name == name for item in home.store.projects()):
            raise ConflictError(f"project `{name}` exists already", hint=f"`polyaxon project get {name}` shows it")
        made = home.store.ensure_project(Project(uuid4().hex, name, now, now, description=description, tags=tag_list))
    if output.is_json:
        write_json(project_item(made), output)
    else:
        click.echo(f"Created project `{name}`. Use it with `polyaxon run -p {name} -f FILE`.")


@project.command()
@click.argument("name")
@output_option
def get(name: str, output: Output) -> None:
    """Show the project NAME and how many runs it has."""
    _, name = split_project(name, "NAME")
    now = datetime.now(UTC)
    with open_home() as home:
        found = _find(home.store.projects(), name)
        runs = home.store.list(name, "", "-created_at", 1, 0, now)
    if output.is_json:
        write_json({**project_item(found), "runs": runs.count}, output)
        return
    click.echo(f"{found.name}  {runs.count} runs, created {age(found.created_at, now)}")
    if found.description:
        click.echo(found.description)
    if runs.runs:
        last = runs.runs[0]
        click.echo(f"last run: {last.name or ''} {last.uuid[:8]}, {last.status}, {age(last.created_at, now)}")


def _find(projects: Sequence[Project], name: str) -> Project:
    by_name = {item.name: item for item in projects}
    if name in by_name:
        return by_name[name]
    near = get_close_matches(name, by_name, n=1)
    raise NotFoundError(
        f"there is no project `{name}`",
        hint=f"did you mean `{near[0]}`?" if near else "`polyaxon project ls` lists them",
    )
