"""What is due when: heaps of timers, each known by its run and kind, so that setting again replaces."""

from __future__ import annotations

from datetime import datetime
from heapq import heapify, heappop, heappush

from polyaxon.engine.commands import SetTimer
from polyaxon.engine.events import TimerKind
from polyaxon.model.ids import RunId
from polyaxon.scheduler.clock import ForwardClock

__all__ = ["Alarms", "Timers"]

Key = tuple[RunId, TimerKind]


class Alarms:
    """All timers of one scheduler. How long something may take is counted in the clock's steady time; what a schedule
    runs next is due at a moment of the calendar."""

    def __init__(self, clock: ForwardClock) -> None:
        self._clock = clock
        self._durations = Timers()
        self._moments = Timers()

    def set(self, root: RunId, command: SetTimer) -> None:
        """Set, replace or cancel a timer."""
        if command.timer is TimerKind.SCHEDULE:
            self._moments.set(root, command.run, command.timer, command.at)
            return
        at = None if command.at is None else self._clock.steadily(command.at)
        self._durations.set(root, command.run, command.timer, at)

    def drop(self, root: RunId) -> None:
        """Forget every timer of a root."""
        self._durations.drop(root)
        self._moments.drop(root)

    def due(self, now: datetime) -> list[tuple[RunId, RunId, TimerKind]]:
        """Take and return (root, run, kind) of what is due."""
        return [*self._durations.due(self._clock.steady()), *self._moments.due(now)]

    def seconds_left(self, now: datetime) -> float:
        """How long until the next one is due."""
        duration, moment = self._durations.next_at(), self._moments.next_at()
        left = float("inf") if duration is None else (duration - self._clock.steady()).total_seconds()
        return left if moment is None else min(left, (moment - now).total_seconds())


class Timers:
    """Timers that one clock wakes, which is an argument."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Key]] = []
        self._set: dict[Key, tuple[datetime, int]] = {}
        self._by_root: dict[RunId, set[Key]] = {}
        self._roots: dict[Key, RunId] = {}
        self._count = 0

    def set(self, root: RunId, run: RunId, kind: TimerKind, at: datetime | None) -> None:
        """Set, replace or (None) cancel the timer."""
        key = (run, kind)
        self._forget(key)
        if at is None:
            return
        self._count += 1
        self._set[key] = (at, self._count)
        self._roots[key] = root
        self._by_root.setdefault(root, set()).add(key)
        heappush(self._heap, (at, self._count, key))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._set):
            # Most are replaced or cancelled before they are due: a heap of them would only grow.
            self._heap = [entry for entry in self._heap if self._set.get(entry[2]) == (entry[0], entry[1])]
            heapify(self._heap)

    def drop(self, root: RunId) -> None:
        """Forget every timer of a root."""
        for key in list(self._by_root.get(root, ())):
            self._forget(key)

    def due(self, now: datetime) -> list[tuple[RunId, RunId, TimerKind]]:
        """Take and return (root, run, kind) of what is due, earliest first."""
        found = []
        while self._heap and self._heap[0][0] <= now:
            at, count, key = heappop(self._heap)
            if self._set.get(key) == (at, count):
                found.append((self._roots[key], *key))
                self._forget(key)
        return found

    def next_at(self) -> datetime | None:
        """When the next one is due."""
        while self._heap and self._set.get(self._heap[0][2]) != self._heap[0][:2]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _forget(self, key: Key) -> None:
        if self._set.pop(key, None) is None:
            return
        root = self._roots.pop(key)
        left = self._by_root[root]
        left.discard(key)
        if not left:
            del self._by_root[root]
