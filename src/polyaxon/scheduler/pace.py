"""How fast do attempts end, and how many are handed over that did not begin? Kept from what the runtime observes.

Work that is shorter than a commit would leave the machine idle between an ending and the decision that follows. So
where attempts are that short, the queue lets a few more runs go than there are places (`ahead`): their starts are
committed already, and the runtime begins the next one the moment one ends.
"""

from __future__ import annotations

from datetime import datetime

from polyaxon.engine.pace import ahead_of
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase

__all__ = ["Pace"]


class Pace:
    """The attempts on their way, and how long the last ones took. `places` is how many go on at once; None: all."""

    def __init__(self, places: int | None) -> None:
        self._places = places
        self._waiting: set[RunId] = set()
        self._running: dict[RunId, datetime] = {}
        self._seconds: float | None = None
        """How long the last attempts took, smoothed."""

    @property
    def ahead(self) -> int:
        """How many more runs than there are places may be handed over."""
        if self._places is None or self._seconds is None:
            return 0
        return ahead_of(self._places, self._seconds)

    @property
    def is_ahead(self) -> bool:
        """Whether there is work for a while, so that the next decision may wait for company."""
        return bool(self._waiting) and len(self._waiting) >= max(len(self._running), self.ahead // 2)

    def sent(self, run: RunId) -> None:
        """The start of an attempt was handed over."""
        if run not in self._running:
            self._waiting.add(run)

    def observed(self, seen: Observation) -> None:
        """Take in how an attempt goes."""
        if seen.is_final:
            self._ended(seen)
        elif seen.phase is Phase.RUNNING:
            self._waiting.discard(seen.run)
            self._running.setdefault(seen.run, seen.at)

    def forget(self, run: RunId) -> None:
        """Nothing more will be seen of it."""
        self._waiting.discard(run)
        self._running.pop(run, None)

    def _ended(self, seen: Observation) -> None:
        began = self._running.get(seen.run, seen.began)
        self.forget(seen.run)
        if began is not None:
            took = max(0.0, (seen.at - began).total_seconds())
            self._seconds = took if self._seconds is None else self._seconds + (took - self._seconds) / 8
