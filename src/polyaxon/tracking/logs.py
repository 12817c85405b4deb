"""Keeps what a user's own run prints: stdout and stderr still go where they went, and line by line into a file.

Only for runs that nobody else starts; what starts a managed run keeps its output.
"""

from __future__ import annotations

import os
import sys
import time

from polyaxon.tracking import layout
from polyaxon.tracking.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TextIO

__all__ = ["LOG_FILE", "Capture"]

LOG_FILE = "plxlogs/logs.jsonl"


class Capture:
    """Stands before stdout and stderr from `start` to `stop`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._streams: list[tuple[str, _Tee]] = []
        self._origin: dict[str, str | None] | None = None

    def start(self) -> None:
        """Begin."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None:
                tee = _Tee(stream, self._keep)
                self._streams.append((name, tee))
                setattr(sys, name, tee)

    def stop(self) -> None:
        """End, and put the streams back unless somebody else stands before them now."""
        for name, tee in self._streams:
            tee.finish()
            if getattr(sys, name) is tee:
                setattr(sys, name, tee.stream)
        self._streams.clear()

    def _keep(self, line: str) -> None:
        if self._origin is None:
            self._origin = {"node": "local", "pod": os.environ.get("USER"), "container": _host()}
        at = time.time()
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1e6):06d}Z"
        self._writer.line(LOG_FILE, layout.encode({"timestamp": moment, **self._origin, "value": line}) + "\n")


class _Tee:
    """A text stream that passes everything on and tells complete, non-empty lines."""

    def __init__(self, stream: TextIO, tell: Callable[[str], None]) -> None:
        self.stream = stream
        self._tell = tell
        self._rest = ""

    def write(self, text: str) -> int:
        count = self.stream.write(text)
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > 1 << 16:  # a progress bar that never ends its line
            self._rest = self._rest.rpartition("\r")[2][-(1 << 16) :]
        return count

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def finish(self) -> None:
        self._line(self._rest)
        self._rest = ""

    def _line(self, line: str) -> None:
        shown = line.rstrip("\r").rpartition("\r")[2]  # what a terminal would show of a redrawn line
        if shown.strip():
            self._tell(shown)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _host() -> str:
    import socket

    return socket.gethostname()
