"""`polyaxon ops wait`: for scripts that continue when runs are over."""

from __future__ import annotations

import time

import click

from polyaxon.cli.home import open_home
from polyaxon.cli.many import Asked, Selection, answer_each, runs_options
from polyaxon.cli.output import Output, output_option
from polyaxon.cli.poll import until_final
from polyaxon.cli.shapes import run_item
from polyaxon.cli.words import colored_status
from polyaxon.model.run import Run
from polyaxon.model.status import WELL, is_final

__all__ = ["wait"]


@click.command()
@runs_options
@click.option("--timeout", type=click.FloatRange(min=0), help="Give up after so many seconds (exit code 1).")
@output_option
@click.pass_context
def wait(ctx: click.Context, asked: Asked, timeout: float | None, output: Output) -> None:
    """Wait until runs are over; exit 0 when all succeeded or were skipped, else 1."""
    deadline = None if timeout is None else time.monotonic() + timeout
    ended: list[Run] = []
    with open_home() as home:

        def over(found: Run) -> tuple[Run, str]:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            *_, run = until_final(home.store, found.uuid, left)
            ended.append(run)
            still = "" if is_final(run.status) else " still"
            return run, f"{run.name or run.uuid} ({run.uuid}){still} {colored_status(run.status)}"

        wanted = Selection([home.find(None, asked.project)]) if asked.is_nothing else asked.select(home)
        code = answer_each(wanted, over, output, run_item)
    ctx.exit(code or (0 if all(run.status in WELL for run in ended) else 1))
