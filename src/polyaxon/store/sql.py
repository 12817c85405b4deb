"""The store itself: the contract of `base.py`, each method one transaction around the functions of this room.

Which database lies below is decided by who constructs it: see `polyaxon.server`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from polyaxon.engine.events import Requested
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, Run, RunFacts
from polyaxon.store import history, leases, projects, runs
from polyaxon.store.apply import apply_batches
from polyaxon.store.base import Artifact, Batch, Edge, Explanation, Lease, Page, Project, StoredEvent
from polyaxon.store.database import Database
from polyaxon.store.owners import is_gone
from polyaxon.store.values import from_micros

__all__ = ["SqlStore"]


class SqlStore:
    """Durable state in an SQL database. `is_gone` tells whether a lease's owner has ended (replaced in tests)."""

    def __init__(self, database: Database, is_gone: Callable[[str], bool] = is_gone) -> None:
        self.database = database
        self._is_gone = is_gone

    def migrate(self) -> None:
        """Bring the schema to this version."""
        self.database.migrate()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    # Projects

    def project(self, name: str, owner: str = "default") -> Project:
        """Return the project of that name."""
        with self.database.reading() as connection:
            return projects.project(connection, name, owner)

    def ensure_project(self, project: Project) -> Project:
        """Return the project, created when there is none."""
        with self.database.writing() as connection:
            return projects.ensure_project(connection, project)

    def projects(self) -> Sequence[Project]:
        """Return all projects by name."""
        with self.database.reading() as connection:
            return projects.list_projects(connection)

    # Runs

    def create(
        self, run: Run, condition: Condition, holder: str | None = None, ttl_seconds: float = 30.0
    ) -> Lease | None:
        """Add a root run, leased to `holder` from the beginning."""
        with self.database.writing() as connection:
            if not runs.create(connection, run, condition) or holder is None:
                return None
            return leases.take_new(connection, run.uuid, holder, condition.at, ttl_seconds)

    def update(self, uuid: RunId, fields: Mapping[str, Any]) -> None:
        """Change what people may change of a run."""
        with self.database.writing() as connection:
            runs.update(connection, uuid, fields)

    def get(self, uuid: str) -> Run:
        """Return the run of this uuid or beginning of one."""
        with self.database.reading() as connection:
            return runs.get(connection, uuid)

    def tree(self, root: RunId) -> Sequence[Run]:
        """Return the root and all its descendants."""
        with self.database.reading() as connection:
            return runs.tree(connection, root)

    def children(self, pipeline: RunId) -> Sequence[Run]:
        """Return the runs right below a pipeline."""
        with self.database.reading() as connection:
            return runs.children(connection, pipeline)

    def list(self, project: str | None, query: str, sort: str, limit: int, offset: int, now: datetime) -> Page:
        """Return one page of the runs that match."""
        with self.database.reading() as connection:
            return runs.list_runs(connection, self.database.dialect, project, query, sort, limit, offset, now)

    def conditions(self, uuid: RunId) -> Sequence[Condition]:
        """Return the status history, oldest first."""
        with self.database.reading() as connection:
            return runs.conditions(connection, uuid)

    def explanations(self, uuid: RunId) -> Sequence[Explanation]:
        """Return what decisions were based on, oldest first."""
        with self.database.reading() as connection:
            return runs.explanations(connection, uuid)

    def edges(self, uuid: RunId) -> Sequence[Edge]:
        """Return the edges that begin or end at the run."""
        with self.database.reading() as connection:
            return runs.edges(connection, uuid)

    def artifacts(self, uuid: RunId) -> Sequence[Artifact]:
        """Return the run's lineage."""
        with self.database.reading() as connection:
            return runs.artifacts(connection, uuid)

    def add_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Insert or update lineage."""
        with self.database.writing() as connection:
            runs.add_artifacts(connection, artifacts)

    def delete(self, uuid: RunId) -> None:
        """Remove a final run and its descendants."""
        with self.database.writing() as connection:
            runs.delete(connection, uuid)

    # Scheduling

    def claim(
        self, owner: str, now: datetime, ttl_seconds: float, roots: Sequence[RunId] | None = None
    ) -> Sequence[Lease]:
        """Take the leases of unfinished roots that nobody holds."""
        # Looking costs nothing to others, taking makes every writer wait: look first.
        with self.database.reading() as connection:
            if not leases.free(connection, owner, now, roots, self._is_gone):
                return []
        with self.database.writing() as connection:
            return leases.claim(connection, owner, now, ttl_seconds, roots, self._is_gone)

    def renew(self, owner: str, now: datetime, ttl_seconds: float) -> Sequence[Lease]:
        """Extend all leases of the owner."""
        with self.database.writing() as connection:
            return leases.renew(connection, owner, now, ttl_seconds)

    def next_cleaning(self) -> datetime | None:
        """Return when the next finished run is to be cleaned."""
        with self.database.reading() as connection:
            row = connection.one(leases.NEXT_CLEANING)
        return from_micros(row[0]) if row is not None else None

    def cleaned(self, uuids: Sequence[RunId]) -> None:
        """Forget that these runs were to be cleaned."""
        with self.database.writing() as connection:
            connection.run_many("UPDATE runs SET clean_at = NULL WHERE uuid = ?", [(uuid,) for uuid in uuids])

    def holder(self, root: RunId, now: datetime) -> str | None:
        """Return who holds the root."""
        with self.database.reading() as connection:
            return leases.holder(connection, root, now, self._is_gone)

    def has_requests(self, root: RunId) -> bool:
        """Whether the root has open requests."""
        with self.database.reading() as connection:
            return connection.one("SELECT 1 FROM requests WHERE root = ?", (root,)) is not None

    def record(self, uuid: RunId, condition: Condition, fields: Mapping[str, Any]) -> None:
        """Add a status to a run that its own process manages."""
        with self.database.writing() as connection:
            runs.record(connection, uuid, condition, fields)

    def release(self, lease: Lease) -> None:
        """Let a root go."""
        with self.database.writing() as connection:
            leases.release(connection, lease)

    def apply(self, batches: Sequence[Batch]) -> Sequence[RunId]:
        """Commit all batches; return the roots whose lease or places were lost."""
        with self.database.writing() as connection:
            return apply_batches(connection, batches, self.database)

    def history(self, root: RunId) -> Sequence[StoredEvent]:
        """Return the events of a root in order."""
        with self.database.reading() as connection:
            return history.history(connection, root)

    def request(self, request: Requested, now: datetime) -> None:
        """Leave a request."""
        with self.database.writing() as connection:
            leases.leave_request(connection, request, now)

    def take_requests(self, owner: str) -> Sequence[tuple[int, RunId, Requested]]:
        """Return open requests for the owner's roots."""
        with self.database.reading() as connection:
            return leases.take_requests(connection, owner)

    def done_requests(self, ids: Sequence[int]) -> None:
        """Forget requests that were dealt with."""
        with self.database.writing() as connection:
            leases.done_requests(connection, ids)

    # Lookups for decisions

    def facts(self, uuids: Sequence[str]) -> Mapping[str, RunFacts]:
        """Return what templates may see of the runs."""
        with self.database.reading() as connection:
            return runs.facts(connection, uuids)

    def cache_candidates(self, project: str, asks: Mapping[RunId, str]) -> Mapping[RunId, RunFacts]:
        """Return the best run to reuse per asking run."""
        with self.database.reading() as connection:
            return runs.cache_candidates(connection, project, asks)

    def busy_elsewhere(self, owner: str, queues: Sequence[str]) -> Mapping[str, int]:
        """Return how many runs of each queue execute in roots that this owner does not hold."""
        with self.database.reading() as connection:
            return leases.busy_elsewhere(connection, owner, queues)

    def cache_parts(self, uuid: RunId) -> str | None:
        """Return the parts of the run's cache key."""
        with self.database.reading() as connection:
            return runs.cache_parts(connection, uuid)

    def earlier(self, uuid: RunId, limit: int) -> Sequence[tuple[Run, str]]:
        """Return older runs that might have served this one."""
        with self.database.reading() as connection:
            return runs.earlier(connection, uuid, limit)
