"""Which statuses a run has and how it moves between them.

The one table of moves is `TRANSITIONS`; an illegal move is an absent entry. Final is final: a final status is only
left by `RESUMING`.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "FINAL",
    "ON_CLUSTER",
    "PENDING",
    "SAFE_STOP",
    "TRANSITIONS",
    "WELL",
    "Pending",
    "Status",
    "can_move",
    "is_final",
]


class Status(StrEnum):
    """Where a run is. The text is what users, the database and the API see."""

    CREATED = "created"
    ON_SCHEDULE = "on_schedule"
    RESUMING = "resuming"
    RETRYING = "retrying"
    COMPILED = "compiled"
    QUEUED = "queued"
    SCHEDULED = "scheduled"
    STARTING = "starting"
    RUNNING = "running"
    PROCESSING = "processing"
    WARNING = "warning"
    UNSCHEDULABLE = "unschedulable"
    UNKNOWN = "unknown"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"


class Pending(StrEnum):
    """What holds a run that would otherwise go on."""

    APPROVAL = "approval"
    UPLOAD = "upload"
    CACHE = "cache"
    BUILD = "build"


FINAL = frozenset(
    {Status.SUCCEEDED, Status.FAILED, Status.STOPPED, Status.SKIPPED, Status.UPSTREAM_FAILED},
)
WELL = frozenset({Status.SUCCEEDED, Status.SKIPPED})
"""Ended, and nothing is wrong."""
PENDING = frozenset({Status.CREATED, Status.ON_SCHEDULE, Status.RESUMING})
SAFE_STOP = PENDING | {Status.COMPILED, Status.QUEUED, Status.RETRYING}
"""Nothing runs yet: a stop takes effect at once."""
ON_CLUSTER = frozenset(
    {
        Status.SCHEDULED,
        Status.STARTING,
        Status.RUNNING,
        Status.PROCESSING,
        Status.WARNING,
        Status.UNSCHEDULABLE,
        Status.UNKNOWN,
    },
)
"""A runtime holds something for the run: it takes a slot."""

_ENDINGS = FINAL | {Status.STOPPING}
_WAITING = frozenset({Status.ON_SCHEDULE, Status.COMPILED, Status.QUEUED})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.CREATED: _WAITING | {Status.RUNNING} | _ENDINGS,
    Status.RESUMING: _WAITING | {Status.RUNNING} | _ENDINGS,
    Status.ON_SCHEDULE: frozenset({Status.COMPILED}) | _ENDINGS,
    Status.RETRYING: frozenset({Status.COMPILED, Status.QUEUED, Status.SCHEDULED}) | _ENDINGS,
    Status.COMPILED: frozenset({Status.QUEUED, Status.RUNNING}) | _ENDINGS,
    Status.QUEUED: frozenset({Status.SCHEDULED}) | _ENDINGS,
    **{status: (ON_CLUSTER - {status}) | {Status.RETRYING, Status.QUEUED} | _ENDINGS for status in ON_CLUSTER},
    Status.STOPPING: FINAL,
    **{status: frozenset({Status.RESUMING}) for status in FINAL},
}


def is_final(status: Status) -> bool:
    """Whether a run in `status` is over."""
    return status in FINAL


def can_move(current: Status, new: Status) -> bool:
    """Whether the table allows the move."""
    return new in TRANSITIONS[current]
