"""What the commands look at: this home's settings and store, and the run that an argument means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from polyaxon.errors import NotFoundError
from polyaxon.model.project import split_project
from polyaxon.model.record import dataclass
from polyaxon.model.run import Cloning, Run
from polyaxon.settings import Settings, read_settings
from polyaxon.store.base import Store

__all__ = [
    "Home",
    "open_home",
    "open_local_home",
    "project_name",
    "project_option",
    "run_argument",
    "run_option",
    "say_whose_files",
    "served_from",
]

if TYPE_CHECKING:  # what only lists runs need not load the scheduler
    from polyaxon.server import Local

Function = TypeVar("Function", bound=Callable[..., Any])
NAMES_COMPARED = 200
"""How many recent runs are searched for a name like the one that was not found."""
_NEAREST_FIRST = (", pipeline:nil", ", pipeline.name:~{name}", "")
"""Where a name is looked for: trials and scheduled runs are named like the pipeline they belong to."""

run_argument = click.argument("reference", metavar="[RUN]", required=False)
run_option = click.option("-uid", "--uid", "--uuid", "uuid", help="The run's uuid, or the beginning of it.")


def project_option(function: Function) -> Function:
    """Add `-p/--project`; `owner/project` is understood, the owner of this machine's runs being `default`."""
    return click.option("-p", "--project", help="The project; the configured one when left out.")(function)


@dataclass(frozen=True, slots=True)
class Home:
    """One home: where runs are stored and their files lie."""

    settings: Settings
    store: Store

    def project(self, given: str | None) -> str:
        """Return the project's name: the one given, without its owner, or the configured one."""
        return project_name(self.settings, given)

    def run_directory(self, run: Run) -> Path:
        """Return the directory with the run's own files."""
        return Path(self.settings.home, "artifacts", run.uuid)

    def files_of(self, run: Run) -> Path:
        """Return the directory with what the run wrote: of one that was served from the cache, the original's."""
        return Path(self.settings.home, "artifacts", served_from(run) or run.uuid)

    def kept_of(self, run: Run) -> list[Path]:
        """Return what else the runtime may have kept of the run: its context and the records of its processes."""
        records = Path(self.settings.home, "runs", run.uuid[0]).glob(f"{run.uuid}.*")
        return [Path(self.settings.home, "contexts", run.uuid), *records]

    def find(self, reference: str | None, project: str | None) -> Run:
        """Return the run of that uuid (or its beginning), else the latest of that name, else the project's last.

        A name counts within the project when one is given, and everywhere otherwise. Runs of their own come before
        operations of a dag, and those before the trials of a search or the runs of a schedule, which carry its name.
        """
        if reference is None:
            return self._last(self.project(project))
        scope = None if project is None else self.project(project)
        uuid = reference.replace("-", "")
        if _could_be_uuid(uuid):
            try:
                return self.store.get(uuid)
            except NotFoundError:
                pass  # it may still be a name
        name = _as_text(reference)
        for where in _NEAREST_FIRST:
            found = self._list(scope, f"name:{name}" + where.format(name=name), 1)
            if found:
                return found[0]
        raise NotFoundError(f"there is no run `{reference}`", hint=self._nearest(reference, scope))

    def _last(self, project: str) -> Run:
        runs = self._list(project, "pipeline:nil", 1)
        if not runs:
            hint = "start one with `polyaxon run -f FILE`, or name another project: `-p`"
            raise NotFoundError(f"project `{project}` has no runs", hint=hint)
        return runs[0]

    def _nearest(self, name: str, project: str | None) -> str:
        names = {run.name for run in self._list(project, "", NAMES_COMPARED) if run.name}
        near = get_close_matches(name, names, n=1)
        return f"did you mean `{near[0]}`?" if near else "`polyaxon ops ls` lists the runs"

    def _list(self, project: str | None, query: str, limit: int) -> list[Run]:
        return list(self.store.list(project, query, "-created_at", limit, 0, datetime.now(UTC)).runs)


@contextmanager
def open_home(settings: Settings | None = None) -> Iterator[Home]:
    """Open the home's store for as long as the block lasts."""
    from polyaxon.server import open_store

    settings = settings or read_settings()
    store = open_store(settings)
    try:
        yield Home(settings, store)
    finally:
        store.close()


@contextmanager
def open_local_home() -> Iterator[tuple[Local, Home]]:
    """Open this machine, to ask for something or to drive, for as long as the block lasts."""
    from polyaxon.server import open_local

    local = open_local(read_settings())
    try:
        yield local, Home(local.settings, local.store)
    finally:
        local.close()


def served_from(run: Run) -> str | None:
    """Return the run whose work this one took over; None when it did its own."""
    return run.original if run.cloning_kind is Cloning.CACHE else None


def say_whose_files(home: Home, run: Run) -> None:
    """Say on the error stream that what is shown is another run's, so that it is not taken for this one's."""
    original = served_from(run)
    if original is None:
        return
    known = home.files_of(run).is_dir()
    shown = "what follows is that run's" if known else "its files are gone: that run was deleted"
    click.echo(f"{run.name or run.uuid[:8]} was served from the cache (run {original}); {shown}", err=True)


def project_name(settings: Settings, given: str | None) -> str:
    """Return the project's name without its owner: the one given, or the configured one."""
    if given is not None:
        return split_project(given, "the project asked for")[1]
    return split_project(settings.project, settings.origins.get("project", "the default"))[1]


def _could_be_uuid(text: str) -> bool:
    return len(text) >= 4 and all(digit in "0123456789abcdef" for digit in text.lower())


def _as_text(name: str) -> str:
    """Quote a name that the search language would read as a number or truth value."""
    if any(character in name for character in ",()|~%<>="):
        raise NotFoundError(f"there is no run `{name}`", hint="`polyaxon ops ls` lists the runs")
    return f'"{name}"'
