"""SQLite: one file in the home, shared by any number of processes of one machine.

WAL, so that readers never wait; `BEGIN IMMEDIATE`, so that a writer waits for its turn at the beginning and never fails
in the middle; `synchronous=FULL`, so that what was committed survives a power cut. The log begins anew after SQLite's
own thousand pages: a commit that writes over it takes a third less than one that makes it longer.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Any

from polyaxon.errors import StoreError
from polyaxon.store.database import Connection, Row
from polyaxon.store.dialects import SQLITE
from polyaxon.store.migrate import SQLITE_WORDS, migrate_with, migrations

__all__ = ["SqliteDatabase"]

_BUSY_SECONDS = 30.0
"""How long a writer waits for its turn: 5 s is too short on slow disks."""

_SETTINGS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
)


class SqliteDatabase:
    """The database file at `path`, created when missing."""

    dialect = SQLITE

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = RLock()
        self._cursor: sqlite3.Cursor | None = None

    def lock_rows(self) -> str:
        """Nothing: a writer is alone."""
        return ""

    def lock_names(self, connection: Connection, names: Sequence[str]) -> None:
        """Nothing: a writer is alone."""

    def reading(self) -> AbstractContextManager[_Connection]:
        """One snapshot."""
        return _Transaction(self, "BEGIN")

    def writing(self) -> AbstractContextManager[_Connection]:
        """A transaction that owns the write lock from its first statement."""
        return _Transaction(self, "BEGIN IMMEDIATE")

    def migrate(self) -> None:
        """Create or upgrade the tables; a concurrent caller waits and finds the work done."""
        with self.lock, _as_store_errors(self.path):
            cursor = self.open()
            if _version(cursor) == len(migrations()):
                return
            # Changing the journal mode is refused while others write, and the mode stays: asked for once.
            cursor.execute("PRAGMA journal_mode = WAL")
        with self.writing() as transaction:
            version = migrate_with(transaction.run, _version(cursor), SQLITE_WORDS)
            transaction.run(f"PRAGMA user_version = {version}")

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            if self._cursor is not None:
                self._cursor.connection.close()
                self._cursor = None

    def open(self) -> sqlite3.Cursor:
        """Return the one cursor, opened when it is not: every statement would pay for one of its own."""
        if self._cursor is None:
            os.makedirs(os.path.dirname(self.path) or ".", exist_ok=True)
            connection = sqlite3.connect(
                self.path,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )
            self._cursor = connection.cursor()
            # SQLite's own LIKE and lower() know the Latin alphabet only.
            connection.create_function("lowered", 1, _lowered, deterministic=True)
            for setting in _SETTINGS:
                connection.execute(setting)
        return self._cursor


class _Transaction:
    """From taking the lock to the commit. No generator: every commit would pay for it as for two statements."""

    __slots__ = ("_begin", "_cursor", "_database")

    def __init__(self, database: SqliteDatabase, begin: str) -> None:
        self._database = database
        self._begin = begin

    def __enter__(self) -> _Connection:
        database = self._database
        database.lock.acquire()
        try:
            self._cursor = database.open()
            self._cursor.execute(self._begin)
        except BaseException as error:
            database.lock.release()
            if isinstance(error, sqlite3.Error):
                raise _as_store_error(error, database.path) from error
            raise
        return _Connection(self._cursor)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            self._cursor.execute("COMMIT" if error is None else "ROLLBACK")
        except sqlite3.Error as refusal:
            # What SQLite has rolled back itself cannot be again; what it could not commit must not stay open.
            if error is None and self._cursor.connection.in_transaction:
                self._cursor.execute("ROLLBACK")
            error = error or refusal
        finally:
            self._database.lock.release()
        if isinstance(error, sqlite3.Error):
            raise _as_store_error(error, self._database.path) from error


class _Connection:
    __slots__ = ("_cursor",)

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def all(self, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Row]:
        return self._cursor.execute(statement, parameters).fetchall()

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        row: Row | None = self._cursor.execute(statement, parameters).fetchone()
        return row

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        return self._cursor.execute(statement, parameters).rowcount

    def run_many(self, statement: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._cursor.executemany(statement, parameters)


def _lowered(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _version(cursor: sqlite3.Cursor) -> int:
    version: int = cursor.execute("PRAGMA user_version").fetchone()[0]
    return version


@contextmanager
def _as_store_errors(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _as_store_error(error, path) from error


def _as_store_error(error: sqlite3.Error, path: str) -> StoreError:
    return StoreError(f"the database `{path}` refused: {error}", hint=_hint(str(error)))


def _hint(message: str) -> str | None:
    for part, hint in _HINTS.items():
        if part in message:
            return hint
    return None


_HINTS = {
    "locked": f"another process kept the database for more than {_BUSY_SECONDS:.0f} seconds; look for a stopped one",
    "disk is full": "free some space; what was committed is safe, and the runs continue with the next scheduler",
    "readonly": "make the home writable, or name another one with `POLYAXON_HOME`",
    "unable to open": "check that the home exists and is writable, or name another one with `POLYAXON_HOME`",
    "malformed": "the file is damaged: restore a copy, or start with another home",
    "not a database": "the file is no database of this program: move it away, or use another home",
}
