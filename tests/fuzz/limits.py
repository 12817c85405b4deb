"""What one input may cost: a second of CPU and 200 MB more than what was in use before."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "compiler"))

from limited import MEGABYTES, SECONDS, kilobytes

__all__ = ["Cost", "cost_of"]

PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Cost:
    """CPU seconds, and how far the process's memory rose above where it stood."""

    seconds: float
    megabytes: float

    @property
    def is_too_much(self) -> bool:
        """Whether the input is a bomb."""
        return self.seconds > SECONDS or self.megabytes > MEGABYTES

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.megabytes:.0f} MB"


def cost_of(steps: Iterator[None]) -> Cost:
    """Let the steps run and say what the dearest of them took; raises what they raise."""
    seconds = megabytes = 0.0
    for cost in _costs(steps):
        seconds, megabytes = max(seconds, cost.seconds), max(megabytes, cost.megabytes)
    return Cost(seconds, megabytes)


def _costs(steps: Iterator[None]) -> Iterator[Cost]:
    done = False
    while not done:
        PEAK.write_text("5")  # forgets the peak so far
        before, began = kilobytes("VmRSS"), time.process_time()
        done = next(steps, "done") == "done"
        seconds = time.process_time() - began
        yield Cost(seconds, max(0, kilobytes("VmHWM") - before) / 1024)
