"""Where references are read from: the sources of this home, with the mirrors of the command line laid over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from polyaxon.compiler.sources import Sources

__all__ = ["mirror_option", "open_sources"]

Function = TypeVar("Function", bound=Callable[..., Any])


def mirror_option(function: Function) -> Function:
    """Add `--mirror PREFIX=TARGET`."""
    return click.option(
        "--mirror",
        "mirrors",
        multiple=True,
        metavar="PREFIX=TARGET",
        help="Read addresses that begin with PREFIX from TARGET: a directory, a repository, another address.",
    )(function)


def open_sources(mirrors: Sequence[str]) -> Sources:
    """Return what follows references for this invocation."""
    from polyaxon.cli.assignments import read_mirrors
    from polyaxon.hub.sources import HubSources
    from polyaxon.settings import read_settings

    settings = read_settings(given={"mirrors": read_mirrors(mirrors)})
    return HubSources(settings.home, settings.mirrors)
