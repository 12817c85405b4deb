"""`polyaxon ops backfill`: the runs that a schedule would have made in a range of time."""

from __future__ import annotations

import click

from polyaxon.cli.backfill import backfill_of
from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.follow import Manner, follow
from polyaxon.cli.home import open_local_home, project_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.shapes import run_detail
from polyaxon.compiler.resolve import load_stored
from polyaxon.errors import ConflictError
from polyaxon.model.run import RunKind

__all__ = ["backfill"]


@click.command()
@click.argument("reference", metavar="RUN")
@click.argument("period", metavar="FROM..TO")
@project_option
@click.option("--concurrency", type=click.IntRange(min=1), help="How many of the runs at once.")
@click.option("-w", "--watch", is_flag=True, help="Tell every status, not only those that matter.")
@click.option("-d", "--detach", is_flag=True, help="Leave it to a background scheduler and return.")
@output_option
@click.pass_context
def backfill(
    ctx: click.Context,
    reference: str,
    period: str,
    project: str | None,
    concurrency: int | None,
    watch: bool,
    detach: bool,
    output: Output,
) -> None:
    """Make the runs that the schedule RUN would have made from FROM to TO, and follow them.

    A day means from its beginning, or to its end; times without a zone are the schedule's.
    """
    with open_local_home() as (local, home):
        schedule = home.find(reference, project)
        name = schedule.name or schedule.uuid
        if schedule.kind is not RunKind.SCHEDULE or schedule.raw_content is None:
            raise ConflictError(
                f"{name} is no schedule of its own, but a {schedule.kind.value}",
                hint="`polyaxon ops ls -q kind:schedule` lists the schedules",
            )
        operation = load_stored(schedule.raw_content)
        run = local.submit(
            operation,
            project=schedule.project,
            name=schedule.name,
            tags=schedule.tags,
            description=f"backfill of {schedule.uuid}: {period}",
            components=schedule.meta.get("components"),
            meta={"backfill": backfill_of(operation, period, concurrency, home.settings)},
            hold=not detach,
        )
        if not detach:
            ctx.exit(follow(local, run.uuid, Manner(watch, False, output)))
        leave_scheduler(local.settings)
    if output.is_json:
        write_json(run_detail(run), output)
    else:
        click.echo(run.uuid)
