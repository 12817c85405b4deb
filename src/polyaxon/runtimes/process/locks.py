"""Locks that processes hold on things of this machine: a device, a port.

The lock's descriptor is inherited by the process and its children, so that the kernel frees the thing when the last of
them ends; schedulers that share a home, or die, need no bookkeeping.
"""

from __future__ import annotations

import fcntl
import os

__all__ = ["take"]


def take(file: str) -> int | None:
    """Return a descriptor with the lock, to be inherited and closed; None when another process has it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
