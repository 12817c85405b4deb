"""What can happen to the runs of one root: the engine's only input.

Events are values; they are stored before their consequences are visible and replay to the same decisions. An event may
arrive twice, late or about a run that is already final: deciding on it again must do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Status

__all__ = [
    "Action",
    "Admitted",
    "Adopted",
    "CacheHit",
    "Due",
    "Event",
    "Fetched",
    "Observed",
    "Reached",
    "Reported",
    "Requested",
    "Settled",
    "TimerKind",
]


class TimerKind(StrEnum):
    """What a timer is for."""

    TIMEOUT = "timeout"
    PENDING_TIMEOUT = "pending_timeout"
    RETRY = "retry"
    SCHEDULE = "schedule"
    TTL = "ttl"
    STOP_GRACE = "stop_grace"


class Action(StrEnum):
    """What a person or program may ask of a run."""

    STOP = "stop"
    SKIP = "skip"
    APPROVE = "approve"
    RESUME = "resume"
    INVALIDATE = "invalidate"


@dataclass(frozen=True, slots=True)
class Adopted:
    """This scheduler took the root over, freshly submitted or after another one's end.

    Everything that is due is decided again and every effect that may not have happened is commanded again: compile what
    is ready, start (adopt) what is on the cluster, stop what is stopping, set the timers, repeat the fetches.
    """


@dataclass(frozen=True, slots=True)
class Observed:
    """A runtime saw something. With a final observation come the outputs read from the run's directory.

    `artifacts` maps lineage names to paths relative to the artifacts store. `reported_status` is what the training code
    said of itself (`tracking.log_failed`), which wins over exit code 0.
    """

    observation: Observation
    outputs: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    reported_status: Status | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """A running run logged metrics: new (step, value) pairs by name, in the order logged."""

    run: RunId
    metrics: Mapping[str, Sequence[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The queue let the run go: it may be started."""

    run: RunId


@dataclass(frozen=True, slots=True)
class CacheHit:
    """What the lookup of a cache key found: the original, finished or still going, or None for a miss."""

    original: RunFacts | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a `Fetch` command: exactly what was asked, by the same keys. `error` when the world refused."""

    run: RunId
    joins: Sequence[Sequence[RunFacts]] = ()
    runs: Mapping[str, RunFacts] = field(default_factory=dict)
    cache: CacheHit | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A run of another root that this one waits for (`Watch`) became final."""

    run: RunId
    facts: RunFacts


@dataclass(frozen=True, slots=True)
class Reached:
    """A run of another root came to a status that this one waits for (`Listen`), or to its end without; `status` is
    None when there is no such run."""

    run: RunId
    on: RunId
    status: Status | None


@dataclass(frozen=True, slots=True)
class Due:
    """A timer went off."""

    run: RunId
    timer: TimerKind


@dataclass(frozen=True, slots=True)
class Requested:
    """Somebody asked. `by` is shown in the reason; `payload` is the action's own."""

    run: RunId
    action: Action
    by: str = "user"
    payload: Mapping[str, Any] = field(default_factory=dict)


Event = Adopted | Observed | Reported | Admitted | Fetched | Settled | Reached | Due | Requested
