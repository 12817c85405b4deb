"""SQLite keeps the contract of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polyaxon.store.base import Store
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase
from polyaxon.testing.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Iterator[Callable[[], Store]]:
        opened: list[Store] = []

        def open_one() -> Store:
            store = SqlStore(SqliteDatabase(str(tmp_path / "polyaxon.db")), is_gone=lambda _: False)
            store.migrate()
            opened.append(store)
            return store

        yield open_one
        for store in opened:
            store.close()
