"""`polyaxon ops resume`: go on where a run ended, or where its driver was lost."""

from __future__ import annotations

import json
from typing import Any

import click

from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.follow import Manner, follow
from polyaxon.cli.home import Home, open_local_home, project_option, run_argument, run_option
from polyaxon.cli.ops.requests import ENDED
from polyaxon.cli.ops.restart import changed
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.shapes import run_detail
from polyaxon.engine.events import Action
from polyaxon.errors import ConflictError
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import WELL, is_final
from polyaxon.spec.dump import dump

__all__ = ["resume"]


@click.command()
@run_argument
@run_option
@project_option
@click.option("-P", "--param", "params", multiple=True, metavar="NAME=VALUE", help="Another value for an input.")
@click.option("-f", "--file", "files", multiple=True, help="A file to run instead, or a preset to lay over what ran.")
@click.option("-w", "--watch", is_flag=True, help="Tell every status, not only those that matter.")
@click.option("-l", "--log", "--logs", "with_logs", is_flag=True, help="Print what the runs write.")
@click.option("-d", "--detach", is_flag=True, help="Leave it to a background scheduler and return.")
@output_option
@click.pass_context
def resume(
    ctx: click.Context,
    /,
    reference: str | None,
    uuid: str | None,
    project: str | None,
    params: tuple[str, ...],
    files: tuple[str, ...],
    watch: bool,
    with_logs: bool,
    detach: bool,
    output: Output,
) -> None:
    """Continue a failed, stopped or abandoned run in place, and follow it.

    What succeeded is not repeated; what still runs is found again. Changes (`-P`, `-f`) count for what runs from now
    on.
    """
    with open_local_home() as (local, home):
        run = home.find(uuid or reference, project)
        if run.status in WELL and not _has_gaps(home, run):
            raise ConflictError(
                f"{run.name or run.uuid} has {ENDED[run.status]}: there is nothing to continue",
                hint=f"`polyaxon ops restart {run.uuid[:8]}` runs it again",
            )
        if is_final(run.status):
            run = local.request(run.uuid, Action.RESUME, _changes(home, run, params, files), by="the command line")
        elif params or files:
            raise ConflictError(
                f"{run.name or run.uuid} is {run.status.value}: it can be changed when it is over",
                hint=f"stop it first: `polyaxon ops stop {run.uuid[:8]}`",
            )
        if detach:
            leave_scheduler(local.settings)
            if output.is_json:
                write_json(run_detail(run), output)
            else:
                click.echo(run.uuid)
            return
        ctx.exit(follow(local, run.root, Manner(watch, with_logs, output)))


def _changes(home: Home, run: Run, params: tuple[str, ...], files: tuple[str, ...]) -> dict[str, Any]:
    """Return what the request says of the operation; nothing when it stays as it is."""
    operation = changed(home, run, params, files)
    if operation is None:
        return {}
    raw = dump(operation)
    return {"operation": raw, "raw_content": json.dumps(raw, separators=(",", ":"), ensure_ascii=False, default=str)}


def _has_gaps(home: Home, run: Run) -> bool:
    """Whether trials of the search were deleted, which a resume makes again."""
    if run.kind is not RunKind.MATRIX:
        return False
    numbers = {child.index for child in home.store.children(run.uuid)}
    return len(numbers) < max(numbers, default=-1) + 1
