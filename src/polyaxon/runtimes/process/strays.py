"""What an attempt left behind in no group or session of its own any more: programs that made themselves daemons.

Every process of an attempt has the attempt's name in its environment, and so has what it starts. Some moments after
attempts have ended, the processes of this machine are looked through once for all of them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from polyaxon.model.ids import RunId
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.programs import append
from polyaxon.runtimes.process.signals import kill

__all__ = ["MARK", "Strays", "mark"]

MARK = "POLYAXON_ATTEMPT"
_SECONDS = 1.0


def mark(run: RunId, attempt: int) -> str:
    """The value of `MARK` for the processes of one attempt."""
    return f"{run}.{attempt}"


class Strays:
    """Ends what ended attempts left, and says so in their logs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, layout: Layout) -> None:
        self._loop = loop
        self._layout = layout
        self._marks: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, run: RunId, attempt: int) -> None:
        """An attempt has ended: nothing of it is to be left soon."""
        self._marks.add(mark(run, attempt))
        if self._timer is None:
            self._timer = self._loop.call_later(_SECONDS, self.sweep)

    def sweep(self) -> None:
        """Look now, if anything has ended since the last time."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if not self._marks:
            return
        left: dict[str, int] = {}
        for pid, found in _marked(self._marks):
            kill(pid)
            left[found] = left.get(found, 0) + 1
        self._marks.clear()
        for found, count in left.items():
            with suppress(OSError):
                log = self._layout.log(RunId(found.partition(".")[0]), "main")
                append(log, f"polyaxon: ended {count} processes that it had left running")


def _marked(marks: Container[str]) -> list[tuple[int, str]]:
    """Return the processes of these attempts, where the system lets us look."""
    beginning = f"{MARK}=".encode()
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with suppress(OSError):
            for entry in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                if entry.startswith(beginning):
                    value = entry[len(beginning) :].decode(errors="replace")
                    if value in marks:
                        found.append((int(name), value))
                    break
    return found
