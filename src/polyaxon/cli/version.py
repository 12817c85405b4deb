"""`polyaxon version`."""

from __future__ import annotations

import click

from polyaxon import __version__
from polyaxon.cli.output import Output, output_option, write_json

__all__ = ["version"]


@click.command()
@output_option
def version(output: Output) -> None:
    """Print the version."""
    if output.is_json:
        write_json({"version": __version__}, output)
    else:
        click.echo(__version__)
