"""What the store's queries need of a database: transactions, statements with `?` for parameters, and its dialect.

Two adapters: `sqlite.py` and `postgres.py`. Everything else in this room is written once, against these protocols.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from polyaxon.store.dialects import Dialect

__all__ = ["Connection", "Database", "Row"]

Row = Sequence[Any]
"""One row: what it holds is known by the statement that asked, and given its type in `rows.py`."""


class Connection(Protocol):
    """Statements inside one transaction."""

    def all(self, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Row]:
        """Return every row."""
        ...

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        """Return the first row."""
        ...

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Execute and return the number of rows touched."""
        ...

    def run_many(self, statement: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Execute once per set of parameters."""
        ...


class Database(Protocol):
    """One database, used from any thread; transactions of one `Database` follow each other."""

    dialect: Dialect

    def reading(self) -> AbstractContextManager[Connection]:
        """A consistent view of what is committed."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that is committed at the end and rolled back by an exception; it holds the right to write
        from its beginning, so that what it reads stays true until it commits."""
        ...

    def lock_rows(self) -> str:
        """The clause that keeps selected rows from changing until the commit; empty where a writer is alone."""
        ...

    def lock_names(self, connection: Connection, names: Sequence[str]) -> None:
        """Wait until no other transaction has locked one of these names, sorted, and keep them until the commit."""
        ...

    def migrate(self) -> None:
        """Bring the schema to this version."""
        ...

    def close(self) -> None:
        """Let go of the connection. Safe to call twice."""
        ...
