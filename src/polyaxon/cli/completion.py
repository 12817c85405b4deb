"""`polyaxon completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

SHELLS = {
    "bash": 'eval "$(polyaxon completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(polyaxon completion zsh)" in ~/.zshrc',
    "fish": "polyaxon completion fish | source, in ~/.config/fish/config.fish",
}


@click.command(epilog="To keep it: " + "; ".join(SHELLS.values()) + ".")
@click.argument("shell", type=click.Choice(sorted(SHELLS)))
def completion(shell: str) -> None:
    """Print the completion script for SHELL."""
    from polyaxon.cli.app import app

    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"Completion for {shell} is not available.")
    click.echo(script(app, {}, "polyaxon", "_POLYAXON_COMPLETE").source())
