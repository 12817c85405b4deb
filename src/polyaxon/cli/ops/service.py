"""`polyaxon ops service`: where a running service can be reached."""

from __future__ import annotations

import webbrowser

import click

from polyaxon.cli.home import Home, open_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.errors import ConflictError, UsageError
from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import Status, is_final

__all__ = ["service"]


@click.command()
@run_argument
@run_option
@project_option
@click.option("--url", "url_only", is_flag=True, help="Print the first address and nothing else.")
@click.option("-y", "--yes", is_flag=True, help="Open the first address in a browser.")
@output_option
def service(
    reference: str | None, uuid: str | None, project: str | None, url_only: bool, yes: bool, output: Output
) -> None:
    """Print the addresses of a running service.

    One that is not ready is an error, with what it waits for.
    """
    with open_home() as home:
        run = home.find(uuid or reference, project)
        urls = _urls(home, run)
    if output.is_json:
        write_json({"uuid": run.uuid, "status": run.status, "urls": urls}, output)
    else:
        for url in urls[:1] if url_only else urls:
            click.echo(url)
    if yes:
        webbrowser.open(urls[0])


def _urls(home: Home, run: Run) -> list[str]:
    name = run.name or run.uuid
    if run.kind is not RunKind.SERVICE:
        raise UsageError(f"`{name}` is a {run.kind.value}, not a service")
    if is_final(run.status):
        raise ConflictError(f"`{name}` has ended: it is {run.status.value}")
    if run.status is not Status.RUNNING:
        conditions = home.store.conditions(run.uuid)
        why = f": {conditions[-1].message}" if conditions and conditions[-1].message else ""
        raise ConflictError(f"`{name}` is not ready, it is {run.status.value}{why}")
    urls = [str(url) for url in run.meta.get("urls", ())]
    if not urls:
        raise ConflictError(f"`{name}` has no address: its `run.ports` names no port")
    return urls
