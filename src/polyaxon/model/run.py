"""What a run is: the row that everything else refers to, and the part of it that templates may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass
from polyaxon.model.status import Pending, Status

__all__ = ["Cloning", "Condition", "ManagedBy", "Run", "RunFacts", "RunKind"]


class RunKind(StrEnum):
    """What the platform manages; `runtime` holds the precise flavour (`tfjob`, `grid`, `cron`, …)."""

    JOB = "job"
    SERVICE = "service"
    DAG = "dag"
    MATRIX = "matrix"
    SCHEDULE = "schedule"
    CLEANER = "cleaner"


class Cloning(StrEnum):
    """How a run came from its `original`."""

    COPY = "copy"
    RESTART = "restart"
    CACHE = "cache"


class ManagedBy(StrEnum):
    """Who drives the run: its own process (`user`), this machine's command line or an agent."""

    USER = "user"
    CLI = "cli"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a run's status history. Times are timezone-aware UTC."""

    type: Status
    reason: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is stored.

    `content` is the compiled operation and `raw_content` the submitted one, both JSON texts; a child of a pipeline
    has no `raw_content` of its own. `root` is the run whose lease covers this one (itself for an independent run).
    `index` orders the children of one pipeline. `meta` holds what decisions were based on and the engine's own
    small state (`meta["engine"]`). Durations are seconds.
    """

    uuid: RunId
    project: str
    name: str | None
    kind: RunKind
    runtime: str | None
    status: Status
    created_at: datetime
    updated_at: datetime
    root: RunId
    pipeline: RunId | None = None
    controller: RunId | None = None
    original: RunId | None = None
    cloning_kind: Cloning | None = None
    index: int = 0
    attempt: int = 0
    description: str | None = None
    tags: tuple[str, ...] = ()
    pending: Pending | None = None
    managed_by: ManagedBy = ManagedBy.CLI
    user: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    schedule_at: datetime | None = None
    clean_at: datetime | None = None
    """When what the runtime keeps of it, once it has ended, is to be removed."""
    wait_time: float | None = None
    duration: float | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    raw_content: str | None = None
    content: str | None = None
    queue: str | None = None
    namespace: str | None = None
    state: str | None = None
    """The cache key, where the run can be reused."""
    cache_parts: str | None = None
    """What the key is the digest of: written with it, and read only by those who explain (`Store.cache_parts`)."""
    live_state: int = 1


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What templates, references and joins may see of a run."""

    uuid: RunId
    name: str | None
    project: str
    owner: str = "default"
    status: Status = Status.CREATED
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    """Lineage name → path relative to the artifacts store (`<uuid>/…`)."""
    user: str | None = None
    namespace: str | None = None
    iteration: int | None = None
    created_at: datetime | None = None
    compiled_at: datetime | None = None
    schedule_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration: float | None = None
    cloning_kind: Cloning | None = None
    original_uuid: RunId | None = None
    is_independent: bool = True
    artifacts_owner: RunId | None = None
    """The run whose directory holds the artifacts: the original of a cache hit."""
