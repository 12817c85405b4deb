"""The keeper: the parent of all processes that one scheduler starts. A program of its own, light and quick to start.

It takes requests from the socket that is its standard input, claims, starts, signals and waits, writes down how each
process ended, and answers. It has a session of its own and outlives its scheduler: while a process of it runs, it stays
to write down the end. Messages are marshalled lists of tuples after their length in four bytes; to it:

("open", places)                          the first: how many attempts may be inside at once; None is no limit
("enter", place, lane, width, at_once)    asks for a place in the line (`Line`)
("leave", place) ("withdraw", place)      gives it back; gives up waiting for it
("spawn", ticket, place, stem, directories, argv, env, cwd, log, locks)
                                          starts a process, in directories that are made for it: at once, or for the
                                          time that it has its place
("signal", ticket, number)                signals the process's group

Every place and every ticket is answered once, with (number, what, value, time): a place with `began` or `withdrawn`, a
ticket with `ended` and the code, `elsewhere` (another one has the claim), `failed` and the reason, or `withdrawn`.
While something stands ready to begin, answers wait some milliseconds for others: nobody needs them for that.
`locks` counts the descriptors that come along: the process inherits them, and they are held until it has ended.
"""

from __future__ import annotations

import errno
import gc
import marshal
import os
import select
import signal
import socket
import time
from collections import deque
from contextlib import suppress
from typing import Any

from polyaxon.runtimes.identity import Ticks, boot, start_time, tick
from polyaxon.runtimes.line import Line

__all__ = [
    "NEVER_STARTED",
    "describe",
    "main",
    "make_directory",
    "messages_in",
    "packed",
    "signal_group",
]

NEVER_STARTED = "0 - - 0 -"
"""Stands in the claim of a process that the system refused to start."""
_CHUNK_BYTES = 1 << 18
_MOST_LOCKS = 250
_MOST_OPEN = 50
"""Of so many processes the claims stay open until they have ended: hundreds would take the descriptors."""
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Who means the scheduler does not mean what it started: a keeper leaves when its work is done."""
_COMPANY_SECONDS = 0.008
"""How long answers wait for others."""


def packed(messages: list[tuple[Any, ...]]) -> bytes:
    """Return the messages as they go over the socket."""
    body = marshal.dumps(messages)
    return len(body).to_bytes(4, "big") + body


def messages_in(received: bytearray) -> list[Any]:
    """Take the messages out of what was received whole; the beginning of more stays."""
    found: list[Any] = []
    at = 0
    while len(received) - at >= 4:
        end = at + 4 + int.from_bytes(received[at : at + 4], "big")
        if end > len(received):
            break
        found += marshal.loads(received[at + 4 : end])
        at = end
    del received[:at]
    return found


def signal_group(pid: int, number: int) -> None:
    """Signal every process of the group, which may be gone already."""
    with suppress(OSError):
        os.killpg(pid, number)


def describe(error: OSError | ValueError) -> str:
    """Return what the system said, with the file it said it of."""
    if isinstance(error, ValueError):
        return f"the command or its environment cannot be passed on: {error}"
    where = f" (`{error.filename}`)" if error.filename else ""
    return f"{error.strerror or error}{where}"


def make_directory(path: str) -> bool:
    """Make the directory, with those above if need be; whether it was not there. Raises OSError."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return False
    except FileNotFoundError:
        os.makedirs(path, exist_ok=True)
    return True


class _Child:
    """A process that runs: what it is asked under, where its end is written, and what to let go then."""

    __slots__ = ("locks", "place", "record", "stem", "ticket")

    def __init__(self, ticket: int, place: int, stem: str, locks: list[int]) -> None:
        self.record: int | None = None
        """Its claim, where that is kept open."""
        self.ticket = ticket
        self.place = place
        self.stem = stem
        self.locks = locks


class _Keeper:
    def __init__(self, channel: socket.socket) -> None:
        self._channel: socket.socket | None = channel
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        self._is_stuck = False
        """Whether answers wait for the scheduler to read."""
        self._mark = f"{boot()} {os.getpid()} {start_time(os.getpid())}"
        self._line = Line()
        self._held: dict[int, tuple[Any, ...]] = {}
        """What is to be started when its place begins."""
        self._inside: set[int] = set()
        """Places that began, as far as nothing was started in them."""
        self._children: dict[int, _Child] = {}
        """By pid."""
        self._pids: dict[int, int] = {}
        """By ticket."""
        self._received = bytearray()
        self._requests: deque[Any] = deque()
        self._locks: deque[int] = deque()
        """Those of the requests that are still to be carried out, in their order."""
        self._started = 0
        self._ticks = Ticks()
        self._answers: list[tuple[Any, ...]] = []
        self._answered_at = 0.0
        """When the first of them was given."""
        self._unsent = bytearray()

    def keep(self, woken: int) -> None:
        """Serve until the scheduler is gone and every process has ended; `woken` is readable when one may have."""
        self._poll.register(woken, select.POLLIN)
        while self._channel is not None or self._requests or self._children:
            ready = {descriptor for descriptor, _ in self._poll.poll(self._patience())}
            if woken in ready:
                os.read(woken, 4096)
                self._reap()
            if self._channel is not None and self._channel.fileno() in ready:
                self._receive(self._channel)
            self._begin()
            self._take_requests()
            if self._channel is not None and (self._unsent or self._is_due()):
                self._send(self._channel)

    def _receive(self, channel: socket.socket) -> None:
        try:
            data, locks, _, _ = socket.recv_fds(channel, _CHUNK_BYTES, _MOST_LOCKS, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data, locks = b"", []
        self._locks += locks
        self._received += data
        self._requests += messages_in(self._received)
        if not data:
            self._poll.unregister(channel)
            self._channel = None
            self._answers.clear()

    def _take_requests(self) -> None:
        """Carry requests out until one has started something: an ending is not to wait for a hundred beginnings."""
        before = self._started
        while self._requests and self._started == before:
            what, *rest = self._requests.popleft()
            _REQUESTS[what](self, *rest)
            self._begin()

    def _patience(self) -> float | None:
        """How many milliseconds there are until something is to be done anyway."""
        if self._requests:
            return 0
        if not self._answers:
            return None
        return max(0.0, 1000 * (self._answered_at + _COMPANY_SECONDS - time.monotonic()))

    def _is_due(self) -> bool:
        """Whether there are answers that are not to wait for company: nothing stands ready, or they waited."""
        if not self._answers:
            return False
        return not self._held or time.monotonic() >= self._answered_at + _COMPANY_SECONDS

    def _send(self, channel: socket.socket) -> None:
        if self._answers:
            self._unsent += packed(self._answers)
            self._answers.clear()
        try:
            sent = channel.send(self._unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:  # it is gone: reading says so
            sent = len(self._unsent)
        del self._unsent[:sent]
        if bool(self._unsent) != self._is_stuck:
            self._is_stuck = not self._is_stuck
            self._poll.modify(channel, select.POLLIN | (select.POLLOUT if self._is_stuck else 0))

    def _answer(self, number: int, what: str, value: Any = None) -> None:
        if self._channel is None:
            return
        if not self._answers:
            self._answered_at = time.monotonic()
        self._answers.append((number, what, value, time.time()))

    # Requests

    def _open(self, places: int | None) -> None:
        self._line = Line(places)

    def _enter(self, place: int, lane: str | None, width: int, at_once: bool) -> None:
        self._line.enter(place, lane, width, at_once)
        if at_once:
            self._began(place)

    def _leave(self, place: int) -> None:
        self._line.leave(place)
        self._inside.discard(place)

    def _withdraw(self, place: int) -> None:
        if not self._line.withdraw(place):
            return
        self._answer(place, "withdrawn")
        held = self._held.pop(place, None)
        if held is not None:
            self._answer(held[0].ticket, "withdrawn")

    def _spawn(self, ticket: int, place: int, stem: str, *request: Any) -> None:
        *command, count = request
        child = _Child(ticket, place, stem, [self._locks.popleft() for _ in range(count)])
        if place and place not in self._inside:
            self._held[place] = (child, *command)
        else:
            self._inside.discard(place)
            self._start(child, *command)

    def _signal(self, ticket: int, number: int) -> None:
        if ticket in self._pids:
            signal_group(self._pids[ticket], number)

    # Beginning and ending

    def _begin(self) -> None:
        """Start what has a place now, while anybody listens."""
        if self._channel is None:
            return
        for place in self._line.begin():
            self._began(place)
            held = self._held.pop(place, None)
            if held is not None:
                self._inside.discard(place)
                self._start(*held)

    def _began(self, place: int) -> None:
        self._inside.add(place)
        self._answer(place, "began")

    def _start(
        self,
        child: _Child,
        directories: tuple[str, ...],
        argv: tuple[str, ...],
        env: dict[str, str],
        cwd: str,
        log: str,
    ) -> None:
        try:
            for directory in directories:
                make_directory(directory)
            record = _claim(child.stem)
        except OSError as error:
            is_claimed = error.errno == errno.EEXIST
            self._let_go(child, "elsewhere" if is_claimed else "failed", None if is_claimed else describe(error))
            return
        self._started += 1
        pid, before = 0, tick()
        try:
            pid = _start(argv, env, cwd, log, child.locks)
            os.write(record, f"{pid} {self._ticks.started(pid, before)} {self._mark} {time.time()}\n".encode())
        except (OSError, ValueError) as error:  # a value: no system takes a NUL in an argument
            if pid:  # it cannot be written down: the disk is full
                signal_group(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            os.truncate(record, 0)
            os.close(record)
            _add(child, f"{NEVER_STARTED} {time.time()}")
            _add(child, f"126 {time.time()}")
            self._let_go(child, "failed", describe(error))
        else:
            if len(self._children) < _MOST_OPEN:
                child.record = record
            else:
                os.close(record)
            self._children[pid] = child
            self._pids[child.ticket] = pid

    def _reap(self) -> None:
        """Write down the ends of all children that ended, and end what they left in their groups."""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            child = self._children.pop(pid, None)
            if child is None:
                continue
            signal_group(pid, signal.SIGKILL)
            del self._pids[child.ticket]
            code = os.waitstatus_to_exitcode(status)
            code = code if code >= 0 else 128 - code  # as a shell tells a signal
            _add(child, f"{code} {time.time()}")
            self._let_go(child, "ended", code)

    def _let_go(self, child: _Child, what: str, value: Any) -> None:
        for lock in child.locks:
            os.close(lock)
        if child.place:
            self._line.leave(child.place)
        self._answer(child.ticket, what, value)


_REQUESTS: dict[str, Any] = {
    "open": _Keeper._open,
    "enter": _Keeper._enter,
    "leave": _Keeper._leave,
    "withdraw": _Keeper._withdraw,
    "spawn": _Keeper._spawn,
    "signal": _Keeper._signal,
}


def _claim(stem: str) -> int:
    """Create the claim exclusively, in a directory that is there but for the first of its runs. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        return os.open(f"{stem}.pid", flags, 0o644)
    except FileNotFoundError:
        make_directory(os.path.dirname(stem))
        return os.open(f"{stem}.pid", flags, 0o644)


def _start(argv: tuple[str, ...], env: dict[str, str], cwd: str, log: str, locks: list[int]) -> int:
    """Start the process in a session of its own, its output appended to `log`; return its pid. Raises OSError."""
    os.chdir(cwd)
    for lock in locks:
        os.set_inheritable(lock, True)
    try:
        return _spawn(argv[0], argv, env, log)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        return _spawn("/bin/sh", ("/bin/sh", *argv), env, log)  # a script that does not say by what it is to be read
    finally:
        for lock in locks:
            os.set_inheritable(lock, False)
        os.chdir("/")


def _spawn(program: str, argv: tuple[str, ...], env: dict[str, str], log: str) -> int:
    return os.posix_spawn(
        program,
        argv,
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=(),
        # Python ignores the first two, and an ignored signal stays ignored in every process below.
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ, *_IGNORED),
    )


def _add(child: _Child, line: str) -> None:
    """Add a line to the claim, whole: who reads it takes one without its end for none."""
    with suppress(OSError):  # no room, or no directory any more: the answer says it all the same
        descriptor = child.record
        if descriptor is None:
            descriptor = os.open(f"{child.stem}.pid", os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)


def main() -> None:
    """Keep what the socket at standard input asks for."""
    gc.disable()  # nothing here refers to itself
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    channel = socket.socket(fileno=os.dup(0))
    _Keeper(channel).keep(woken)
