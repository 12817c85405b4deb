"""Driving some roots to their end while somebody watches: the loop, the rows as they change, and interruptions.

Roots that another process drives are followed by reading them again; they are taken over when that process ends.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import datetime, timedelta

from polyaxon.engine.commands import Change, Moved
from polyaxon.engine.events import Action, Requested
from polyaxon.errors import InternalError, NotFoundError, StoreError
from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass
from polyaxon.model.run import Run
from polyaxon.model.status import FINAL, Status
from polyaxon.scheduler.driven import created_roots
from polyaxon.scheduler.loop import Scheduler
from polyaxon.scheduler.rows import Rows
from polyaxon.store.base import Lease, Store

__all__ = ["Drive", "Driver", "cleans_soon"]

_log = logging.getLogger(__name__)
_FOLLOW_SECONDS = 0.2
"""Between readings of roots that another process drives."""
_SOON = timedelta(hours=1)
"""How long a scheduler that has nothing else to do stays for what is to be cleaned: later, the next one does it."""


def cleans_soon(store: Store, now: datetime) -> bool:
    """Whether what the runtime keeps of a finished run is to be removed so soon that somebody should wait for it."""
    try:
        due = store.next_cleaning()
    except StoreError:
        return False
    # What nobody could clean although it was due for long is not waited for either.
    return due is not None and now - _SOON / 60 <= due <= now + _SOON


class Driver:
    """What somebody who watches may ask of a drive; safe to call from any thread."""

    def __init__(self, drive: Drive, loop: asyncio.AbstractEventLoop) -> None:
        self._drive = drive
        self._loop = loop

    def stop(self) -> None:
        """Stop the driven roots gracefully; the drive ends when they are over."""
        self._loop.call_soon_threadsafe(self._drive.ask_to_stop, {})

    def force(self) -> None:
        """Stop them now, without grace."""
        self._loop.call_soon_threadsafe(self._drive.ask_to_stop, {"grace_seconds": 0})

    def leave(self) -> None:
        """End the drive; the runs go on, and another scheduler may take them."""
        self._loop.call_soon_threadsafe(self._drive.leave)


@dataclass(slots=True)
class Drive:
    """One drive. `roots` grows by the hooks that they leave behind; None drives whatever there is. With `stays` it does
    not end before what is to be cleaned soon is."""

    scheduler: Scheduler
    roots: set[RunId] | None
    leases: Sequence[Lease] = ()
    on_run: Callable[[Run], None] | None = None
    on_interrupt: Callable[[Driver], None] | None = None
    adopt: bool = True
    until_idle: bool = False
    stays: bool = False
    told: Container[Status] | None = None
    """The statuses that matter to `on_run`; None: all."""
    _ended: set[RunId] = field(default_factory=set)
    _left: bool = False

    async def run(self) -> None:
        """Drive to the end, or until asked to leave."""
        loop = asyncio.get_running_loop()
        driver = Driver(self, loop)
        restore = self._listen_to_signals(loop, driver)
        rows = Rows(self.on_run, self.told) if self.on_run is not None else None
        self.scheduler.subscribe(lambda changes: self._committed(changes, rows))
        for lease in self.leases:
            self.scheduler.hold(lease)
        for root in sorted(self.roots or ()):
            if rows is not None:
                rows.begin(root, self.scheduler.store.tree(root))
            if not self.scheduler.drives(root):
                self.scheduler.want(root)
        following = asyncio.create_task(self._follow(rows))
        try:
            await self.scheduler.run(self._is_over, self.adopt)
        finally:
            restore()
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
        self._raise_if_broken()

    def ask_to_stop(self, payload: Mapping[str, object]) -> None:
        """Ask every root that is not over to stop, here or wherever it is driven; without roots, leave."""
        if self.roots is None:
            self.leave()
            return
        try:
            for root in sorted(self.roots - self._ended):
                request = Requested(root, Action.STOP, payload=dict(payload))
                self.scheduler.store.request(request, self.scheduler.clock())
        except StoreError as error:
            # What was not written down is not done: whoever insists leaves, and the processes go on.
            _log.warning("the stop could not be noted: %s (%s)", error.message, error.hint or "try again")
        self.scheduler.look()

    def leave(self) -> None:
        """End the drive as soon as the loop looks."""
        self._left = True
        self.scheduler.wake()

    def _is_over(self) -> bool:
        if self._left:
            return True
        if not self._has_driven():
            return False
        return not (self.stays and cleans_soon(self.scheduler.store, self.scheduler.clock()))

    def _has_driven(self) -> bool:
        if self.roots is None:
            return self.until_idle and self.scheduler.is_idle
        broken = self.scheduler.broken
        return not (self.roots - self._ended - set(broken) if broken else self.roots - self._ended)

    def _committed(self, changes: Sequence[Change], rows: Rows | None) -> None:
        if rows is not None:
            rows.take(changes)
        if self.roots is None:
            return
        for change in changes:
            if isinstance(change, Moved) and change.run in self.roots:
                if change.condition.type in FINAL:
                    self._ended.add(change.run)
                else:
                    self._ended.discard(change.run)
        for root, created in created_roots(changes).items():
            self.roots.add(root)
            if rows is not None:
                rows.begin(root, [created.run])

    async def _follow(self, rows: Rows | None) -> None:
        """Watch the roots that are not driven here: somebody else drives them, or they are over already."""
        while True:
            for root in sorted((self.roots or set()) - self._ended):
                if not self.scheduler.drives(root):
                    with suppress(StoreError):  # the loop says so, and tries again
                        self._follow_one(root, rows)
            if self.roots is not None:
                self.scheduler.wake()
            await asyncio.sleep(_FOLLOW_SECONDS)

    def _follow_one(self, root: RunId, rows: Rows | None) -> None:
        store = self.scheduler.store
        try:
            run = store.get(root)
        except NotFoundError:
            self._ended.add(root)
            return
        if rows is not None:
            rows.begin(root, store.tree(root))
        if run.status in FINAL and not store.has_requests(root):
            self._ended.add(root)

    def _listen_to_signals(self, loop: asyncio.AbstractEventLoop, driver: Driver) -> Callable[[], None]:
        if threading.current_thread() is not threading.main_thread():
            return lambda: None

        def interrupted() -> None:
            if self.on_interrupt is None:
                self.leave()
            else:
                # In a thread: whoever is asked "stop or go on?" takes his time, and the runs go on meanwhile.
                loop.run_in_executor(None, self.on_interrupt, driver)

        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, interrupted)

        def restore() -> None:
            for number in signals:
                loop.remove_signal_handler(number)

        return restore

    def _raise_if_broken(self) -> None:
        for root, error in self.scheduler.broken.items():
            if self.roots is not None and root in self.roots:
                raise InternalError(f"run {root} cannot be driven: {type(error).__name__}: {error}") from error
