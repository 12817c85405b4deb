"""`polyaxon ops wait`: for scripts that continue when a run is over."""

from __future__ import annotations

import click

from polyaxon.cli.home import open_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.poll import until_final
from polyaxon.cli.shapes import run_item
from polyaxon.cli.words import colored_status
from polyaxon.model.status import Status, is_final

__all__ = ["wait"]


@click.command()
@run_argument
@run_option
@project_option
@click.option("--timeout", type=click.FloatRange(min=0), help="Give up after so many seconds (exit code 1).")
@output_option
@click.pass_context
def wait(
    ctx: click.Context,
    reference: str | None,
    uuid: str | None,
    project: str | None,
    timeout: float | None,
    output: Output,
) -> None:
    """Wait until a run is over; exit 0 when it succeeded or was skipped, else 1."""
    with open_home() as home:
        found = home.find(uuid or reference, project)
        *_, run = until_final(home.store, found.uuid, timeout)
    if output.is_json:
        write_json(run_item(run), output)
    else:
        still = "" if is_final(run.status) else " still"
        click.echo(f"{run.name or run.uuid} ({run.uuid}){still} {colored_status(run.status)}")
    ctx.exit(0 if run.status in {Status.SUCCEEDED, Status.SKIPPED} else 1)
