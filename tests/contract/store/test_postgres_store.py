"""PostgreSQL keeps the contract of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from polyaxon.store.base import Store
from polyaxon.store.sql import SqlStore
from polyaxon.testing.store_contract import StoreContract

_TABLES = "projects, runs, contents, explanations, edges, artifacts, events, leases, requests"


class TestPostgresStore(StoreContract):
    @pytest.fixture
    def open_store(self, postgres_url: str) -> Iterator[Callable[[], Store]]:
        from polyaxon.store.postgres import PostgresDatabase

        opened: list[SqlStore] = []

        def open_one() -> Store:
            store = SqlStore(PostgresDatabase(postgres_url), is_gone=lambda _: False)
            store.migrate()
            opened.append(store)
            return store

        cleaner = PostgresDatabase(postgres_url)
        SqlStore(cleaner).migrate()
        with cleaner.writing() as connection:
            connection.run(f"TRUNCATE {_TABLES} RESTART IDENTITY")
        cleaner.close()
        yield open_one
        for store in opened:
            store.close()
