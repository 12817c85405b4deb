"""`polyaxon scheduler`: the home's driver as a process of its own."""

from __future__ import annotations

import click

from polyaxon.cli.sources import mirror_option

__all__ = ["scheduler"]


@click.command()
@click.option("--until-idle", is_flag=True, help="Leave when nothing is left to do.")
@click.option("--run", "uuid", metavar="RUN", help="Drive only the pipeline of this run, and leave when it is over.")
@mirror_option
def scheduler(until_idle: bool, uuid: str | None, mirrors: tuple[str, ...]) -> None:
    """Drive whatever this home has to run: new runs, schedules, and what other drivers left.

    Several may run at once; each run has one driver at a time. Ctrl-C leaves: what runs goes on, and the next scheduler
    finds it. One that would leave by itself stays up to an hour for what `termination.ttl` has it remove.
    """
    from polyaxon.cli.assignments import read_mirrors
    from polyaxon.cli.home import Home
    from polyaxon.scheduler.drive import Driver
    from polyaxon.server import open_local
    from polyaxon.settings import read_settings

    settings = read_settings(given={"mirrors": read_mirrors(mirrors)})

    def leave(driver: Driver) -> None:
        driver.leave()

    local = open_local(settings)
    try:
        if uuid is None:
            click.echo(f"Driving the runs of {settings.home}; Ctrl-C leaves.", err=True)
            local.serve(until_idle, leave)
            return
        root = Home(settings, local.store).find(uuid, None).root
        click.echo(f"Driving run {root} of {settings.home}; Ctrl-C leaves.", err=True)
        local.drive([root], on_interrupt=leave, adopt=False, stays=True)
    finally:
        local.close()
