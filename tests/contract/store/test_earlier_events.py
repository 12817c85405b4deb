"""A root that an earlier version drove is driven on: its events, its lease and what was explained are still there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from polyaxon.engine.commands import Explained
from polyaxon.engine.events import Admitted, Adopted, Event
from polyaxon.model.ids import RunId
from polyaxon.model.status import Status
from polyaxon.store.base import Batch, Lease
from polyaxon.store.database import Database
from polyaxon.store.events import encode_events
from polyaxon.store.migrate import POSTGRES_WORDS, SQLITE_WORDS, migrations, statements
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase
from polyaxon.store.values import micros
from polyaxon.testing.store_builders import EPOCH, ME, move, run

_BEFORE = 4
_ROOTS = [run(1).uuid, run(2).uuid]
_EVENTS: list[list[Event]] = [[Adopted(), Admitted(RunId("a"))], [Admitted(RunId("b"))]]


def fill(execute: Callable[..., Any], words: Mapping[str, str]) -> None:
    """Make a database of the version before, with two roots in the middle of their work."""
    for _, path in migrations()[:_BEFORE]:
        for statement in statements(path, words):
            execute(statement)
    at = micros(EPOCH)
    for number, root in enumerate(_ROOTS, 1):
        execute(
            "INSERT INTO runs (id, uuid, project, kind, status, created_at, updated_at, root, position, attempt, tags, "
            f"managed_by, inputs, outputs, meta, live_state) VALUES ({number}, '{root}', 'p', 'job', 'running', {at}, "
            f"{at}, '{root}', 0, 0, '[]', 'cli', '{{}}', '{{}}', '{{}}', 1)"
        )
        execute(
            "INSERT INTO leases (root, owner, token, expires_at, sequence) "
            f"VALUES ('{root}', '{ME}', 3, {(at or 0) + 30_000_000}, 9)"
        )
        execute(
            f"INSERT INTO explanations (run, sequence, topic, at, facts) VALUES ({number}, 7, 'trigger', {at}, '{{}}')"
        )
        for sequence, together in ((1, _EVENTS[0]), (5, _EVENTS[1])):
            body = encode_events(together)
            execute(f"INSERT INTO events (root, sequence, at, body) VALUES ('{root}', {sequence}, {at}, '{body}')")


def drives_on(database: Database) -> None:
    store = SqlStore(database, is_gone=lambda _: False)
    store.migrate()
    first, second = _ROOTS
    earlier = [event for together in _EVENTS for event in together]
    assert [stored.event for stored in store.history(first)] == earlier
    (lease, _) = sorted(store.renew(ME, EPOCH, 30), key=lambda lease: lease.root)
    assert lease == Lease(first, ME, 3, EPOCH + timedelta(seconds=30))
    told = Explained(first, "cache", EPOCH, {})
    assert store.apply([Batch(lease, [(Adopted(), EPOCH)], [told, move(first, Status.FAILED)])]) == []
    assert [stored.event for stored in store.history(first)] == [*earlier, Adopted()]
    assert [each.topic for each in store.explanations(first)] == ["trigger", "cache"]
    store.delete(first)
    assert store.history(first) == []
    assert [stored.event for stored in store.history(second)] == earlier
    store.close()


def test_on_sqlite(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "polyaxon.db", isolation_level=None)
    fill(connection.execute, SQLITE_WORDS)
    connection.execute(f"PRAGMA user_version = {_BEFORE}")
    connection.close()
    drives_on(SqliteDatabase(str(tmp_path / "polyaxon.db")))


def test_on_postgres(postgres_url: str) -> None:
    import psycopg
    from psycopg.conninfo import make_conninfo

    from polyaxon.store.postgres import PostgresDatabase

    url = make_conninfo(postgres_url, options="-c search_path=earlier_events")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA earlier_events")
        fill(connection.execute, POSTGRES_WORDS)
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        connection.execute(f"INSERT INTO schema_version (version) VALUES ({_BEFORE})")
    drives_on(PostgresDatabase(url))
