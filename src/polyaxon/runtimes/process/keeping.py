"""The scheduler's side of its keeper (`keeper`): asks it to start processes, and hears how they ended.

A keeper that is killed is replaced with the next request. It takes the knowledge of exit codes with it: whoever asked
is told that it is gone, and looks for what became of the process himself.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.runtimes.keeper import messages_in, packed

__all__ = ["Answer", "Command", "Keeper"]

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from polyaxon.runtimes.keeper import main; main()"
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request.

    Of a place: it `began`, or is `withdrawn`. Of a process: it `ended` (with the code), `failed` to start (with the
    reason), is `elsewhere` (somebody else has the claim) or `withdrawn`. Of both: `gone`, the keeper was killed.
    """

    what: str
    value: Any = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A process to start. `stem` is how its records are called; the directories are made for it first."""

    stem: str
    directories: tuple[str, ...]
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    log: str


class Keeper:
    """Has processes started and signalled by the keeper program, at most `places` attempts at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, places: int | None) -> None:
        self._loop = loop
        self._places = places
        self._channel: socket.socket | None = None
        self._pid = 0
        self._number = 0
        self._asked: dict[int, Callable[[Answer], None]] = {}
        self._unsent: list[tuple[Any, ...]] = []
        self._received = bytearray()

    def open(self) -> socket.socket:
        """Start the keeper program, if it does not run. Raises OSError."""
        if self._channel is not None:
            return self._channel
        ours, theirs = socket.socketpair()
        try:
            self._pid = _start(theirs)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._channel = ours
        self._loop.add_reader(ours, self._heard)
        self._send(("open", self._places))
        return ours

    def enter(self, lane: str | None, width: int, at_once: bool, answered: Callable[[Answer], None]) -> int:
        """Ask for a place in the line and return it. Raises OSError."""
        self.open()
        place = self._ask(answered)
        self._send(("enter", place, lane, width, at_once))
        return place

    def leave(self, place: int) -> None:
        """Give a place back."""
        self._send(("leave", place))

    def withdraw(self, place: int) -> None:
        """Give up waiting for a place; in vain where it began already."""
        self._send(("withdraw", place))

    def spawn(self, command: Command, locks: Sequence[int], answered: Callable[[Answer], None], place: int = 0) -> int:
        """Have a process started and return its ticket: at once, or for as long as it has the place. It inherits the
        locks. Raises OSError."""
        channel = self.open()
        ticket = self._ask(answered)
        what = (command.stem, command.directories, command.argv, command.env, command.cwd, command.log)
        request = ("spawn", ticket, place, *what, len(locks))
        if locks:
            self._flush()
            message = packed([request])
            sent = socket.send_fds(channel, [message], locks)
            channel.sendall(message[sent:])
        else:
            self._send(request)
        return ticket

    def signal(self, ticket: int, number: int) -> None:
        """Signal the process's group, unless it has ended."""
        self._send(("signal", ticket, int(number)))

    def close(self) -> None:
        """Leave the keeper alone: what waits for a place never begins; it stays as long as its processes run."""
        self._flush()
        self._asked.clear()
        if self._channel is not None:
            self._hang_up()
            _left.add(self._pid)

    def _ask(self, answered: Callable[[Answer], None]) -> int:
        self._number += 1
        self._asked[self._number] = answered
        return self._number

    def _send(self, request: tuple[Any, ...]) -> None:
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(request)

    def _flush(self) -> None:
        """Send what waits; blocks at most until the keeper has taken it, which never waits for us."""
        requests, self._unsent = self._unsent, []
        if requests and self._channel is not None:
            with suppress(OSError):  # killed: reading says so
                self._channel.sendall(packed(requests))

    def _heard(self) -> None:
        assert self._channel is not None
        try:
            data = self._channel.recv(_CHUNK_BYTES)
        except OSError:
            data = b""
        self._received += data
        for number, what, value, at in messages_in(self._received):
            self._asked.pop(number)(Answer(what, value, datetime.fromtimestamp(at, UTC)))
        if not data:
            self._hang_up()
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)  # it is dead, and should not look as if it lived
            asked, self._asked = self._asked, {}
            for answered in asked.values():
                answered(Answer("gone"))

    def _hang_up(self) -> None:
        assert self._channel is not None
        self._loop.remove_reader(self._channel)
        self._channel.close()
        self._channel = None
        self._received.clear()


_left: set[int] = set()
"""Keepers that are left alone and may have ended: nobody else waits for them."""


def _start(channel: socket.socket) -> int:
    for pid in list(_left):
        with suppress(ChildProcessError):
            if not os.waitpid(pid, os.WNOHANG)[0]:
                continue
        _left.discard(pid)
    above = str(Path(__file__).resolve().parents[3])
    return os.posix_spawn(
        sys.executable,
        # Isolated and without site-packages: it is there in some milliseconds, and is nobody's environment.
        [sys.executable, "-I", "-S", "-c", _PROGRAM, above, "polyaxon-keeper"],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, channel.fileno(), 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
