"""Work inside limits: a forked process that may take so much time and memory, and tells what became of it."""

from __future__ import annotations

import os
import pickle
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["MEGABYTES", "SECONDS", "Outcome", "kilobytes", "within_limits"]

SECONDS = 3.0
"""Promised is one second. A machine whose processor is shared may need that much more; what explodes takes minutes."""
MEGABYTES = 200


@dataclass(frozen=True)
class Outcome:
    """What the work gave or raised, and what it took."""

    value: Any
    seconds: float
    megabytes: float


def within_limits(work: Callable[[], Any]) -> Outcome:
    """Do the work in a forked process; fails when that takes more than the limits, or raises what nobody should see."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with open(writing, "wb") as pipe:
            pickle.dump(_measured(work), pipe)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the work died: status {status}"
    outcome: Outcome = pickle.loads(told)
    assert not isinstance(outcome.value, BaseException), repr(outcome.value)
    assert outcome.seconds < SECONDS
    assert outcome.megabytes < MEGABYTES
    return outcome


def _measured(work: Callable[[], Any]) -> Outcome:
    """Limits that the system keeps stand well above ours: they only protect the machine."""
    space = (kilobytes("VmSize") + 1024 * 4 * MEGABYTES) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CPU, (int(20 * SECONDS), int(20 * SECONDS)))
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before, began = kilobytes("VmRSS"), time.process_time()
    try:
        value = work()
    except BaseException as error:  # noqa: BLE001  (told to the parent, which fails)
        value = error
    seconds = time.process_time() - began
    return Outcome(value, seconds, (kilobytes("VmHWM") - before) / 1024)


def kilobytes(name: str) -> int:
    """Return one of the process's memory figures."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
