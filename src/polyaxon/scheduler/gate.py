"""Which of the attempts that were handed over may begin? At most so many at once; the next begins as one ends.

Work that is shorter than a commit would leave the machine idle between an ending and the decision that follows. So
where attempts are that short, the queue lets a few more runs go than there are places (`ahead`): their starts are
committed already, and wait here for the moment in which a place is free. Nothing here is remembered: a start that
waits when its scheduler dies is commanded again, like every other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from polyaxon.engine.commands import Start
from polyaxon.engine.pace import ahead_of
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import RunKind

__all__ = ["Gate"]

_LONG_SECONDS = 1.0
"""Whoever waits longer than this is told of: the attempts became long all of a sudden."""


class Gate:
    """Lets at most `places` attempts begin at once, in the order in which they come; None lets all.

    Of those in one lane no more than its width begin, whatever room there is besides.
    """

    def __init__(self, places: int | None, begin: Callable[[Start], None], clock: Callable[[], datetime]) -> None:
        self._places = places
        self._begin = begin
        self._clock = clock
        self._inside: dict[RunId, datetime] = {}
        self._waiting: dict[RunId, tuple[Start, datetime]] = {}
        self._lanes: dict[RunId, set[RunId]] = {}
        """The attempts inside, by lane."""
        self._lane_of: dict[RunId, RunId] = {}
        self._told: set[RunId] = set()
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
        """Whether every place has a successor, so that nothing waits for the next decision."""
        return bool(self._waiting) and len(self._waiting) >= len(self._inside)

    def enter(self, start: Start) -> None:
        """Begin the attempt, now or when there is a place. One that began already, and services, need none."""
        run = start.plan.run
        if run in self._inside or start.plan.kind == RunKind.SERVICE:
            self._begin(start)
        elif start.began or self._has_place(start):
            self._let_in(start)
        else:
            self._waiting.setdefault(run, (start, self._clock()))

    def leave(self, run: RunId) -> None:
        """The run's attempt is over: the next may begin."""
        entered = self._inside.pop(run, None)
        if entered is not None:
            took = (self._clock() - entered).total_seconds()
            self._seconds = took if self._seconds is None else self._seconds + (took - self._seconds) / 8
        lane = self._lane_of.pop(run, None)
        if lane is not None:
            self._lanes[lane].discard(run)
            if not self._lanes[lane]:
                del self._lanes[lane]
        while (start := self._next()) is not None:
            del self._waiting[start.plan.run]
            self._told.discard(start.plan.run)
            self._let_in(start)

    def withdraw(self, runs: Iterable[RunId]) -> None:
        """Let these not begin any more; those that began go on."""
        for run in runs:
            self._told.discard(run)
            self._waiting.pop(run, None)

    def close(self) -> None:
        """Let nothing in any more."""
        self._waiting.clear()

    def waiting_long(self) -> list[Observation]:
        """What is to be said of those that wait for long: once of each."""
        now, said = self._clock(), []
        for run, (start, since) in self._waiting.items():
            if run not in self._told and (now - since).total_seconds() >= _LONG_SECONDS:
                self._told.add(run)
                places = start.width if start.lane is not None else self._places
                message = f"waits until one of the {places} runs that go on at once has ended"
                said.append(Observation(run, start.attempt, Phase.UNSCHEDULABLE, now, message=message))
        return said

    def next_at(self) -> datetime | None:
        """When `waiting_long` has something new to say."""
        for run, (_, since) in self._waiting.items():
            if run not in self._told:
                return since + timedelta(seconds=_LONG_SECONDS)
        return None

    def _has_place(self, start: Start) -> bool:
        if self._places is not None and len(self._inside) >= self._places:
            return False
        return start.lane is None or len(self._lanes.get(start.lane, ())) < start.width

    def _next(self) -> Start | None:
        """The first that waits and has a place."""
        if self._places is not None and len(self._inside) >= self._places:
            return None
        return next((start for start, _ in self._waiting.values() if self._has_place(start)), None)

    def _let_in(self, start: Start) -> None:
        run = start.plan.run
        self._inside[run] = self._clock()
        if start.lane is not None:
            self._lanes.setdefault(start.lane, set()).add(run)
            self._lane_of[run] = start.lane
        self._begin(start)
