"""Committing what was decided: events, changes and nothing else, grouped so that each statement is prepared once.

Within one call, the changes of a run are merged into one update, to which its conditions are appended; explanations are
all kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from polyaxon.engine.commands import Change, Created, Explained, Linked, Moved, Updated
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, Run
from polyaxon.store.base import Batch
from polyaxon.store.database import Connection, Database
from polyaxon.store.history import INSERT_EVENTS, event_row
from polyaxon.store.leases import busy_elsewhere
from polyaxon.store.rows import condition_to_line, insertion, updates
from polyaxon.store.runs import (
    INSERT_CONTENTS,
    UPSERT_ARTIFACT,
    artifact_row,
    numbers,
)
from polyaxon.store.values import micros, to_json

__all__ = ["apply_batches"]

_INSERT_EXPLANATION = (
    "INSERT INTO explanations (run, sequence, topic, at, facts) "
    "SELECT id, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM explanations WHERE run = runs.id), ?, ?, ? "
    "FROM runs WHERE uuid = ?"
)
_INSERT_EDGE = (
    "INSERT INTO edges (upstream, downstream, kind, details) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (downstream, upstream, kind) DO UPDATE SET details = excluded.details"
)
_DELETE_REQUEST = "DELETE FROM requests WHERE id = ?"


def apply_batches(connection: Connection, batches: Sequence[Batch], database: Database) -> Sequence[RunId]:
    """Write the batches whose lease and places still hold; return the roots of the others."""
    lost: list[RunId] = []
    writes = _Writes()
    lock_rows = database.lock_rows()
    busy = _busy(connection, batches, database)
    # One order for all writers: two that lock the same rows never wait for each other.
    for batch in sorted(batches, key=lambda batch: batch.lease.root):
        lease = batch.lease
        row = connection.one(f"SELECT owner, token, number FROM leases WHERE root = ?{lock_rows}", (lease.root,))
        if row is None or row[0] != lease.owner or row[1] != lease.token:
            lost.append(lease.root)
            continue
        if any(busy.get(queue, 0) > most for queue, most in batch.places.items()):
            lost.append(lease.root)
            continue
        writes.add(batch, row[2])
    writes.flush(connection)
    return lost


def _busy(connection: Connection, batches: Sequence[Batch], database: Database) -> Mapping[str, int]:
    """Return what others execute in the queues that the batches want places of; nobody takes one until the commit."""
    queues = sorted({queue for batch in batches for queue in batch.places})
    if not queues:
        return {}
    database.lock_names(connection, queues)
    return busy_elsewhere(connection, batches[0].lease.owner, queues)


class _Writes:
    """Rows to write, by statement."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.created: list[Run] = []
        self.explanations: list[tuple[Any, ...]] = []
        self.edges: list[Linked] = []
        self.requests: list[tuple[int]] = []
        self.artifacts: list[tuple[Any, ...]] = []
        self.fields: dict[RunId, dict[str, Any]] = {}

    def add(self, batch: Batch, number: int) -> None:
        latest: datetime | None = None
        for latest, decided in groupby(batch.events, key=itemgetter(1)):
            self.events.append(event_row(number, [event for event, _ in decided], latest))
        for change in batch.changes:
            _TAKERS[type(change)](self, change, latest)
        self.requests.extend((number,) for number in batch.requests)
        self.artifacts.extend(map(artifact_row, batch.artifacts))

    def moved(self, change: Moved, _: datetime | None) -> None:
        condition = change.condition
        status, at = condition.type, condition.at
        line = condition_to_line(condition)
        known = self.fields.get(change.run)
        if known is None:
            self.fields[change.run] = {"status": status, "updated_at": at, "conditions": line, **change.fields}
        else:
            known["status"] = status
            known["updated_at"] = at
            known["conditions"] = known.get("conditions", "") + line
            known.update(change.fields)

    def updated(self, change: Updated, latest: datetime | None) -> None:
        known = self.fields.setdefault(change.run, {})
        if latest is not None:
            known["updated_at"] = latest
        known.update(change.fields)

    def create(self, change: Created, _: datetime | None) -> None:
        self.created.append(change.run)

    def explained(self, change: Explained, _: datetime | None) -> None:
        self.explanations.append((change.topic, micros(change.at), to_json(change.facts), change.run))

    def linked(self, change: Linked, _: datetime | None) -> None:
        self.edges.append(change)

    def flush(self, connection: Connection) -> None:
        if self.created:
            _insert_runs(connection, self.created)
        for statement, changed in updates(self.fields).items():
            connection.run_many(statement, changed)
        if self.edges:
            _insert_edges(connection, self.edges)
        for statement, rows in (
            (INSERT_EVENTS, self.events),
            (_INSERT_EXPLANATION, self.explanations),
            (UPSERT_ARTIFACT, self.artifacts),
            (_DELETE_REQUEST, self.requests),
        ):
            if rows:
                connection.run_many(statement, rows)


_TAKERS: Mapping[type[Change], Callable[[_Writes, Any, datetime | None], None]] = {
    Moved: _Writes.moved,
    Updated: _Writes.updated,
    Created: _Writes.create,
    Explained: _Writes.explained,
    Linked: _Writes.linked,
}


def _insert_runs(connection: Connection, runs: Sequence[Run]) -> None:
    insertions = [insertion(run, _first_line(run)) for run in runs]
    # In their order, of which their numbers tell: most of those made together have the same columns.
    for statement, alike in groupby(insertions, key=itemgetter(0)):
        connection.run_many(statement, [row for _, row in alike])
    contents = [
        (run.raw_content, run.content, run.uuid)
        for run in runs
        if run.raw_content is not None or run.content is not None
    ]
    if contents:
        connection.run_many(INSERT_CONTENTS, contents)


def _insert_edges(connection: Connection, edges: Sequence[Linked]) -> None:
    """Add the edges whose ends there are; a run has many, so that its number is looked up once."""
    number = numbers(connection, {uuid for edge in edges for uuid in (edge.upstream, edge.downstream)})
    rows = [
        (number[edge.upstream], number[edge.downstream], edge.kind, to_json(edge.values))
        for edge in edges
        if edge.upstream in number and edge.downstream in number
    ]
    connection.run_many(_INSERT_EDGE, rows)


def _first_line(run: Run) -> str:
    return condition_to_line(Condition(run.status, "OperationCreated", "", run.created_at))
