"""Conditions that an earlier version stored in a table of their own are found in the rows of their runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from polyaxon.store.conditions import conditions_of
from polyaxon.store.migrate import POSTGRES_WORDS, SQLITE_WORDS, migrations, statements

_BEFORE = 3
_CONDITIONS = [
    ["created", "OperationCreated", "", 1_700_000_000_000_001],
    ["running", "Running", 'says "ü"\nand \\ more', 1_700_000_000_000_002],
    ["failed", "AttemptFailed", "exit code 1", 1_700_000_000_000_003],
]


def migrate(execute: Callable[[str], Any], insert: Callable[[str, list[Any]], Any], words: Mapping[str, str]) -> None:
    """Fill a database of the version before, and bring it to this one."""
    paths = [path for _, path in migrations()]
    for path in paths[:_BEFORE]:
        for statement in statements(path, words):
            execute(statement)
    for number in (1, 2):
        execute(
            "INSERT INTO runs (id, uuid, project, kind, status, created_at, updated_at, root, position, attempt, tags, "
            f"managed_by, inputs, outputs, meta, live_state) VALUES ({number}, '{number}', 'p', 'job', 'failed', 0, 0, "
            f"'{number}', 0, 0, '[]', 'cli', '{{}}', '{{}}', '{{}}', 1)"
        )
    for sequence, condition in reversed(list(enumerate(_CONDITIONS))):  # their order is told by their sequence alone
        values = [1, sequence, *condition]
        insert("INSERT INTO conditions (run, sequence, type, reason, message, at) VALUES (?, ?, ?, ?, ?, ?)", values)
    for path in paths[_BEFORE:]:
        for statement in statements(path, words):
            execute(statement)


def test_they_are_kept_in_order_on_sqlite(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "polyaxon.db", isolation_level=None)
    migrate(connection.execute, connection.execute, SQLITE_WORDS)
    rows = connection.execute("SELECT conditions FROM runs ORDER BY id").fetchall()
    connection.close()
    assert [conditions_of(lines) for (lines,) in rows] == [_CONDITIONS, []]


def test_they_are_kept_in_order_on_postgres(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE SCHEMA earlier")
        connection.execute("SET search_path = earlier")
        migrate(
            connection.execute,
            lambda text, values: connection.execute(text.replace("?", "%s"), values),
            POSTGRES_WORDS,
        )
        rows = connection.execute("SELECT conditions FROM runs ORDER BY id").fetchall()
        connection.rollback()
    assert [conditions_of(lines) for (lines,) in rows] == [_CONDITIONS, []]
