"""Signals to the processes of an attempt, which may be gone already; and what the system said when it refused."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from polyaxon.runtimes.process.attempt import Attempt

__all__ = ["describe", "kill", "signal_group", "signal_program"]


def kill(pid: int) -> None:
    """Kill one process."""
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def signal_group(pid: int, number: int) -> None:
    """Signal every process of the group."""
    with suppress(OSError):
        os.killpg(pid, number)


def signal_program(known: Attempt, number: signal.Signals) -> None:
    """Signal the program that the attempt's preparation runs, if it runs one."""
    program = known.program
    if program is not None:
        signal_group(program.pid, number)


def describe(error: OSError) -> str:
    """Return what the system said, with the file it said it of."""
    where = f" (`{error.filename}`)" if error.filename else ""
    return f"{error.strerror or error}{where}"
