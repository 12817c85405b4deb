"""Which runs may start next? Admission over all roots of one scheduler: priority first, then order of asking.

Within a queue nobody overtakes: a run whose requests do not fit yet holds its queue back, so that big runs are not
starved by small ones; other queues go on. Pure: no clock, and the same calls give the same admissions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from heapq import heappop, heappush

from polyaxon.engine.commands import Enqueue
from polyaxon.model.ids import RunId
from polyaxon.model.quantity import in_words
from polyaxon.model.record import dataclass

__all__ = ["Limits", "Queue", "Standing"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once: in all, per queue, and of each countable resource (`cpu`, `gpu`, …). Absent is unlimited."""

    total: int | None = None
    queues: Mapping[str, int] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Why a run is not admitted yet: `ahead` runs come before it in its queue, and `reason` holds the queue back."""

    queue: str
    ahead: int
    reason: str


class Queue:
    """The runs that wait for a slot and those that hold one."""

    __slots__ = (
        "_heaps",
        "_limits",
        "_running",
        "_sequence",
        "_slots",
        "_used",
        "_used_queues",
        "_waiting",
        "ahead",
        "others",
    )

    def __init__(self, limits: Limits | None = None) -> None:
        self.ahead = 0
        """How many more runs than there are places may be let go: whoever begins them lets them wait for theirs."""
        self.others: Mapping[str, int] = {}
        """How many places of limited queues other schedulers have taken."""
        self._limits = limits or Limits()
        self._heaps: dict[str, list[tuple[int, int, RunId]]] = {}
        self._waiting: dict[RunId, tuple[int, Enqueue]] = {}
        self._running: dict[RunId, Enqueue] = {}
        self._used: dict[str, float] = {}
        self._used_queues: dict[str, int] = {}
        self._sequence = 0
        self._slots = 0

    def enqueue(self, asked: Enqueue) -> None:
        """Put the run in its queue; asking again changes nothing. A run that is on a cluster already (`held`) takes its
        slot at once, whatever the limits say."""
        if asked.run in self._running:
            return
        if asked.held:
            self._waiting.pop(asked.run, None)
            self._take(asked)
            return
        if asked.run in self._waiting:
            return
        self._sequence += 1
        self._waiting[asked.run] = (self._sequence, asked)
        heappush(self._heaps.setdefault(asked.queue, []), (-asked.priority, self._sequence, asked.run))

    def dequeue(self, run: RunId) -> None:
        """Give the run's slot or its place back. The heap forgets it when it comes to the top."""
        self._waiting.pop(run, None)
        held = self._running.pop(run, None)
        if held is None:
            return
        self._slots -= held.slots
        self._used_queues[held.queue] -= 1
        for name, amount in self._needs(held).items():
            self._used[name] -= amount

    def admit(self) -> list[RunId]:
        """Return the runs that may start now, in order, and let them hold their slots."""
        admitted: list[RunId] = []
        held_back: set[str] = set()
        while (best := self._best(held_back)) is not None:
            asked = self._waiting[best][1]
            if self._obstacle(asked) is not None:
                held_back.add(asked.queue)
                continue
            heappop(self._heaps[asked.queue])
            del self._waiting[best]
            self._take(asked)
            admitted.append(best)
        return admitted

    def standing(self, run: RunId) -> Standing | None:
        """Why the run waits; None when it does not. Looks at the whole queue: for explanations only."""
        if run not in self._waiting:
            return None
        sequence, asked = self._waiting[run]
        mine = (-asked.priority, sequence)
        ahead = sum(
            (-other.priority, number) < mine for number, other in self._waiting.values() if other.queue == asked.queue
        )
        return Standing(asked.queue, ahead, self._obstacle(asked) or self._held_back(asked.queue))

    def _held_back(self, queue: str) -> str:
        """Why the first of a queue does not go."""
        first = min((-item.priority, number, item) for number, item in self._waiting.values() if item.queue == queue)
        obstacle = self._obstacle(first[2])
        return f"of the first, {obstacle}" if obstacle else "the next place is the first one's"

    def limited_queue(self, run: RunId) -> str | None:
        """The queue with a limit of its own in which the run holds a place, if it does."""
        held = self._running.get(run)
        return held.queue if held is not None and held.queue in self._limits.queues else None

    def left_to_others(self, queue: str) -> int:
        """How many runs of a queue with a limit others may execute, beside those that hold a place here."""
        return self._limits.queues[queue] - self._used_queues.get(queue, 0)

    @property
    def limited(self) -> Sequence[str]:
        """The queues that have a limit of their own, which all schedulers share."""
        return sorted(self._limits.queues)

    def __len__(self) -> int:
        return len(self._waiting)

    def running(self) -> Iterator[RunId]:
        """The runs that hold a slot."""
        return iter(self._running)

    def _best(self, held_back: set[str]) -> RunId | None:
        heads = [heap[0] for name, heap in self._heaps.items() if name not in held_back and self._clean(heap)]
        return min(heads)[2] if heads else None

    def _clean(self, heap: list[tuple[int, int, RunId]]) -> bool:
        while heap and self._waiting.get(heap[0][2], (0,))[0] != heap[0][1]:
            heappop(heap)
        return bool(heap)

    def _obstacle(self, asked: Enqueue) -> str | None:
        limits = self._limits
        room = self.ahead if asked.is_patient and asked.queue not in limits.queues else 0
        if limits.total is not None and asked.slots and self._slots + asked.slots > limits.total + room:
            return f"all {limits.total} slots are taken"
        limit = limits.queues.get(asked.queue)
        taken = self._used_queues.get(asked.queue, 0) + self.others.get(asked.queue, 0)
        if limit is not None and taken >= limit:
            return f"all {limit} slots of queue `{asked.queue}` are taken"
        for name, amount in self._needs(asked).items():
            free = limits.resources[name] - self._used.get(name, 0.0)
            if amount > free + 1e-9:
                asked_for, left, all_ = (in_words(name, each) for each in (amount, free, limits.resources[name]))
                return f"it asks for {asked_for} {name} and {left} of {all_} are free"
        return None

    def _take(self, asked: Enqueue) -> None:
        self._running[asked.run] = asked
        self._slots += asked.slots
        self._used_queues[asked.queue] = self._used_queues.get(asked.queue, 0) + 1
        for name, amount in self._needs(asked).items():
            self._used[name] = self._used.get(name, 0.0) + amount

    def _needs(self, asked: Enqueue) -> dict[str, float]:
        # Who asks for more than there is gets everything: it runs alone instead of never.
        capacity = self._limits.resources
        return {name: min(amount, capacity[name]) for name, amount in asked.requests.items() if name in capacity}
