"""The contract of the store: everything durable, and the only room with SQL.

Calls are synchronous and short: one transaction each, no network or process call inside. Any number of processes
use one store at once. Every adapter passes `polyaxon.testing.StoreContract`. Times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Protocol

from polyaxon.engine.commands import Change
from polyaxon.engine.events import Event, Requested
from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass
from polyaxon.model.run import Condition, Run, RunFacts

__all__ = ["Artifact", "Batch", "Edge", "Explanation", "Lease", "Page", "Project", "Store", "StoredEvent"]


@dataclass(frozen=True, slots=True)
class Project:
    """Where runs live; `name` is unique within the owner."""

    uuid: str
    name: str
    created_at: datetime
    updated_at: datetime
    owner: str = "default"
    description: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to drive a root. `token` grows with every change of owner: a write under an old token is refused."""

    root: RunId
    owner: str
    token: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """One line of a run's artifacts lineage; `path` is relative to the artifacts store."""

    run: RunId
    name: str
    kind: str
    path: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    is_input: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What one root's events led to, to be committed together under its lease.

    `requests` are the ids of the requests among the events: they are done with this commit. `artifacts` is lineage that
    came with the events. `places` says, for each queue with a limit in which the batch starts runs, how many runs of it
    may execute in the roots of others: the batch is refused when there are more by now.
    """

    lease: Lease
    events: Sequence[tuple[Event, datetime]]
    changes: Sequence[Change]
    requests: Sequence[int] = ()
    artifacts: Sequence[Artifact] = ()
    places: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of runs; `count` is the number of all matches."""

    count: int
    runs: Sequence[Run]


@dataclass(frozen=True, slots=True)
class Edge:
    """A stored `Linked`."""

    upstream: RunId
    downstream: RunId
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A stored `Explained`."""

    run: RunId
    topic: str
    at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of a root's history, as it was decided on."""

    root: RunId
    at: datetime
    event: Event


class Store(Protocol):
    """Durable state. Reads see every committed write; writes either happen whole or raise `StoreError`."""

    def migrate(self) -> None:
        """Bring the schema to this version; safe to call from many processes at once."""
        ...

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""
        ...

    # Projects

    def project(self, name: str, owner: str = "default") -> Project:
        """Return the project, or raise `NotFoundError`."""
        ...

    def ensure_project(self, project: Project) -> Project:
        """Return the project of that name, created from `project` when there is none."""
        ...

    def projects(self) -> Sequence[Project]:
        """Return all projects by name."""
        ...

    # Runs

    def create(
        self, run: Run, condition: Condition, holder: str | None = None, ttl_seconds: float = 30.0
    ) -> Lease | None:
        """Add a root run (status `created`); a known uuid changes nothing. With a `holder` its lease is taken in the
        same transaction, so that no other scheduler can be faster; None when the run was there already."""
        ...

    def update(self, uuid: RunId, fields: Mapping[str, Any]) -> None:
        """Change what people own (`name`, `description`, `tags`, `live_state`, the `project` and, of what is final, the
        `state` that makes it reusable); the rest goes through `apply`."""
        ...

    def get(self, uuid: str) -> Run:
        """Return the run whose uuid this is, or starts with (at least 4 digits, unique); raise `NotFoundError`."""
        ...

    def tree(self, root: RunId) -> Sequence[Run]:
        """Return the root and all its descendants, parents first, then by `index`."""
        ...

    def children(self, pipeline: RunId) -> Sequence[Run]:
        """Return the runs right below a pipeline, by `index`."""
        ...

    def list(self, project: str | None, query: str, sort: str, limit: int, offset: int, now: datetime) -> Page:
        """Return the runs that match the query language (`polyaxon.query`); None for all projects. Archived runs are
        left out unless the query mentions `live_state`; no other condition is implied."""
        ...

    def conditions(self, uuid: RunId) -> Sequence[Condition]:
        """Return the status history, oldest first."""
        ...

    def explanations(self, uuid: RunId) -> Sequence[Explanation]:
        """Return what decisions about the run were based on, oldest first."""
        ...

    def edges(self, uuid: RunId) -> Sequence[Edge]:
        """Return the edges that begin or end at the run."""
        ...

    def artifacts(self, uuid: RunId) -> Sequence[Artifact]:
        """Return the run's lineage by name."""
        ...

    def add_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Insert or update by (run, name, kind)."""
        ...

    def delete(self, uuid: RunId) -> None:
        """Remove a final run and its descendants; `ConflictError` when one of them is not final."""
        ...

    # Scheduling

    def claim(
        self, owner: str, now: datetime, ttl_seconds: float, roots: Sequence[RunId] | None = None
    ) -> Sequence[Lease]:
        """Take the leases of managed roots that are unfinished, or have an open request, and that nobody holds: free,
        expired, or held by a process of this machine that is gone (owners are `host:pid:start_time`). `roots` limits
        the choice; None means any. Leases that the owner holds already are not returned. Besides, whatever the choice,
        those of roots with finished runs that are to be cleaned by now (`Run.clean_at`)."""
        ...

    def next_cleaning(self) -> datetime | None:
        """Return when the next finished run is to be cleaned, by whoever has its root then; None when there is none."""
        ...

    def cleaned(self, uuids: Sequence[RunId]) -> None:
        """Forget that these runs were to be cleaned: they are."""
        ...

    def renew(self, owner: str, now: datetime, ttl_seconds: float) -> Sequence[Lease]:
        """Extend all leases of the owner and return them."""
        ...

    def holder(self, root: RunId, now: datetime) -> str | None:
        """Return who holds the root's lease, if it has not expired and its owner is not known to be gone."""
        ...

    def has_requests(self, root: RunId) -> bool:
        """Whether something was asked of the root's tree that nobody has dealt with."""
        ...

    def record(self, uuid: RunId, condition: Condition, fields: Mapping[str, Any]) -> None:
        """Add a status to a run that its own process manages (`managed_by` user); `ConflictError` for others."""
        ...

    def release(self, lease: Lease) -> None:
        """Let the root go; nothing happens when the lease was lost."""
        ...

    def apply(self, batches: Sequence[Batch]) -> Sequence[RunId]:
        """Commit all batches in one transaction; return the roots whose lease was lost, or whose batch found others
        in its `places`: of theirs, nothing."""
        ...

    def history(self, root: RunId) -> Sequence[StoredEvent]:
        """Return the events of a root in the order they were decided."""
        ...

    def request(self, request: Requested, now: datetime) -> None:
        """Leave a request for whoever drives the run's root; raise `NotFoundError` for an unknown run."""
        ...

    def take_requests(self, owner: str) -> Sequence[tuple[int, RunId, Requested]]:
        """Return open requests for roots leased to the owner, oldest first, as (id, root, request)."""
        ...

    def done_requests(self, ids: Sequence[int]) -> None:
        """Forget requests without an event (see `Batch.requests` for those with one)."""
        ...

    # Lookups for decisions

    def facts(self, uuids: Sequence[str]) -> Mapping[str, RunFacts]:
        """Return what templates may see of the runs; unknown ones are absent."""
        ...

    def cache_candidates(self, project: str, asks: Mapping[RunId, str]) -> Mapping[RunId, RunFacts]:
        """Return, for each asking run and its cache key, the best run to reuse; absent means none.

        Of each no more than it takes to serve another one: how it ended and when, its outputs and artifacts.

        That is the latest that succeeded, else the latest that goes on and was created before the asking run, so that
        no two wait for each other. Never the run itself, an archived one, or one that is itself a cache hit.
        """
        ...

    def busy_elsewhere(self, owner: str, queues: Sequence[str]) -> Mapping[str, int]:
        """Return how many runs of each of these queues execute in roots that this owner does not hold."""
        ...

    def cache_parts(self, uuid: RunId) -> str | None:
        """Return the parts of the run's cache key, as they were written; None when it has none."""
        ...

    def earlier(self, uuid: RunId, limit: int) -> Sequence[tuple[Run, str]]:
        """Return runs of the same project and name that are older than this one and have parts of a cache key, with
        those, the latest first."""
        ...
