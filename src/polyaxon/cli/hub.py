"""`polyaxon hub`: the components that files can name."""

from __future__ import annotations

import click

from polyaxon.cli.output import Output, output_option, write_json, write_table

__all__ = ["hub"]


@click.group()
def hub() -> None:
    """List the components that a `hubRef` can name."""


@hub.command()
@output_option
def ls(output: Output) -> None:
    """List components: built in, and registered below `<home>/hub/NAME/VERSION.yaml`."""
    from polyaxon.hub.registry import entries
    from polyaxon.settings import read_settings

    found = entries(read_settings().home)
    if output.is_json:
        write_json([{"name": entry.name, "source": entry.source} for entry in found], output)
    else:
        write_table(("name", "source"), [[entry.name, entry.source] for entry in found])
