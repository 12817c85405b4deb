"""Which process is it? Pids are used again; (pid, start time, boot) is not. The standard library alone."""

from __future__ import annotations

import os
import time
from functools import cache

__all__ = ["Ticks", "boot", "is_zombie", "start_time", "tick"]

_NANOSECONDS = 10**9 // os.sysconf("SC_CLK_TCK")
"""Of one tick: start times are counted in them."""
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", None)
"""The clock that start times are read from, where the system has it."""


@cache
def boot() -> str:
    """Return what identifies this boot of the machine; start times only compare within one."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "unknown"


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


def tick() -> int:
    """Return how many ticks have passed since boot; -1 where no clock tells."""
    return -1 if _SINCE_BOOT is None else time.clock_gettime_ns(_SINCE_BOOT) // _NANOSECONDS


class Ticks:
    """When did a process start that was started just now? Without a look into /proc, which costs as much as a fifth of
    starting it: where the clock shows the same tick before and after, that is the one. It is believed once it was seen
    to agree with /proc."""

    def __init__(self) -> None:
        self._agrees = False

    def started(self, pid: int, before: int) -> str | None:
        """Return the start time of a child that was started since the tick `before`."""
        is_sure = 0 <= before == tick()
        if is_sure and self._agrees:
            return str(before)
        said = start_time(pid)
        if is_sure:
            self._agrees = said == str(before)
        return said


def _stat(pid: int) -> list[bytes]:
    """Return what /proc tells of the process behind its name: state first. Raises OSError."""
    descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    try:
        return os.read(descriptor, 4096).rpartition(b") ")[2].split()
    finally:
        os.close(descriptor)


def _start_time_elsewhere(pid: int) -> str | None:
    import subprocess

    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "_".join(said.stdout.split()) or None
