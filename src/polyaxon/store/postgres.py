"""PostgreSQL: one database for schedulers on any number of machines.

The same statements as everywhere; rows that a decision depends on are locked while it is written. A connection that was
lost is opened again by the next transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from threading import RLock
from typing import Any, cast

import psycopg

from polyaxon.errors import StoreError
from polyaxon.store.database import Connection, Row
from polyaxon.store.dialects import POSTGRES
from polyaxon.store.migrate import POSTGRES_WORDS, migrate_with

__all__ = ["PostgresDatabase"]

_MIGRATING = 0x706F6C79
"""The advisory lock of whoever migrates."""
_NAMES = 0x706F6C78
"""The first half of the advisory locks of names."""
_LOCK_SECONDS = 30


class PostgresDatabase:
    """The database that `url` names (`postgresql://…`, or anything else libpq takes)."""

    dialect = POSTGRES

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = RLock()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def lock_rows(self) -> str:
        """Lock what was selected until the commit."""
        return " FOR UPDATE"

    def lock_names(self, connection: Connection, names: Sequence[str]) -> None:
        """Take an advisory lock for each."""
        for name in names:
            connection.one("SELECT pg_advisory_xact_lock(?, hashtext(?))", (_NAMES, name))

    def reading(self) -> AbstractContextManager[_Connection]:
        """One snapshot."""
        return self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def writing(self) -> AbstractContextManager[_Connection]:
        """A transaction; whoever depends on rows it read locks them."""
        return self._transaction("BEGIN")

    def migrate(self) -> None:
        """Create or upgrade the tables; a concurrent caller waits and finds the work done."""
        with self.writing() as connection:
            connection.run("SELECT pg_advisory_xact_lock(?)", (_MIGRATING,))
            connection.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
            row = connection.one("SELECT version FROM schema_version")
            current = row[0] if row else 0
            version = migrate_with(connection.run, current, POSTGRES_WORDS)
            if version != current:
                connection.run("DELETE FROM schema_version")
                connection.run("INSERT INTO schema_version (version) VALUES (?)", (version,))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[_Connection]:
        with self._lock, self._as_store_errors():
            connection = self._open()
            self._begin(connection, begin)
            connection = self._open()
            try:
                yield _Connection(connection)
            except BaseException:
                if not connection.closed:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _begin(self, connection: psycopg.Connection[tuple[Any, ...]], begin: str) -> None:
        """Begin, on a new connection if the server closed this one meanwhile: nothing has happened yet."""
        try:
            connection.execute(cast(Any, begin))
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self.close()
            self._open().execute(cast(Any, begin))

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.url, autocommit=True, connect_timeout=10)
            self._connection.execute(cast(Any, f"SET lock_timeout = '{_LOCK_SECONDS}s'"))
            self._connection.execute("SET synchronous_commit = on")
        return self._connection

    @contextmanager
    def _as_store_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            message = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise StoreError(f"the database refused: {message}", hint="check `database` in the settings") from error


class _Connection:
    __slots__ = ("_connection",)

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def all(self, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Row]:
        return self._connection.execute(_marked(statement), parameters).fetchall()

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        return self._connection.execute(_marked(statement), parameters).fetchone()

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(_marked(statement), parameters).rowcount

    def run_many(self, statement: str, parameters: Iterable[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_marked(statement), parameters)


@lru_cache(1024)
def _marked(statement: str) -> Any:  # the driver's type of literal text; every text here is the project's own
    return statement.replace("%", "%%").replace("?", "%s")
