"""Who waits for a run of another root? Told once it is final, or comes to a status they listen for, whoever drives it.

What a run has come to is read from its history, so that a status which passed between two looks is heard all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from polyaxon.engine.commands import Change, Listen, Moved, Watch
from polyaxon.engine.events import Event, Reached, Settled
from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass
from polyaxon.model.run import Condition, RunFacts
from polyaxon.model.status import FINAL, Status

__all__ = ["WAITS", "Watches"]

WAITS = (Watch, Listen)
"""The commands to wait for a run of another root."""
Waiter = tuple[RunId, RunId]
"""A root, and the run of it that waits."""


@dataclass(slots=True)
class Watches:
    """By the watched run, who waits for its end (`watched`), and who for which statuses (`heard`)."""

    watched: dict[RunId, set[Waiter]] = field(default_factory=dict)
    heard: dict[RunId, dict[Waiter, frozenset[Status]]] = field(default_factory=dict)

    def add(self, root: RunId, command: Watch | Listen) -> None:
        """Let a run of `root` wait."""
        if isinstance(command, Watch):
            self.watched.setdefault(command.on, set()).add((root, command.run))
        else:
            self.heard.setdefault(command.on, {})[root, command.run] = command.statuses

    def drop(self, root: RunId) -> None:
        """Forget whoever waits in a root."""
        watched = {on: {waiter for waiter in found if waiter[0] != root} for on, found in self.watched.items()}
        self.watched = {on: found for on, found in watched.items() if found}
        for on in list(self.heard):
            self._keep(on, {waiter: wanted for waiter, wanted in self.heard[on].items() if waiter[0] != root})

    @property
    def waiting(self) -> list[RunId]:
        """The runs that somebody waits for."""
        return list(self.watched | self.heard) if self.watched or self.heard else []

    def touched(self, changes: Iterable[Change]) -> list[RunId]:
        """Return the runs that somebody waits for and that these changes moved to where that may end."""
        if not (self.watched or self.heard):
            return []
        moved = ((change.run, change.condition.type) for change in changes if isinstance(change, Moved))
        return [run for run, status in moved if run in self.heard or (run in self.watched and status in FINAL)]

    def news(
        self,
        asked: Iterable[RunId],
        facts: Mapping[str, RunFacts],
        histories: Mapping[RunId, Sequence[Condition]],
    ) -> list[tuple[RunId, Event]]:
        """Take and return (root, event) for everybody whose wait is over, now that this is known of the runs."""
        told: list[tuple[RunId, Event]] = []
        for on in asked:
            if on in facts and facts[on].status in FINAL:
                told += [(root, Settled(run, facts[on])) for root, run in sorted(self.watched.pop(on, ()))]
            for (root, run), wanted in sorted(self.heard.get(on, {}).items()):
                status = _come_to(histories.get(on, ()), wanted)
                if status is not None or on not in facts:
                    told.append((root, Reached(run, on, status)))
                    self._keep(on, {waiter: left for waiter, left in self.heard[on].items() if waiter != (root, run)})
        return told

    def _keep(self, on: RunId, waiters: dict[Waiter, frozenset[Status]]) -> None:
        if waiters:
            self.heard[on] = waiters
        else:
            del self.heard[on]


def _come_to(history: Sequence[Condition], wanted: frozenset[Status]) -> Status | None:
    """Return the first wanted status since the run was last resumed, else the final one, else None."""
    statuses = [condition.type for condition in history]
    if Status.RESUMING in statuses:
        statuses = statuses[len(statuses) - 1 - statuses[::-1].index(Status.RESUMING) :]
    found = next((status for status in statuses if status in wanted), None)
    return found or (statuses[-1] if statuses and statuses[-1] in FINAL else None)
