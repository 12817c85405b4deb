"""What a decision consists of: changes, which are committed, and commands, which are carried out after the commit.

Every command can be derived again from the stored state (`Adopted`), so none is stored; carrying one out twice must do
no harm, which is why each names its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from polyaxon.engine.events import TimerKind
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan
from polyaxon.model.record import dataclass
from polyaxon.model.run import Condition, Run
from polyaxon.model.status import Status

__all__ = [
    "Change",
    "Clean",
    "Command",
    "Created",
    "Decision",
    "Dequeue",
    "Enqueue",
    "Explained",
    "Fetch",
    "JoinQuery",
    "Linked",
    "Listen",
    "Moved",
    "Recall",
    "SetTimer",
    "Start",
    "Stop",
    "Updated",
    "Watch",
]


# Changes: applied in order, in one transaction with the event that caused them.


@dataclass(frozen=True, slots=True)
class Created:
    """A new run; creating a known uuid again changes nothing. A run whose `root` is itself starts a tree of its own."""

    run: Run


@dataclass(frozen=True, slots=True)
class Moved:
    """A status change with its condition; `fields` are further attributes of `Run` that change with it."""

    run: RunId
    condition: Condition
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Updated:
    """Attributes of `Run` that change without a status change."""

    run: RunId
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Linked:
    """An edge between two runs: `dag`, `join`, `run`, `hook`, `build`, `tb`, …"""

    upstream: RunId
    downstream: RunId
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explained:
    """What a decision was based on, in the terms of the user's file; `topic`: condition, trigger, cache, …"""

    run: RunId
    topic: str
    at: datetime
    facts: Mapping[str, Any]


Change = Created | Moved | Updated | Linked | Explained


# Commands: carried out after the commit.


@dataclass(frozen=True, slots=True)
class Start:
    """Start, or adopt, the attempt. `began`: it was seen running before, so there is something to adopt.

    No more than `width` of one `lane` begin at once: trials of a search whose starts are committed ahead.
    """

    plan: LaunchPlan
    attempt: int
    began: bool = False
    lane: RunId | None = None
    width: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the attempt: gracefully, then by force."""

    run: RunId
    attempt: int
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class Clean:
    """Remove what the runtime keeps of a final run besides its artifacts."""

    run: RunId


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Ask the queue for a slot; the answer is `Admitted`. Higher priority first, then order of asking.

    A run that is on a cluster already (after an adoption) is `held`: it takes its slot at once and is not
    admitted again. `slots` is how many of the places for runs at once it takes: none for a service, which mostly idles.
    `is_patient`: it loses nothing when it is let go a moment before there is a place for it.
    """

    run: RunId
    queue: str
    priority: int = 0
    requests: Mapping[str, float] = field(default_factory=dict)
    held: bool = False
    slots: int = 1
    is_patient: bool = True


@dataclass(frozen=True, slots=True)
class Dequeue:
    """Give the run's slot (or its place in the queue) back."""

    run: RunId


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Send `Due(run, timer)` at `at`; replaces the timer of the same key. None cancels."""

    run: RunId
    timer: TimerKind
    at: datetime | None


@dataclass(frozen=True, slots=True)
class JoinQuery:
    """One join of an operation, rendered: which runs of the project it wants."""

    query: str
    sort: str | None = None
    limit: int = 5000
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read from the store what a compilation needs; the answer is `Fetched`."""

    run: RunId
    project: str
    joins: Sequence[JoinQuery] = ()
    runs: Sequence[str] = ()
    cache_key: str | None = None
    cache_ttl: float | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Send `Settled` when the run, of any root, is final."""

    run: RunId
    on: RunId


@dataclass(frozen=True, slots=True)
class Listen:
    """Send `Reached` when the run, of any root, has come to one of the statuses since it was resumed, or is final."""

    run: RunId
    on: RunId
    statuses: frozenset[Status]


@dataclass(frozen=True, slots=True)
class Recall:
    """Send `Reported` with all that a run has logged: it has ended, and others are compared with it."""

    run: RunId


Command = Start | Stop | Clean | Enqueue | Dequeue | SetTimer | Fetch | Watch | Listen | Recall


@dataclass(slots=True)
class Decision:
    """What one event led to."""

    changes: list[Change] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
