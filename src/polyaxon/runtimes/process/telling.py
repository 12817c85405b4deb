"""What the runtime has seen, on its way to whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.process.attempt import Attempt

__all__ = ["Telling"]

_REMEMBERED = 1000


class Telling:
    """Collects observations. The latest endings are kept: where the disk is full, the files say less than was seen."""

    def __init__(self) -> None:
        self._seen: list[Observation | Attempt] = []
        """An attempt stands for the news that it runs."""
        self._endings: dict[tuple[RunId, int], Observation] = {}
        self._news = asyncio.Event()

    def observe(self, seen: Observation) -> None:
        """Tell something."""
        self._seen.append(seen)
        self._news.set()

    def progress(self, known: Attempt, phase: Phase, message: str = "", at: datetime | None = None) -> None:
        """Tell how an attempt goes."""
        at = at or datetime.now(UTC)
        self.observe(Observation(*known.key, phase, at, message=message, warnings=known.warnings, urls=known.urls))

    def begin(self, known: Attempt, at: datetime) -> None:
        """Tell that an attempt runs, unless it has ended when somebody listens."""
        known.began_at = at
        self._seen.append(known)
        self._news.set()

    def end(self, seen: Observation) -> None:
        """Tell an ending."""
        self._endings[seen.run, seen.attempt] = seen
        if len(self._endings) > _REMEMBERED:
            del self._endings[next(iter(self._endings))]
        self.observe(seen)

    def again(self, run: RunId, attempt: int) -> bool:
        """Tell the attempt's ending once more; False when it is not known."""
        seen = self._endings.get((run, attempt))
        if seen is not None:
            self.observe(seen)
        return seen is not None

    def wake(self) -> None:
        """Let `listen` look whether it is over."""
        self._news.set()

    async def listen(self, is_open: Callable[[], bool]) -> AsyncIterator[Sequence[Observation]]:
        """Yield what was seen, as it comes."""
        while True:
            if self._seen:
                batch, self._seen = self._seen, []
                yield [found for seen in batch if (found := _observed(seen)) is not None]
            elif not is_open():
                return
            else:
                self._news.clear()
                await self._news.wait()


def _observed(seen: Observation | Attempt) -> Observation | None:
    """Return what is told; None for an attempt that has ended meanwhile, which its end tells."""
    if not isinstance(seen, Attempt):
        return seen
    at = seen.take_beginning()
    return None if at is None else Observation(*seen.key, Phase.RUNNING, at, warnings=seen.warnings, urls=seen.urls)
