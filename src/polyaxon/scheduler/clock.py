"""The time of a scheduler: it never goes back, and goes on when somebody sets the machine's clock back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

__all__ = ["ForwardClock"]


class ForwardClock:
    """Asks `clock`; as long as that says less than before, counts on by `steady` (seconds, from anywhere)."""

    def __init__(self, clock: Callable[[], datetime], steady: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steady = steady
        self._now, self._at = clock(), steady()

    def __call__(self) -> datetime:
        now, at = self._clock(), self._steady()
        if now < self._now:
            # Timers would otherwise wait until the clock has caught up: an hour, if it was set back by one.
            now = self._now + timedelta(seconds=at - self._at)
        self._now, self._at = now, at
        return now
