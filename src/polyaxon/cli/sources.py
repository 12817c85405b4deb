"""Where references are read from: the sources of this home, with the mirrors of the command line laid over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from polyaxon.cli.assignments import read_mirrors
from polyaxon.compiler.sources import Source, Sources
from polyaxon.settings import Settings, read_settings

__all__ = ["mirror_option", "open_sources", "sources_of"]

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
    return sources_of(read_settings(given={"mirrors": read_mirrors(mirrors)}))


def sources_of(settings: Settings) -> Sources:
    """Return what follows references with these settings."""
    return _Sources(settings)


class _Sources:
    """The home's sources, made when the first reference is met: they need an HTTP client, most files do not."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sources: Sources | None = None

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        """Return what `ref` names."""
        if self._sources is None:
            from polyaxon.hub.sources import HubSources

            self._sources = HubSources(self._settings.home, self._settings.mirrors)
        return self._sources.read(kind, ref, base)
