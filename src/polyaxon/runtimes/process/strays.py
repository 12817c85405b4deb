"""What an attempt left behind in no group or session of its own any more: programs that made themselves daemons.

Every process of an attempt has the attempt's name in its environment, and so has what it starts; one that clears its
environment is known by the run's log that it writes to. Some moments after attempts have ended, the processes of this
machine are looked through once for all of them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Container, Mapping
from contextlib import suppress

from polyaxon.model.ids import RunId
from polyaxon.runtimes.process.layout import LOGS, Layout
from polyaxon.runtimes.process.programs import append
from polyaxon.runtimes.process.signals import kill

__all__ = ["MARK", "Strays", "mark"]

MARK = "POLYAXON_ATTEMPT"
_BEGINNING = f"\0{MARK}=".encode()
_SECONDS = 1.0
_REST = 50
"""It is not looked for so many times as long as looking took: a machine may have thousands of processes."""


def mark(run: RunId, attempt: int) -> str:
    """The value of `MARK` for the processes of one attempt."""
    return f"{run}.{attempt}"


class Strays:
    """Ends what ended attempts left, and says so in their logs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, layout: Layout, goes_on: Callable[[RunId], bool]) -> None:
        """`goes_on` tells whether another attempt of a run has begun: then its log says nothing."""
        self._goes_on = goes_on
        self._loop = loop
        self._layout = layout
        self._marks: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._pause_seconds = _SECONDS

    def expect(self, run: RunId, attempt: int) -> None:
        """An attempt has ended: nothing of it is to be left soon."""
        self._marks.add(mark(run, attempt))
        if self._timer is None:
            self._timer = self._loop.call_later(self._pause_seconds, self.sweep)

    def sweep(self) -> None:
        """Look now, if anything has ended since the last time."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if not self._marks:
            return
        begun = time.monotonic()
        left: dict[str, int] = {}
        for pid, found in _found(self._marks, self._logs()):
            kill(pid)
            left[found] = left.get(found, 0) + 1
        self._marks.clear()
        self._pause_seconds = max(_SECONDS, _REST * (time.monotonic() - begun))
        for found, count in left.items():
            with suppress(OSError):
                log = self._layout.log(RunId(found.partition(".")[0]), "main")
                append(log, f"polyaxon: ended {count} processes that it had left running")

    def _logs(self) -> dict[str, str]:
        """The directories of logs that nothing of these attempts may write to any more."""
        runs = {RunId(name.partition(".")[0]): name for name in self._marks}
        artifacts = os.path.realpath(f"{self._layout.home}/artifacts")  # a home may be a link, what is in it is not
        return {f"{artifacts}/{run}/{LOGS}": name for run, name in runs.items() if not self._goes_on(run)}


def _found(marks: Container[str], logs: Mapping[str, str]) -> list[tuple[int, str]]:
    """Return the processes of these attempts, where the system lets us look."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with suppress(OSError):
            value = _mark_of(name)
            if value is None:
                value = next((logs[place] for place in _written_by(name) if place in logs), None)
            elif value not in marks:
                continue
            if value is not None:
                found.append((int(name), value))
    return found


def _mark_of(pid: str) -> str | None:
    with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
        _, found, behind = (b"\0" + file.readall()).partition(_BEGINNING)
    return behind.partition(b"\0")[0].decode(errors="replace") if found else None


def _written_by(pid: str) -> list[str]:
    """Return the directories of the files that are the process's output."""
    return [os.path.dirname(os.readlink(f"/proc/{pid}/fd/{number}")) for number in (1, 2)]
