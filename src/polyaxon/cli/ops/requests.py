"""`polyaxon ops stop|approve|skip|invalidate`: one request each, left for whoever drives the run."""

from __future__ import annotations

import click

from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.home import Home, open_local_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.poll import until_final
from polyaxon.cli.shapes import run_item
from polyaxon.cli.words import colored_status
from polyaxon.engine.events import Action
from polyaxon.errors import ConflictError, UsageError
from polyaxon.model.run import Run
from polyaxon.model.status import Status, is_final
from polyaxon.server import Local

__all__ = ["approve", "invalidate", "open_local_home", "skip", "stop"]

ENDED = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.STOPPED: "been stopped",
    Status.SKIPPED: "been skipped",
    Status.UPSTREAM_FAILED: "ended upstream_failed",
}
STOP_SECONDS = 120.0
"""How long `stop` waits for the end before it returns; the stop goes on."""


@click.command()
@run_argument
@run_option
@project_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help="Return at once; the stop goes on.")
@output_option
def stop(
    reference: str | None, uuid: str | None, project: str | None, yes: bool, no_wait: bool, output: Output
) -> None:
    """Stop a run and everything below it: first asked to end, then forced."""
    with open_local_home() as (local, home):
        run = home.find(uuid or reference, project)
        if is_final(run.status):
            _answer(run, output, f"nothing to stop, it has {ENDED[run.status]}")
            return
        if reference is None and uuid is None and not yes:
            click.confirm(f"Stop {_named(run)}?", abort=True)
        run = _ask(local, run, Action.STOP)
        if not no_wait:
            *_, run = until_final(home.store, run.uuid, STOP_SECONDS)
    _answer(run, output, run.status.value if is_final(run.status) else "stopping")


@click.command()
@run_argument
@run_option
@project_option
@output_option
def approve(reference: str | None, uuid: str | None, project: str | None, output: Output) -> None:
    """Let a run go on that waits for approval."""
    with open_local_home() as (local, home):
        run = _named_run(home, reference, uuid, project)
        if run.pending is None or is_final(run.status):
            raise ConflictError(f"{_named(run)} waits for no approval: it is {run.status.value}")
        run = _ask(local, run, Action.APPROVE)
    _answer(run, output, "approved")


@click.command()
@run_argument
@run_option
@project_option
@output_option
def skip(reference: str | None, uuid: str | None, project: str | None, output: Output) -> None:
    """Skip a run that has not started; what depends on it goes by its trigger."""
    with open_local_home() as (local, home):
        run = _named_run(home, reference, uuid, project)
        if is_final(run.status):
            raise ConflictError(f"{_named(run)} cannot be skipped: it is {run.status.value} already")
        run = _ask(local, run, Action.SKIP)
    _answer(run, output, "asked to be skipped")


@click.command()
@run_argument
@run_option
@project_option
@output_option
def invalidate(reference: str | None, uuid: str | None, project: str | None, output: Output) -> None:
    """Never reuse this run's results again."""
    with open_local_home() as (local, home):
        run = _ask(local, _named_run(home, reference, uuid, project), Action.INVALIDATE)
    _answer(run, output, "invalidated")


def _named_run(home: Home, reference: str | None, uuid: str | None, project: str | None) -> Run:
    named = uuid or reference
    if named is None:
        raise UsageError("name the run", hint="`polyaxon ops ls` lists the runs")
    return home.find(named, project)


def _ask(local: Local, run: Run, action: Action) -> Run:
    """Leave the request, and somebody to carry it out should nobody drive the run."""
    run = local.request(run.uuid, action, by="the command line")
    if not is_final(run.status) and local.holder(run) is None:
        leave_scheduler(local.settings)
    return run


def _answer(run: Run, output: Output, done: str) -> None:
    if output.is_json:
        write_json(run_item(run), output)
        return
    now = "" if is_final(run.status) and done != "asked to be skipped" else f", now {colored_status(run.status)}"
    click.echo(f"{_named(run)}: {done}{now}")


def _named(run: Run) -> str:
    return f"{run.name} ({run.uuid[:8]})" if run.name else run.uuid
