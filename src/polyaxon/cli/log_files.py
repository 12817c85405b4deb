"""Reading what runs wrote: last lines first, new lines as they come. Files may grow, be absent, or hold broken text.

A run's logs lie in `plxlogs/` of its directory: plain text, or JSON lines with the text in `value` (tracked user runs).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

__all__ = ["LogFollower", "last_lines", "log_files", "read_lines"]

LOGS = "plxlogs"
BLOCK_BYTES = 1 << 16
TAIL_BYTES = 1 << 23
"""How much of the end of a file is read for its last lines at most."""
LINE_LENGTH = 1 << 14
"""Where the last lines are cut: nobody reads further, and a progress bar or binary output may go on for ever."""
PIECE_BYTES = 1 << 20
"""How much is read at a time; a longer line is told in pieces."""


def log_files(run_directory: Path) -> list[Path]:
    """Return the run's log files, the main process's first."""
    files = [path for path in (run_directory / LOGS).glob("*") if path.suffix in {".log", ".jsonl", ".plx", ".txt"}]
    return sorted(files, key=lambda path: (path.stem != "main", "main" not in path.stem, path.name))


def read_lines(run_directory: Path) -> Iterator[tuple[str, str]]:
    """Yield (process, line) of all the run's logs, file by file."""
    yield from LogFollower(run_directory).new_lines(ended=True)


def last_lines(run_directory: Path, count: int) -> list[str]:
    """Return the last lines of the run's main log without reading the rest of it; blank ones are left out."""
    for path in log_files(run_directory):
        texts = [_text(path, line) for line in _tail(path, count)]
        lines = [text for text in texts if text and text.strip()]
        if lines:
            return lines[-count:]
    return []


def _tail(path: Path, count: int) -> list[str]:
    with path.open("rb") as file:
        position = end = file.seek(0, 2)
        blocks: list[bytes] = []
        newlines = 0
        # Twice as many: blank lines do not count. What has no lines at all is cut somewhere.
        while position and newlines <= 2 * count and end - position < TAIL_BYTES:
            size = min(BLOCK_BYTES, position)
            position -= size
            file.seek(position)
            blocks.append(file.read(size))
            newlines += blocks[-1].count(b"\n")
    lines = b"".join(reversed(blocks)).decode("utf-8", errors="replace").split("\n")
    if position and len(lines) > 1:
        del lines[0]  # begun before what was read
    return [line if len(line) <= LINE_LENGTH else f"{line[:LINE_LENGTH]}…" for line in lines]


def _text(path: Path, line: str) -> str | None:
    line = line.rstrip("\r\n")
    if path.suffix != ".jsonl":
        return line
    if not line:
        return None
    try:
        return str(json.loads(line)["value"])
    except (ValueError, KeyError, TypeError):
        return line


class LogFollower:
    """Remembers how far each file of one run was read, and returns the whole lines that came since."""

    def __init__(self, run_directory: Path) -> None:
        self.run_directory = run_directory
        self._offsets: dict[Path, int] = {}

    def new_lines(self, ended: bool = False) -> Iterator[tuple[str, str]]:
        """Yield (process, line); a last line without its newline is held back until the run has `ended`."""
        for path in log_files(self.run_directory):
            for line in self._whole_lines(path, ended):
                text = _text(path, line)
                if text is not None:
                    yield path.stem, text

    def _whole_lines(self, path: Path, ended: bool) -> Iterator[str]:
        with path.open("rb") as file:
            file.seek(self._offsets.get(path, 0))
            rest = b""
            while piece := file.read(PIECE_BYTES):
                *lines, rest = (rest + piece).split(b"\n")
                if len(rest) > PIECE_BYTES:
                    lines, rest = [*lines, rest], b""
                self._offsets[path] = file.tell() - len(rest)
                yield from (line.decode("utf-8", errors="replace") for line in lines)
            if rest and ended:
                self._offsets[path] = file.tell()
                yield rest.decode("utf-8", errors="replace")
