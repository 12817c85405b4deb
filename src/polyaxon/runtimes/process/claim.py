"""Who runs an attempt's process: at most one ever does.

A keeper creates `<stem>.pid` exclusively before it starts the process, and writes down in it which process it is; a
second keeper finds the file and leaves it alone. So starting again is safe at any moment. When the process has ended
its keeper adds the exit code. Both lines end with their time.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from polyaxon.model.record import dataclass
from polyaxon.runtimes.identity import boot, is_zombie, start_time

__all__ = [
    "Identity",
    "boot",
    "forbid",
    "is_kept",
    "is_same",
    "read_end",
    "read_identity",
    "read_pid",
    "start_time",
    "write_identity",
]

_FORBIDDEN = "-"
_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process it is, and which its keeper: pids are used again, (pid, start time, boot) is not."""

    pid: int
    start: str
    boot: str
    keeper: int
    keeper_start: str
    at: datetime


def forbid(stem: str) -> bool:
    """Claim the process so that no keeper on its way can start it; False when one already has the claim."""
    try:
        descriptor = os.open(f"{stem}.pid", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    os.write(descriptor, f"{_FORBIDDEN}\n".encode())
    os.close(descriptor)
    return True


def read_identity(stem: str) -> Identity | str | None:
    """Return who has the claim; None when nobody has, and a text when it is being written (`""`) or forbidden."""
    try:
        text = Path(f"{stem}.pid").read_text()
    except FileNotFoundError:
        return None
    line, end, _ = text.partition("\n")
    parts = line.split()
    if parts == [_FORBIDDEN]:
        return _FORBIDDEN
    if not end or len(parts) != _FIELDS:
        return ""
    return Identity(int(parts[0]), parts[1], parts[2], int(parts[3]), parts[4], _time(parts[5]))


def read_pid(stem: str) -> int:
    """Return the pid in the claim, 0 where there is none."""
    owner = read_identity(stem)
    return owner.pid if isinstance(owner, Identity) else 0


def write_identity(stem: str, pid: int) -> None:
    """Write down a child of this process itself."""
    parts = (pid, start_time(pid), boot(), os.getpid(), start_time(os.getpid()), time.time())
    Path(f"{stem}.pid").write_text(" ".join(map(str, parts)) + "\n")


def read_end(stem: str) -> tuple[int, datetime] | None:
    """Return the exit code that was written and when, or None."""
    try:
        lines = Path(f"{stem}.pid").read_text().split("\n")
    except OSError:
        return None
    if len(lines) < 3:  # the last of them is empty, behind the end of the line before
        return None
    code, at = lines[1].split()
    return int(code), _time(at)


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)


def is_same(identity: Identity) -> bool:
    """Whether the process of that pid is still the one that was started."""
    return identity.boot == boot() and start_time(identity.pid) == identity.start


def is_kept(identity: Identity) -> bool:
    """Whether its keeper still lives, and so will tell how it ends."""
    is_there = identity.boot == boot() and start_time(identity.keeper) == identity.keeper_start
    return is_there and not is_zombie(identity.keeper)
