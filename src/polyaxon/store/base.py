"""The contract of the store: everything durable, and the only room with SQL.

Calls are synchronous and short: one transaction each, no network or process call inside. Any number of processes
use one store at once. Every adapter passes `polyaxon.testing.StoreContract`. Times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from polyaxon.engine.commands import Change
from polyaxon.engine.events import Event, Requested
from polyaxon.model.ids import RunId
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
class Batch:
    """What one root's events led to, to be committed together under its lease."""

    lease: Lease
    events: Sequence[tuple[Event, datetime]]
    changes: Sequence[Change]


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
class Artifact:
    """One line of a run's artifacts lineage; `path` is relative to the artifacts store."""

    run: RunId
    name: str
    kind: str
    path: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    is_input: bool = False


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of a root's history, as it was decided on."""

    root: RunId
    sequence: int
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

    def create(self, run: Run, condition: Condition) -> None:
        """Add a root run (status `created`); a known uuid changes nothing."""
        ...

    def get(self, uuid: str) -> Run:
        """Return the run whose uuid this is, or starts with (at least 4 digits, unique); raise `NotFoundError`."""
        ...

    def tree(self, root: RunId) -> Sequence[Run]:
        """Return the root and all its descendants, parents first, then by `index`."""
        ...

    def list(self, project: str | None, query: str, sort: str, limit: int, offset: int, now: datetime) -> Page:
        """Return the runs that match the query language (`polyaxon.query`); None for all projects."""
        ...

    def conditions(self, uuid: RunId) -> Sequence[Condition]: ...

    def explanations(self, uuid: RunId) -> Sequence[Explanation]: ...

    def edges(self, uuid: RunId) -> Sequence[Edge]: ...

    def artifacts(self, uuid: RunId) -> Sequence[Artifact]: ...

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
        """Take the leases of unfinished roots that nobody holds: free, expired, or held by a process of this machine
        that is gone (owners are `host:pid:start_time`). `roots` limits the choice; None means any managed root."""
        ...

    def renew(self, owner: str, now: datetime, ttl_seconds: float) -> Sequence[RunId]:
        """Extend all leases of the owner; return the roots it holds."""
        ...

    def release(self, lease: Lease) -> None: ...

    def apply(self, batches: Sequence[Batch]) -> Sequence[RunId]:
        """Commit all batches in one transaction; return the roots whose lease was lost (nothing of theirs is written)."""
        ...

    def history(self, root: RunId) -> Sequence[StoredEvent]:
        """Return the events of a root in the order they were decided."""
        ...

    def request(self, request: Requested, now: datetime) -> None:
        """Leave a request for whoever drives the run's root."""
        ...

    def take_requests(self, owner: str) -> Sequence[tuple[int, RunId, Requested]]:
        """Return open requests for roots leased to the owner, oldest first, as (id, root, request)."""
        ...

    def done_requests(self, ids: Sequence[int]) -> None: ...

    # Lookups for decisions

    def facts(self, uuids: Sequence[str]) -> Mapping[str, RunFacts]:
        """Return what templates may see of the runs; unknown ones are absent."""
        ...

    def cache_candidates(self, project: str, keys: Sequence[str]) -> Mapping[str, Run]:
        """Return the best run to reuse per cache key: succeeded or going on, latest first; absent means none."""
        ...
