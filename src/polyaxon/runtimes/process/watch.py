"""Waiting for processes that are not our keeper's to end, without asking again and again.

On Linux a pidfd becomes readable when the process ends, and keeps its pid from meaning another one. Elsewhere the
processes are looked at a few times a second.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable

__all__ = ["Watch", "session_members"]

_INTERVAL_SECONDS = 0.2


class Watch:
    """Calls back, once, when a watched process has ended. All calls come from the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._descriptors: dict[int, int] = {}
        self._polled: dict[int, Callable[[], None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def other(self, pid: int, is_same: Callable[[], bool], ended: Callable[[], None]) -> bool:
        """Watch any process; False when it has ended already. `is_same` tells it from a later one of that pid."""
        if not hasattr(os, "pidfd_open"):
            if not (is_same() and _is_alive(pid)):
                return False
            self._poll(pid, ended)
            return True
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return False
        # The order matters: with the descriptor held, the pid means this process until it is closed.
        if not is_same() or _is_readable(descriptor):
            os.close(descriptor)
            return False
        self._add(pid, descriptor, ended)
        return True

    def close(self) -> None:
        """Stop watching; the processes go on."""
        for descriptor in self._descriptors.values():
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
        self._descriptors.clear()
        self._polled.clear()
        if self._timer:
            self._timer.cancel()

    def _add(self, pid: int, descriptor: int, ended: Callable[[], None]) -> None:
        def readable() -> None:
            self._loop.remove_reader(descriptor)
            del self._descriptors[pid]
            ended()
            os.close(descriptor)

        self._descriptors[pid] = descriptor
        self._loop.add_reader(descriptor, readable)

    def _poll(self, pid: int, ended: Callable[[], None]) -> None:
        self._polled[pid] = ended
        if self._timer is None:
            self._timer = self._loop.call_later(_INTERVAL_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        for pid in [pid for pid in self._polled if not _is_alive(pid)]:
            self._polled.pop(pid)()
        if self._polled and self._timer is None:
            self._timer = self._loop.call_later(_INTERVAL_SECONDS, self._look)


def session_members(session: int) -> list[int]:
    """Return the processes of a session, whatever groups they made for themselves."""
    members = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if not name.isdigit():
            continue
        try:
            if os.getsid(int(name)) == session:
                members.append(int(name))
        except OSError:
            continue
    return members


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _is_alive(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
