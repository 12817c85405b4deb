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


def log_files(run_directory: Path) -> list[Path]:
    """Return the run's log files, the main process's first."""
    files = [path for path in (run_directory / LOGS).glob("*") if path.suffix in {".log", ".jsonl", ".plx", ".txt"}]
    return sorted(files, key=lambda path: ("main" not in path.stem, path.name))


def read_lines(run_directory: Path) -> Iterator[tuple[str, str]]:
    """Yield (process, line) of all the run's logs, file by file."""
    for path in log_files(run_directory):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                text = _text(path, line)
                if text is not None:
                    yield path.stem, text


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
        position = file.seek(0, 2)
        block = b""
        while position and block.count(b"\n") <= 2 * count:  # twice: blank lines do not count
            size = min(BLOCK_BYTES, position)
            position -= size
            file.seek(position)
            block = file.read(size) + block
    lines = block.decode("utf-8", errors="replace").splitlines()
    return lines if position == 0 else lines[1:]


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
            offset = self._offsets.get(path, 0)
            with path.open("rb") as file:
                file.seek(offset)
                block = file.read()
            whole = len(block) if ended else block.rfind(b"\n") + 1
            self._offsets[path] = offset + whole
            for line in block[:whole].decode("utf-8", errors="replace").splitlines():
                text = _text(path, line)
                if text is not None:
                    yield path.stem, text
