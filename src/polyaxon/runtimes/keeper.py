"""The keeper: the parent of all processes that one scheduler starts. A program of its own, light and quick to start.

It takes requests from the socket that is its standard input, claims, starts, signals and waits, writes down how each
process ended, and answers. It has a session of its own and outlives its scheduler: while a process of it runs, it stays
to write down the end. Messages are marshalled tuples after their length in four bytes; to it:

("open", places)                          the first: how many attempts may be inside at once; None is no limit
("enter", place, lane, width, at_once)    asks for a place in the line (`Line`)
("leave", place) ("withdraw", place)      gives it back; gives up waiting for it
("spawn", ticket, place, stem, directories, argv, env, cwd, log, locks)
                                          starts a process, in directories that are made for it: at once, or for the
                                          time that it has its place
("signal", ticket, number)                signals the process's group

Every place and every ticket is answered once, with (number, what, value, time): a place with `began` or `withdrawn`, a
ticket with `ended` and the code, `elsewhere` (another one has the claim), `failed` and the reason, or `withdrawn`.
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

from polyaxon.runtimes.line import Line

__all__ = [
    "NEVER_STARTED",
    "boot",
    "describe",
    "is_zombie",
    "main",
    "make_directory",
    "messages_in",
    "packed",
    "signal_group",
    "start_time",
]

NEVER_STARTED = "0 - - 0 -"
"""Stands in the claim of a process that the system refused to start."""
_CHUNK_BYTES = 1 << 18
_MOST_LOCKS = 250
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Who means the scheduler does not mean what it started: a keeper leaves when its work is done."""


def packed(message: tuple[Any, ...]) -> bytes:
    """Return the message as it goes over the socket."""
    body = marshal.dumps(message)
    return len(body).to_bytes(4, "big") + body


def messages_in(received: bytearray) -> list[Any]:
    """Take the whole messages out of what was received; the beginning of another stays."""
    found, at = [], 0
    while len(received) - at >= 4:
        end = at + 4 + int.from_bytes(received[at : at + 4], "big")
        if end > len(received):
            break
        found.append(marshal.loads(received[at + 4 : end]))
        at = end
    del received[:at]
    return found


def start_time(pid: int) -> str | None:
    """Return when the process started: ticks since boot as /proc tells them, elsewhere what `ps` says."""
    try:
        return _stat(pid)[19].decode()
    except OSError:
        return None if os.path.exists("/proc/self/stat") else _start_time_elsewhere(pid)


def is_zombie(pid: int) -> bool:
    """Whether the process is gone, though nobody may have waited for it; False where the system does not tell."""
    try:
        return _stat(pid)[0] == b"Z"
    except OSError:
        return os.path.exists("/proc/self/stat")


def _stat(pid: int) -> list[bytes]:
    """Return what /proc tells of the process behind its name: state first. Raises OSError."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b") ")[2].split()


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


def _start_time_elsewhere(pid: int) -> str | None:
    import subprocess

    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "_".join(said.stdout.split()) or None


def boot() -> str:
    """Return what identifies this boot of the machine; start times only compare within one."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "unknown"


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
    """A process that runs: what it is asked under, and what to let go when it has ended."""

    __slots__ = ("locks", "place", "stem", "ticket")

    def __init__(self, ticket: int, place: int, stem: str, locks: list[int]) -> None:
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
        self._answers = bytearray()

    def keep(self, woken: int) -> None:
        """Serve until the scheduler is gone and every process has ended; `woken` is readable when one may have."""
        self._poll.register(woken, select.POLLIN)
        while self._channel is not None or self._requests or self._children:
            ready = {descriptor for descriptor, _ in self._poll.poll(0 if self._requests else None)}
            if woken in ready:
                os.read(woken, 4096)
                self._reap()
            if self._channel is not None and self._channel.fileno() in ready:
                self._receive(self._channel)
            if self._requests:  # one at a time: an ending is not to wait for a hundred beginnings
                what, *rest = self._requests.popleft()
                _REQUESTS[what](self, *rest)
            if self._channel is not None:
                self._begin()
            if self._channel is not None and self._answers:
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

    def _send(self, channel: socket.socket) -> None:
        try:
            sent = channel.send(self._answers, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:  # it is gone: reading says so
            sent = len(self._answers)
        del self._answers[:sent]
        if bool(self._answers) != self._is_stuck:
            self._is_stuck = not self._is_stuck
            self._poll.modify(channel, select.POLLIN | (select.POLLOUT if self._is_stuck else 0))

    def _answer(self, number: int, what: str, value: Any = None) -> None:
        self._answers += packed((number, what, value, time.time()))

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
        """Start what has a place now."""
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
            record = os.open(f"{child.stem}.pid", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            is_claimed = error.errno == errno.EEXIST
            self._let_go(child, "elsewhere" if is_claimed else "failed", None if is_claimed else describe(error))
            return
        pid = 0
        try:
            pid = _start(argv, env, cwd, log, child.locks)
            os.write(record, f"{pid} {start_time(pid)} {self._mark} {time.time()}\n".encode())
        except (OSError, ValueError) as error:  # a value: no system takes a NUL in an argument
            if pid:  # it cannot be written down: the disk is full
                signal_group(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            os.truncate(record, 0)
            _add(child.stem, f"{NEVER_STARTED} {time.time()}")
            _add(child.stem, f"126 {time.time()}")
            self._let_go(child, "failed", describe(error))
        else:
            self._children[pid] = child
            self._pids[child.ticket] = pid
        finally:
            os.close(record)

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
            _add(child.stem, f"{code} {time.time()}")
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


def _add(stem: str, line: str) -> None:
    """Add a line to a claim, whole: who reads it takes one without its end for none."""
    with suppress(OSError):  # no room, or no directory any more: the answer says it all the same
        descriptor = os.open(f"{stem}.pid", os.O_WRONLY | os.O_APPEND)
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
