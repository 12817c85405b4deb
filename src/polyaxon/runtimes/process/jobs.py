"""Work that goes on beside what the runtime is asked: preparations, removals. It is waited for at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["Jobs"]


class Jobs:
    """The work that goes on."""

    def __init__(self) -> None:
        self._going_on: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin some work."""
        job = asyncio.get_running_loop().create_task(work)
        self._going_on.add(job)
        job.add_done_callback(self._going_on.discard)

    async def settle(self) -> None:
        """Wait until all of it is done."""
        while self._going_on:
            await asyncio.gather(*self._going_on, return_exceptions=True)
