"""The composition root: settings → store, runtime, sources and scheduler, put together for this machine.

Nothing else constructs these. Everything here is for whoever stands at an edge: the command line, later the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from polyaxon.engine.events import Action
from polyaxon.model.ids import RunId
from polyaxon.model.run import Run
from polyaxon.settings import Settings
from polyaxon.spec.operation import Operation
from polyaxon.store.base import Store

__all__ = ["Driver", "Local", "open_local", "open_store"]


class Driver(Protocol):
    """What somebody who watches a drive may ask of it; safe to call from any thread."""

    def stop(self) -> None:
        """Stop the driven roots gracefully; the drive ends when they are over."""
        ...

    def force(self) -> None:
        """Stop them now, without grace."""
        ...

    def leave(self) -> None:
        """End the drive; the runs go on and another scheduler may take them."""
        ...


class Local:
    """This machine: a home with its store, and a scheduler while `drive` runs. Close it when done."""

    settings: Settings
    store: Store

    def submit(
        self,
        operation: Operation,
        *,
        project: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        meta: Mapping[str, Any] | None = None,
        hold: bool = True,
    ) -> Run:
        """Store a new root run. With `hold` this process has its lease at once and is expected to drive it; without,
        the next scheduler of the home takes it (and those that run are woken)."""
        raise NotImplementedError

    def drive(
        self,
        roots: Sequence[RunId],
        on_run: Callable[[Run], None] | None = None,
        on_interrupt: Callable[[Driver], None] | None = None,
        adopt: bool = True,
    ) -> Mapping[RunId, Run]:
        """Drive the roots until they are final; return their last rows.

        `on_run` is called in order with the row of every run below the roots, first as it is and then after each
        committed change. `on_interrupt` is called in a thread of its own for each Ctrl-C or SIGTERM (without it they
        leave). `adopt` also drives other roots of the home that nobody holds, as long as this goes on. Roots that
        another process drives are followed instead.
        """
        raise NotImplementedError

    def serve(self, until_idle: bool = False, on_interrupt: Callable[[Driver], None] | None = None) -> None:
        """Be the home's scheduler: drive whatever is there until interrupted, or until nothing is left."""
        raise NotImplementedError

    def request(self, uuid: str, action: Action, payload: Mapping[str, Any] | None = None, by: str = "user") -> Run:
        """Ask for something of a run. What nobody has to drive (a stop of a run that never began under a scheduler)
        is done at once; otherwise the request waits for a scheduler, and those that run are woken."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of everything. Safe to call twice."""
        raise NotImplementedError


def open_store(settings: Settings) -> Store:
    """Open the home's database, migrated."""
    raise NotImplementedError


def open_local(settings: Settings) -> Local:
    """Open this machine."""
    raise NotImplementedError
