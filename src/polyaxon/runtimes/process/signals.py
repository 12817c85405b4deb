"""Signals to the processes of an attempt, which may be gone already."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from polyaxon.runtimes.keeper import signal_group
from polyaxon.runtimes.process.attempt import Attempt

__all__ = ["kill", "signal_program"]


def kill(pid: int) -> None:
    """Kill one process."""
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def signal_program(known: Attempt, number: signal.Signals) -> None:
    """Signal the program that the attempt's preparation runs, if it runs one."""
    program = known.program
    if program is not None:
        signal_group(program.pid, number)
