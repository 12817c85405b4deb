"""`polyaxon ops statuses`: a run's history."""

from __future__ import annotations

import click

from polyaxon.cli.home import Home, open_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json, write_table
from polyaxon.cli.poll import until_final
from polyaxon.cli.shapes import statuses_of
from polyaxon.cli.words import clock, colored_status
from polyaxon.model.run import Condition, Run

__all__ = ["statuses"]


@click.command()
@run_argument
@run_option
@project_option
@click.option("-w", "--watch", is_flag=True, help="Go on until the run is over.")
@output_option
def statuses(reference: str | None, uuid: str | None, project: str | None, watch: bool, output: Output) -> None:
    """Print a run's status history, the oldest first."""
    with open_home() as home:
        run = home.find(uuid or reference, project)
        if watch and not output.is_json:
            _watch(home, run)
            return
        conditions = home.store.conditions(run.uuid)
    if output.is_json:
        write_json(statuses_of(run, conditions), output)
        return
    write_table(("time", "status", "reason", "message"), [_cells(condition) for condition in conditions])


def _watch(home: Home, run: Run) -> None:
    told = 0
    for current in until_final(home.store, run.uuid):
        conditions = home.store.conditions(current.uuid)
        for condition in conditions[told:]:
            click.echo("  ".join(cell for cell in _cells(condition) if cell))
        told = len(conditions)


def _cells(condition: Condition) -> list[str]:
    return [clock(condition.at), colored_status(condition.type), condition.reason, condition.message]
