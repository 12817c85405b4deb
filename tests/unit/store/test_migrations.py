"""Migrations go forward only, once, and end where a fresh database begins."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from polyaxon.errors import StoreError
from polyaxon.store.migrate import SQLITE_WORDS, migrations, outstanding, statements
from polyaxon.store.sqlite import SqliteDatabase


def schema(path: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return found


def test_a_database_migrated_step_by_step_equals_a_fresh_one(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "steps.db", isolation_level=None)
    for version, path in migrations():
        for statement in statements(path, SQLITE_WORDS):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    fresh = SqliteDatabase(str(tmp_path / "fresh.db"))
    fresh.migrate()
    fresh.close()
    assert schema(tmp_path / "steps.db") == schema(tmp_path / "fresh.db")


def test_a_database_of_a_later_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "polyaxon.db"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(migrations()) + 1}")
    connection.close()
    database = SqliteDatabase(str(path))
    with pytest.raises(StoreError, match="schema version") as caught:
        database.migrate()
    assert "upgrade" in (caught.value.hint or "")
    database.close()


def test_many_migrate_at_once(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def migrate() -> None:
        database = SqliteDatabase(str(tmp_path / "polyaxon.db"))
        try:
            database.migrate()
        except BaseException as error:  # noqa: BLE001 - reported by the assertion
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=migrate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_numbers_without_a_gap_are_demanded(tmp_path: Path) -> None:
    for name in ("0001_a.sql", "0003_b.sql"):
        (tmp_path / name).write_text("")
    with pytest.raises(StoreError, match="gap"):
        migrations(str(tmp_path))


def test_what_a_current_database_lacks_is_nothing() -> None:
    assert outstanding(len(migrations())) == []


@pytest.mark.parametrize(
    ("content", "hint"),
    [(b"no database at all" * 100, "move it away")],
)
def test_a_file_that_is_no_database_is_named_with_the_way_out(tmp_path: Path, content: bytes, hint: str) -> None:
    path = tmp_path / "polyaxon.db"
    path.write_bytes(content)
    database = SqliteDatabase(str(path))
    with pytest.raises(StoreError, match=str(path)) as caught:
        database.migrate()
    assert hint in (caught.value.hint or "")
    database.close()
