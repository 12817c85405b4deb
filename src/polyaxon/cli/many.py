"""Commands on several runs at once: named one by one, or found by a query; one answer per run.

A command on one named run fails as a whole; one on several does what it can, tells what was refused, and exits 2 then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import wraps
from typing import Any

import click

from polyaxon.cli.home import Home, project_option, run_option
from polyaxon.cli.output import Output, write_json
from polyaxon.errors import UsageError, UserError
from polyaxon.model.record import dataclass
from polyaxon.model.run import Run
from polyaxon.model.status import Status

__all__ = ["Asked", "Selection", "answer_each", "named", "no_such_status", "outermost", "runs_options"]

PAGE = 1000
EXIT_REFUSED = 2


@dataclass(frozen=True, slots=True)
class Selection:
    """The runs that a command is about; `is_many` when they were asked for as a list."""

    runs: Sequence[Run]
    is_many: bool = False
    query: str = ""

    def in_words(self) -> str:
        """Return what to call them in a question."""
        if len(self.runs) == 1:
            return named(self.runs[0])
        return f"{len(self.runs)} runs ({', '.join(run.name or run.uuid[:8] for run in self.runs[:5])}, …)"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs the command line asked for."""

    references: Sequence[str] = ()
    query: str | None = None
    project: str | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether neither a name nor a query was given."""
        return not self.references and self.query is None

    def select(self, home: Home) -> Selection:
        """Return the runs that were named or that the query finds."""
        if self.is_nothing:
            hint = "`polyaxon ops ls` lists the runs; `--query` takes all that match"
            raise UsageError("name the run", hint=hint)
        if self.query is not None:
            if self.references:
                raise UsageError("`--query` and the name of a run exclude each other", hint="keep one of them")
            return Selection(_all(home, home.project(self.project), self.query), is_many=True, query=self.query)
        runs = {run.uuid: run for run in (home.find(reference, self.project) for reference in self.references)}
        return Selection(list(runs.values()), is_many=len(self.references) > 1)


def runs_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `[RUN]...`, `-uid`, `-q/--query` and `-p`; the command gets them together, as `asked`."""

    @wraps(function)
    def command(
        *args: Any,  # the context, where the command wants it
        references: tuple[str, ...],
        uuid: str | None,
        query: str | None,
        project: str | None,
        **options: Any,  # the command's own
    ) -> Any:
        named_ones = (*references, uuid) if uuid is not None else references
        return function(*args, asked=Asked(named_ones, query, project), **options)

    add_query = click.option("-q", "--query", help="Every run that matches: `status:running, tags:nightly`.")
    add_runs = click.argument("references", metavar="[RUN]...", nargs=-1)
    return add_runs(run_option(add_query(project_option(command))))


def outermost(selection: Selection) -> Selection:
    """Leave out the runs below another one that is selected too: what is done to a pipeline reaches them."""
    chosen = {run.uuid for run in selection.runs}
    kept = [run for run in selection.runs if not chosen.intersection(filter(None, (run.pipeline, run.controller)))]
    kept = [run for run in kept if run.root == run.uuid or run.root not in chosen]
    return Selection(kept, selection.is_many, selection.query)


def answer_each(
    selection: Selection, act: Callable[[Run], tuple[Any, str]], output: Output, shape: Callable[[Any], Any]
) -> int:
    """Do it to each run, print what `act` says of it (or the shapes of what it returns), and return the exit code."""
    items, refused = [], False
    for run in selection.runs:
        try:
            done, said = act(run)
        except UserError as error:
            if not selection.is_many:
                raise
            refused = True
            click.echo(error.message, err=True)
            continue
        items.append(shape(done))
        if not output.is_json:
            click.echo(said)
    if output.is_json:
        write_json(items if selection.is_many else items[0], output)
    elif not selection.runs:
        click.echo(f"No runs match.{no_such_status(selection.query)}")
    return EXIT_REFUSED if refused else 0


def no_such_status(query: str) -> str:
    """Return what to add where nothing matches and the query asks for a status that no run ever has."""
    from polyaxon.query import asked_values  # for those who found nothing

    names = [status.value for status in Status]
    for word in asked_values(query, "status"):
        if word not in names:
            meant = get_close_matches(word, names, 1)
            return f" There is no status `{word}`" + (f": did you mean `{meant[0]}`?" if meant else ".")
    return ""


def named(run: Run) -> str:
    """Return what to call a run in an answer."""
    return f"{run.name} ({run.uuid[:8]})" if run.name else run.uuid


def _all(home: Home, project: str, query: str) -> list[Run]:
    found: list[Run] = []
    while True:
        page = home.store.list(project, query, "created_at", PAGE, len(found), datetime.now(UTC))
        found += page.runs
        if len(found) >= page.count or not page.runs:
            return found
