"""Who holds a lease: `host:pid:start`, so that a process of this machine that is gone can be told at once.

`start` is when the process started, which a later process of the same pid does not share.
"""

from __future__ import annotations

import os
import socket

__all__ = ["is_gone", "this_process"]


def this_process() -> str:
    """Return the name under which this process owns leases."""
    return f"{_host()}:{os.getpid()}:{_start(os.getpid()) or 0}"


def is_gone(owner: str) -> bool:
    """Whether the owner was a process of this machine that has ended; False when that cannot be told."""
    host, _, process = owner.rpartition(":")[0].rpartition(":")
    start = owner.rpartition(":")[2]
    if host != _host() or not process.isdigit():
        return False
    return _start(int(process)) != start


def _host() -> str:
    return socket.gethostname().replace(":", "_")


def _start(pid: int) -> str | None:
    """Return when the process started (clock ticks and boot), or None when there is none; zombies have ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state, *fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return _start_elsewhere(pid) if not os.path.exists("/proc/self/stat") else None
    return None if state in b"ZX" else f"{fields[18].decode()}-{_boot()}"


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read(8)
    except OSError:
        return "0"


def _start_elsewhere(pid: int) -> str | None:
    import psutil  # where there is no /proc; too slow to import for everyone

    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.Error:
        return None
