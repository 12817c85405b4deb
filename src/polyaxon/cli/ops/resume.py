"""`polyaxon ops resume`: go on where a run ended, or where its driver was lost."""

from __future__ import annotations

import click

from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.follow import Manner, follow
from polyaxon.cli.home import open_local_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.shapes import run_detail
from polyaxon.engine.events import Action
from polyaxon.errors import ConflictError
from polyaxon.model.status import Status, is_final

__all__ = ["resume"]

DONE = {Status.SUCCEEDED, Status.SKIPPED}


@click.command()
@run_argument
@run_option
@project_option
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
    watch: bool,
    with_logs: bool,
    detach: bool,
    output: Output,
) -> None:
    """Continue a failed, stopped or abandoned run in place, and follow it.

    What succeeded is not repeated; what still runs is found again.
    """
    with open_local_home() as (local, home):
        run = home.find(uuid or reference, project)
        if run.status in DONE:
            raise ConflictError(
                f"{run.name or run.uuid} has {run.status.value}: there is nothing to continue",
                hint=f"`polyaxon ops restart {run.uuid[:8]}` runs it again",
            )
        if is_final(run.status):
            run = local.request(run.uuid, Action.RESUME, by="the command line")
        if detach:
            leave_scheduler(local.settings)
            if output.is_json:
                write_json(run_detail(run), output)
            else:
                click.echo(run.uuid)
            return
        ctx.exit(follow(local, run.root, Manner(watch, with_logs, output)))
