"""Writes a run's files without making the training wait: calls append to a queue, one thread empties it.

What must stay true:

- A call does no file or thread work; what it wrote is on disk within a second, also when no further call comes.
- Files only grow, by whole lines. Killing the process at any moment loses at most the last second, never a file.
- A forked child (a data loader's worker) does not write what its parent queued, and writes its own lines at once.
- Trouble with the disk is said once on stderr and tried again; it never stops the training.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections import deque
from contextlib import suppress

from polyaxon.tracking import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

__all__ = ["Writer", "append"]

_FLUSH_SECONDS = 0.5
_QUEUE_ROWS = 50_000
_UNWRITTEN_BYTES = 64 << 20


class Writer:
    """The queue of one run. Any thread may call any method."""

    def __init__(self, directory: str, on_flush: Callable[[], None] | None = None) -> None:
        self.directory = directory
        self._on_flush = on_flush
        self._rows: deque[tuple[str, int | None, float, float]] = deque()
        self._lines: deque[tuple[str, str, str]] = deque()
        self._known: set[str] = set()
        self._unwritten: dict[str, bytes] = {}
        self._complained = False
        self._forked = False
        self._flusher: int | None = None
        self._after: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None
        self._fresh()
        _WRITERS.add(self)

    def metric(self, name: str, step: int | None, at: float, value: float) -> None:
        """Queue one metric event; `name` is safe already."""
        self._rows.append((name, step, at, value))
        if not self._due:
            self._wake()
        elif len(self._rows) > _QUEUE_ROWS:
            self.flush()

    def line(self, path: str, text: str, header: str = "") -> None:
        """Queue text for the file `path` of the run's directory; `header` comes first in a new file."""
        self._lines.append((path, header, text))
        if not self._due:
            self._wake()
        elif len(self._lines) > _QUEUE_ROWS:
            self.flush()

    def wake(self) -> None:
        """Have `on_flush` called soon, though nothing may have been queued."""
        if not self._due:
            self._wake()

    def flush(self) -> None:
        """Write what is queued. Returns when it is on its way to the disk."""
        with self._lock:
            self._flusher = threading.get_ident()
            self._due = False
            try:
                self._write(self._drain())
            except OSError as error:
                self._complain(error)
            finally:
                self._flusher = None
        after, self._after = self._after, None
        if after is not None:
            after()

    def flush_then(self, action: Callable[[], None]) -> None:
        """Flush and call `action`; from a signal's handler that interrupted a flush, let that one finish first."""
        if self._flusher == threading.get_ident():
            self._after = action
            return
        self.flush()
        action()

    def close(self) -> None:
        """Flush and end the thread; a later call starts another."""
        self.flush()
        self._stopped.set()
        self._signal.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)
        self.flush()
        lost = sum(map(len, self._unwritten.values()))
        if lost:
            sys.stderr.write(f"polyaxon: {lost} bytes of tracking could not be written below `{self.directory}`\n")
        self._fresh()

    def _fresh(self) -> None:
        self._lock = threading.RLock()
        self._starting = threading.RLock()  # apart from `_lock`: a call must not wait for a disk
        self._flusher = None
        self._after = None
        self._signal = threading.Event()
        self._stopped = threading.Event()
        self._thread = None
        self._due = False

    def after_fork(self) -> None:
        """Forget, in a forked child, what belongs to the parent."""
        self._rows.clear()
        self._lines.clear()
        self._unwritten.clear()
        self._fresh()
        self._forked = True

    def _wake(self) -> None:
        """Once per flush: the queue was empty and no longer is."""
        self._due = True
        if self._forked:  # a worker ends without running exit handlers
            if self._flusher is None:
                self.flush()
            return
        if not self._has_thread():
            if self._flusher is None:
                self.flush()
            return
        self._signal.set()

    def _has_thread(self) -> bool:
        """Make sure that there is a thread; there is none when the interpreter is ending (later Pythons refuse)."""
        if self._thread is not None:
            return True
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="polyaxon-tracking", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return False
                self._thread = thread
        return True

    def _run(self) -> None:
        signal, stopped = self._signal, self._stopped
        while not stopped.is_set():
            signal.wait()
            signal.clear()
            stopped.wait(_FLUSH_SECONDS)
            self.flush()
            if self._on_flush is not None and not stopped.is_set():
                self._on_flush()

    def _drain(self) -> dict[str, tuple[str, bytes]]:
        """Empty the queues into path → (header, text); what could not be written before comes first."""
        texts: dict[str, tuple[str, list[str]]] = {}
        rows = [self._rows.popleft() for _ in range(len(self._rows))]
        for name, lines in layout.metric_rows(rows).items():
            texts[layout.event_path("metric", name)] = (layout.header("metric"), lines)
        for _ in range(len(self._lines)):
            path, header, text = self._lines.popleft()
            texts.setdefault(path, (header, []))[1].append(text)
        earlier, self._unwritten = self._unwritten, {}
        drained = {
            path: (header, earlier.pop(path, b"") + "".join(lines).encode("utf-8", "backslashreplace"))
            for path, (header, lines) in texts.items()
        }
        drained.update((path, (_header(path), text)) for path, text in earlier.items())
        return drained

    def _write(self, drained: dict[str, tuple[str, bytes]]) -> None:
        trouble: OSError | None = None
        for path, (header, text) in drained.items():
            try:
                written = append(os.path.join(self.directory, path), text, header, check=path not in self._known)
            except OSError as error:
                trouble, written = error, 0
            else:
                self._known.add(path)
            if written < len(text):
                self._unwritten[path] = text[written:]
        if self._unwritten:
            self._bound()
            self.wake()
        if trouble is not None:
            raise trouble

    def _bound(self) -> None:
        """Memory is not a disk: give up the oldest of what cannot be written."""
        excess = sum(map(len, self._unwritten.values())) - _UNWRITTEN_BYTES
        for path in list(self._unwritten):
            if excess <= 0:
                return
            excess -= len(self._unwritten.pop(path))

    def _complain(self, error: OSError) -> None:
        if self._complained:
            return
        self._complained = True
        sys.stderr.write(
            f"polyaxon: tracking cannot write below `{self.directory}` ({error.strerror or error}); trying again\n"
        )


def append(path: str, text: bytes, header: str = "", check: bool = True) -> int:
    """Add whole lines to a file that may not exist yet; return how many bytes of them the disk took.

    With `check`, a last line that a kill cut off is ended first, so that the text begins on a line of its own.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        file = os.open(path, flags, 0o644)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = os.open(path, flags, 0o644)
    try:
        _lock(file)
        size = os.lseek(file, 0, os.SEEK_END)
        prefix = b""
        if size == 0:
            prefix = header.encode()
        elif check and not text.startswith(b"\n") and _is_torn(file, size):
            prefix = b"\n"
        # One write, so that lines of several processes do not mix; a disk that fills takes a part of it.
        return max(0, os.write(file, prefix + text) - len(prefix))
    finally:
        os.close(file)


def _lock(file: int) -> None:
    """Keep other writers out until the file is closed: a write that goes on looks like a torn line."""
    try:
        import fcntl
    except ImportError:  # not on this system; the write itself is still one
        return
    with suppress(OSError):  # some network file systems have no locks
        fcntl.flock(file, fcntl.LOCK_EX)


def _is_torn(file: int, size: int) -> bool:
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1) != b"\n"


def _header(path: str) -> str:
    parts = path.split("/")
    return layout.header(parts[1]) if parts[0] == "events" else ""


_WRITERS: weakref.WeakSet[Writer] = weakref.WeakSet()


def _after_fork() -> None:
    for writer in list(_WRITERS):
        writer.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
