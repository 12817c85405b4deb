"""`polyaxon ops stop|approve|skip|invalidate`: requests, left for whoever drives the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.home import open_local_home
from polyaxon.cli.many import Asked, Selection, answer_each, named, outermost, runs_options
from polyaxon.cli.output import Output, output_option
from polyaxon.cli.poll import until_final
from polyaxon.cli.shapes import run_item
from polyaxon.cli.words import colored_status
from polyaxon.engine.events import Action
from polyaxon.errors import ConflictError
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import SAFE_STOP, Status, is_final
from polyaxon.server import Local

__all__ = ["ENDED", "approve", "invalidate", "open_local_home", "skip", "stop"]

ENDED = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.STOPPED: "been stopped",
    Status.SKIPPED: "been skipped",
    Status.UPSTREAM_FAILED: "ended upstream_failed",
}
PIPELINES = {RunKind.DAG, RunKind.MATRIX, RunKind.SCHEDULE}
STOP_SECONDS = 120.0
"""How long `stop` waits for the end before it returns; the stop goes on."""
NO_PAYLOAD: Mapping[str, Any] = {}


@click.command()
@runs_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--grace", type=click.FloatRange(min=0), metavar="SECONDS", help="From asking to forcing; 0 forces now.")
@click.option("--no-wait", is_flag=True, help="Return at once; the stop goes on.")
@output_option
@click.pass_context
def stop(ctx: click.Context, asked: Asked, yes: bool, grace: float | None, no_wait: bool, output: Output) -> None:
    """Stop runs and everything below them: first asked to end, then forced."""
    with open_local_home() as (local, home):
        is_last = asked.is_nothing
        wanted = outermost(Selection([home.find(None, asked.project)]) if is_last else asked.select(home))
        going = any(not is_final(run.status) for run in wanted.runs)
        if not asked.references and not yes and going:
            click.confirm(f"Stop {wanted.in_words()}?", abort=True)
        payload = NO_PAYLOAD if grace is None else {"grace_seconds": grace}
        requests = {run.uuid: _ask(local, run, Action.STOP, payload) for run in wanted.runs if not is_final(run.status)}

        def ended(run: Run) -> tuple[Run, str]:
            if run.uuid not in requests:
                return run, f"{named(run)}: nothing to stop, it has {ENDED[run.status]}"
            row = requests[run.uuid]
            if not no_wait:
                *_, row = until_final(home.store, run.uuid, STOP_SECONDS)
            return row, _told(row, row.status.value if is_final(row.status) else "stopping")

        ctx.exit(answer_each(wanted, ended, output, run_item))


@click.command()
@runs_options
@output_option
@click.pass_context
def approve(ctx: click.Context, asked: Asked, output: Output) -> None:
    """Let runs go on that wait for approval."""

    def ask(local: Local, run: Run) -> tuple[Run, str]:
        if run.pending is None or is_final(run.status):
            raise ConflictError(f"{named(run)} waits for no approval: it is {run.status.value}")
        row = _ask(local, run, Action.APPROVE)
        return row, _told(row, "approved")

    ctx.exit(_to_each(ask, asked, output))


@click.command()
@runs_options
@output_option
@click.pass_context
def skip(ctx: click.Context, asked: Asked, output: Output) -> None:
    """Skip runs that have not started; what depends on them goes by its trigger."""

    def ask(local: Local, run: Run) -> tuple[Run, str]:
        if is_final(run.status):
            raise ConflictError(f"{named(run)} cannot be skipped: it is {run.status.value} already")
        if run.kind not in PIPELINES and run.status not in SAFE_STOP:
            hint = f"only what has not started can be skipped; `polyaxon ops stop {run.uuid[:8]}` stops it"
            raise ConflictError(f"{named(run)} cannot be skipped: it is {run.status.value}", hint=hint)
        row = _ask(local, run, Action.SKIP)
        return row, f"{named(row)}: asked to be skipped, now {colored_status(row.status)}"

    ctx.exit(_to_each(ask, asked, output, outermost))


@click.command()
@runs_options
@output_option
@click.pass_context
def invalidate(ctx: click.Context, asked: Asked, output: Output) -> None:
    """Never reuse the results of these runs, or of any run below them, again."""

    def now(local: Local, run: Run) -> tuple[Run, str]:
        if not is_final(run.status):
            raise ConflictError(f"{named(run)} is {run.status.value}: only a finished run can be invalidated")
        row = local.invalidate(run)
        return row, _told(row, "invalidated")

    ctx.exit(_to_each(now, asked, output, outermost))


def _to_each(
    act: Callable[[Local, Run], tuple[Run, str]],
    asked: Asked,
    output: Output,
    narrow: Callable[[Selection], Selection] = lambda chosen: chosen,
) -> int:
    with open_local_home() as (local, home):
        return answer_each(narrow(asked.select(home)), lambda run: act(local, run), output, run_item)


def _ask(local: Local, run: Run, action: Action, payload: Mapping[str, Any] = NO_PAYLOAD) -> Run:
    """Leave the request, and somebody who carries it out for this pipeline alone should nobody drive it."""
    row = local.request(run.uuid, action, payload, by="the command line")
    if not is_final(row.status) and local.holder(row) is None:
        leave_scheduler(local.settings, row.root)
    return row


def _told(run: Run, done: str) -> str:
    return f"{named(run)}: {done}" + ("" if is_final(run.status) else f", now {colored_status(run.status)}")
