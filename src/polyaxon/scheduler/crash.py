"""Named moments at which a test may kill this process, to prove that nothing is lost or done twice.

`POLYAXON_CRASH_AT=name:n` kills at the n-th time the moment `name` is reached (counted from 1; 1 when left out).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from polyaxon.errors import UsageError

__all__ = ["CRASH_POINTS", "CrashPoint", "crash_points", "never"]

CrashPoint = Callable[[str], None]

CRASH_POINTS = (
    "adopted",
    "decided",
    "committed",
    "started",
    "stopping",
    "cleaning",
    "dispatched",
    "fetched",
    "ingested",
    "released",
)
"""Every moment, in the order in which a batch meets them."""


def never(name: str) -> None:
    """Go on."""


def crash_points(spec: str | None) -> CrashPoint:
    """Return what is called at each moment; without a spec nothing ever happens."""
    if spec is None:
        return never
    wanted, _, count = spec.partition(":")
    if wanted not in CRASH_POINTS or (count and not count.isdigit()):
        raise UsageError(f"`{spec}` names no moment to crash at", hint="known are " + ", ".join(CRASH_POINTS))
    left = int(count or 1)

    def reach(name: str) -> None:
        nonlocal left
        if name == wanted:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reach
