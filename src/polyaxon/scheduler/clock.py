"""The time of a scheduler: it never goes back, and goes on when somebody sets the machine's clock back.

Beside it runs a steady time that nobody sets. How long something may take is counted in it, so that a clock that is set
forward (or a machine that slept) ends nothing early; what is due at a moment of the calendar follows the machine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["ForwardClock"]

_STEP_SECONDS = 2.0
"""A machine's clock that runs so far ahead between two readings was set."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ForwardClock:
    """Asks `clock`; as long as that says less than before, counts on by `steady` (seconds, from anywhere)."""

    def __init__(self, clock: Callable[[], datetime], steady: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steady = steady
        self._now, self._at = clock(), steady()
        self._stepped_at: float | None = None

    def __call__(self) -> datetime:
        now, at = self._clock(), self._steady()
        if now < self._now:
            # Timers would otherwise wait until the clock has caught up: an hour, if it was set back by one.
            now = self._now + timedelta(seconds=at - self._at)
        elif (now - self._now).total_seconds() > at - self._at + _STEP_SECONDS:
            self._stepped_at = at
        self._now, self._at = now, at
        return now

    def steady(self) -> datetime:
        """Return the steady time: of no calendar, only to be compared with what `steadily` gives."""
        return _EPOCH + timedelta(seconds=self._steady())

    def steadily(self, at: datetime) -> datetime:
        """Return when it is `at` if nobody sets the clock until then, in steady time."""
        return self.steady() + (at - self())

    def stepped_within(self, seconds: float) -> bool:
        """Whether the machine's clock was set forward so recently."""
        return self._stepped_at is not None and self._at - self._stepped_at < seconds
