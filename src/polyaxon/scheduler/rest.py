"""How does the loop rest? Until it is woken or the time is over; a turn too many does no harm, one too few would."""

from __future__ import annotations

import asyncio

__all__ = ["Rest"]


class Rest:
    """The waiting of one loop, which is woken from within the same event loop."""

    def __init__(self) -> None:
        self._waiter: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Go on without waiting longer."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def at_most(self, seconds: float) -> None:
        """Wait until woken, for no longer than this."""
        loop = asyncio.get_running_loop()
        self._wake_by(loop, loop.time() + max(0.0, seconds))
        self._waiter = loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def cancel(self) -> None:
        """Leave no alarm behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wake_by(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        # Most rests end long before their alarm: one that is set for earlier stays, and wakes once too often.
        if self._alarm is not None and self._alarm.when() <= at:
            return
        self.cancel()
        self._alarm = loop.call_at(at, self._alarmed)

    def _alarmed(self) -> None:
        self._alarm = None
        self.wake()
