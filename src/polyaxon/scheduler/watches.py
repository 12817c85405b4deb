"""Who waits for a run of another root: told once it is final, whoever drives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from polyaxon.engine.commands import Change, Moved
from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunFacts
from polyaxon.model.status import FINAL

__all__ = ["Watches"]


@dataclass(slots=True)
class Watches:
    """Watched run → the (root, run) pairs that wait for it."""

    waiting: dict[RunId, set[tuple[RunId, RunId]]] = field(default_factory=dict)

    def add(self, root: RunId, run: RunId, on: RunId) -> None:
        """Let a run of `root` wait."""
        self.waiting.setdefault(on, set()).add((root, run))

    def drop(self, root: RunId) -> None:
        """Forget whoever waits in a root."""
        for on, waiters in list(self.waiting.items()):
            left = {waiter for waiter in waiters if waiter[0] != root}
            if left:
                self.waiting[on] = left
            else:
                del self.waiting[on]

    def ended(self, changes: Iterable[Change]) -> list[RunId]:
        """Return the watched runs that these changes made final."""
        if not self.waiting:
            return []
        return [
            change.run
            for change in changes
            if isinstance(change, Moved) and change.run in self.waiting and change.condition.type in FINAL
        ]

    def settle(self, facts: Mapping[str, RunFacts]) -> list[tuple[RunId, RunId, RunFacts]]:
        """Take and return (root, waiting run, facts) for every watched run that is final."""
        settled = []
        for on in [RunId(uuid) for uuid, found in facts.items() if found.status in FINAL]:
            settled += [(root, run, facts[on]) for root, run in sorted(self.waiting.pop(on, ()))]
        return settled
