"""The roots this scheduler drives, and what one round of events makes of them: decided here, committed elsewhere.

A round decides event after event, lets the queue answer within the same round, and ends with one batch per root.
Nothing in here waits or writes.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from polyaxon.engine.commands import (
    Change,
    Clean,
    Command,
    Created,
    Decision,
    Dequeue,
    Enqueue,
    Fetch,
    Listen,
    Moved,
    Recall,
    SetTimer,
    Start,
    Stop,
    Watch,
)
from polyaxon.engine.events import Admitted, Event, Observed
from polyaxon.engine.queue import Queue
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.record import changed, dataclass
from polyaxon.model.status import FINAL
from polyaxon.store.base import Artifact, Batch, Lease

__all__ = ["Driven", "Incoming", "Roots", "Round", "created_roots", "joined"]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Driven:
    """One root under this scheduler's lease. `runs` are those that something outside may speak of."""

    lease: Lease
    flow: Any  # the engine's; handed back to it and otherwise only asked whether it is over
    runs: set[RunId] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event on its way to a root, with what is to be stored beside it."""

    root: RunId
    event: Event
    request: int | None = None
    artifacts: Sequence[Artifact] = ()
    before: Sequence[Change] = ()
    """Changes that the event's source says, and that no decision makes."""


def joined(incoming: Iterable[Incoming]) -> list[Incoming]:
    """Join what was seen of attempts that began and ended since the last round: one event tells both."""
    kept: list[Incoming | None] = []
    begun: dict[tuple[RunId, int], tuple[int, Observation]] = {}
    for item in incoming:
        event = item.event
        if isinstance(event, Observed):
            seen = event.observation
            key = (seen.run, seen.attempt)
            if seen.phase is Phase.RUNNING and not (seen.message or seen.urls):
                begun[key] = (len(kept), seen)
            elif seen.is_final and key in begun:
                place, first = begun.pop(key)
                kept[place] = None
                seen = changed(seen, {"began": first.at, "warnings": seen.warnings or first.warnings})
                item = changed(item, {"event": changed(event, {"observation": seen})})
        kept.append(item)
    return [item for item in kept if item is not None]


@dataclass(slots=True)
class Round:
    """What a round led to: batches to commit, and per root the commands to carry out after it."""

    batches: list[Batch] = field(default_factory=list)
    commands: dict[RunId, list[Command]] = field(default_factory=dict)
    broken: dict[RunId, Exception] = field(default_factory=dict)
    """Roots that could not be decided on: a bug of ours. Nothing of theirs is in the round."""


class Roots:
    """Every driven root, and the queue that all of them share."""

    def __init__(self, queue: Queue, decide: Callable[[Any, Event, datetime], Decision]) -> None:
        self.driven: dict[RunId, Driven] = {}
        self.root_of: dict[RunId, RunId] = {}
        self.queue = queue
        self._decide = decide

    def add(self, lease: Lease, flow: Any) -> Driven:
        """Drive a root."""
        driven = Driven(lease, flow)
        self.driven[lease.root] = driven
        self._claim_run(driven, lease.root)
        return driven

    @property
    def has_company(self) -> bool:
        """Whether several attempts are on their way, so that several endings may come together."""
        running = self.queue.running()
        return next(running, None) is not None and next(running, None) is not None

    def drop(self, root: RunId) -> Driven | None:
        """Drive a root no longer; what it had in the queue is free for others."""
        driven = self.driven.pop(root, None)
        if driven is not None:
            for run in driven.runs:
                self.queue.dequeue(run)
                self.root_of.pop(run, None)
        return driven

    def decide_on(self, incoming: Iterable[Incoming], now: datetime, most: int) -> Round:
        """Decide on the events, and on the admissions that follow, up to about `most` events."""
        pending = deque(incoming)
        open_batches: dict[RunId, _Open] = {}
        done = Round()
        limited: dict[RunId, set[str]] = {}
        count = 0
        while True:
            while pending:
                count += 1
                self._decide_one(pending.popleft(), now, open_batches, done)
            admitted = self.queue.admit() if count < most else []
            if not admitted:
                break
            for run in admitted:
                if (root_of := self.root_of.get(run)) is None:
                    continue
                pending.append(Incoming(root_of, Admitted(run)))
                if (queue := self.queue.limited_queue(run)) is not None:
                    limited.setdefault(root_of, set()).add(queue)
        for root, batch in open_batches.items():
            lease = self.driven[root].lease
            places = {queue: self.queue.left_to_others(queue) for queue in limited.get(root, ())}
            done.batches.append(Batch(lease, batch.events, batch.changes, batch.requests, batch.artifacts, places))
            done.commands[root] = batch.commands
        return done

    def _decide_one(self, item: Incoming, now: datetime, open_batches: dict[RunId, _Open], done: Round) -> None:
        driven = self.driven.get(item.root)
        if driven is None or item.root in done.broken:
            return
        try:
            decision = self._decide(driven.flow, item.event, now)
        except Exception as error:  # noqa: BLE001 - logged, and kept in `Round.broken`
            # The edge to the engine: a bug about one root must not stop the others. Nothing of it is committed.
            _log.exception("run %s cannot be driven: %s failed", item.root, type(item.event).__name__)
            done.broken[item.root] = error
            open_batches.pop(item.root, None)
            return
        batch = open_batches.get(item.root)
        if batch is None:
            batch = open_batches[item.root] = _Open()
        batch.events.append((item.event, now))
        if item.before:
            batch.changes += item.before
        batch.changes += decision.changes
        if item.artifacts:
            batch.artifacts += item.artifacts
        if item.request is not None:
            batch.requests.append(item.request)
        for command in decision.commands:
            self._take(driven, command, batch.commands)

    def _take(self, driven: Driven, command: Command, commands: list[Command]) -> None:
        """Put queue commands through at once, for their answers belong into the same round; keep the others."""
        if isinstance(command, Enqueue):
            self._claim_run(driven, command.run)
            self.queue.enqueue(command)
        elif isinstance(command, Dequeue):
            self.queue.dequeue(command.run)
        else:
            self._claim_run(driven, _run_of(command))
            commands.append(command)

    def _claim_run(self, driven: Driven, run: RunId) -> None:
        driven.runs.add(run)
        self.root_of[run] = driven.lease.root

    def forget_final(self, changes: Iterable[Change]) -> None:
        """Let go of runs that became final and that nothing outside speaks of any more."""
        for change in changes:
            if isinstance(change, Moved) and change.condition.type in FINAL:
                root = self.root_of.get(change.run)
                if root is not None and root != change.run:
                    self.driven[root].runs.discard(change.run)
                    del self.root_of[change.run]


@dataclass(slots=True)
class _Open:
    events: list[tuple[Event, datetime]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)


def _run_of(command: Start | Stop | Clean | SetTimer | Fetch | Watch | Listen | Recall | Enqueue | Dequeue) -> RunId:
    return command.plan.run if isinstance(command, Start) else command.run


def created_roots(changes: Iterable[Change]) -> Mapping[RunId, Created]:
    """Return the new roots (hooks) among the changes."""
    return {
        change.run.uuid: change
        for change in changes
        if isinstance(change, Created) and change.run.root == change.run.uuid
    }
