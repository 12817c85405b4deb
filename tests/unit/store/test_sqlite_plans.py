"""Every query on a hot path uses its index, and the database is set up to be safe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from polyaxon.model.ids import RunId
from polyaxon.query import parse_sort
from polyaxon.store.database import Connection
from polyaxon.store.dialects import SQLITE
from polyaxon.store.history import LAST_EVENTS
from polyaxon.store.leases import BUSY, CLAIMABLE, NEXT_CLEANING, TO_CLEAN
from polyaxon.store.runs import REUSABLE, SELECT
from polyaxon.store.search import live_filter, order_by, page, where
from polyaxon.store.sqlite import SqliteDatabase

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = SqliteDatabase(str(tmp_path / "polyaxon.db"))
    database.migrate()
    with database.reading() as connection:
        yield connection
    database.close()


def listing(query: str, sort: str) -> str:
    condition, _ = where(live_filter(query, NOW), SQLITE)
    order = order_by(parse_sort(sort), SQLITE)
    return f"{SELECT} WHERE {page(f'runs.project = ? AND {condition}', order)}"


def counting(query: str) -> str:
    condition, _ = where(live_filter(query, NOW), SQLITE)
    return f"SELECT COUNT(*) FROM runs WHERE runs.project = ? AND {condition}"


PLANS = {
    "one run": (f"{SELECT} WHERE runs.uuid >= ? AND runs.uuid < ?", "sqlite_autoindex_runs_1"),
    "a tree": (f"{SELECT} WHERE runs.root = ? ORDER BY runs.id", "runs_root"),
    "children": (f"{SELECT} WHERE runs.pipeline = ? ORDER BY position", "runs_pipeline"),
    "what can be claimed": (CLAIMABLE, "runs_open"),
    "some of what can be claimed": (f"{CLAIMABLE} AND runs.uuid IN (?, ?)", "sqlite_autoindex_runs_1"),
    "how many runs there are": (counting(""), "COVERING INDEX runs_created"),
    "how many runs of their own there are": (counting("pipeline:nil"), "runs_updated"),
    "the latest runs of all": (listing("", ""), "runs_created"),
    "the latest runs of their own": (listing("pipeline:nil", ""), "runs_updated"),
    "the newest runs": (listing("status:running", "-created_at"), "runs_created"),
    "runs of a pipeline": (listing("pipeline:" + "a" * 32, "metrics.loss"), "runs_pipeline"),
    "cache keys": (REUSABLE.format("?, ?"), "runs_state"),
    "conditions": ("SELECT conditions FROM runs WHERE uuid = ?", "sqlite_autoindex_runs_1"),
    "the last events of a root": (LAST_EVENTS, "INTEGER PRIMARY KEY"),
    "edges to a run": ("SELECT kind FROM edges WHERE upstream = ?", "edges_upstream"),
    "a status change": ("UPDATE runs SET status = ? WHERE uuid = ?", "sqlite_autoindex_runs_1"),
    "what is to be cleaned": (TO_CLEAN, "runs_to_clean"),
    "the next cleaning": (NEXT_CLEANING, "runs_to_clean"),
    "what executes elsewhere": (BUSY, "runs_open"),
    "held leases": ("UPDATE leases SET expires_at = ? WHERE owner = ?", "leases_owner"),
    "requests of held leases": (
        "SELECT requests.id FROM requests JOIN leases ON leases.root = requests.root WHERE leases.owner = ?",
        "leases_owner",
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_index_is_used(connection: Connection, name: str) -> None:
    statement, index = PLANS[name]
    plan = [row[3] for row in connection.all(f"EXPLAIN QUERY PLAN {statement}", ["x"] * statement.count("?"))]
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN") and index not in step and "requests" not in step for step in plan), plan


@pytest.mark.parametrize("name", ["the latest runs of their own", "the newest runs"])
def test_a_page_is_found_in_the_order_of_the_index(connection: Connection, name: str) -> None:
    statement, _ = PLANS[name]
    found = connection.all(f"EXPLAIN QUERY PLAN {statement}", ["x"] * statement.count("?"))
    # Each step is of a query, and only the outermost, of which the parent is 0, may sort: it has one page. (Those made
    # at the same time are put in order too: the right part of an order.)
    assert [row[1] for row in found if "TEMP B-TREE FOR ORDER" in row[3]] == [0], found


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 30000)])
def test_commits_survive_power_cuts_and_writers_wait(connection: Connection, pragma: str, value: object) -> None:
    row = connection.one(f"PRAGMA {pragma}")
    assert row is not None
    assert row[0] == value


def test_ids_of_runs_are_plain_text() -> None:
    assert type(RunId("a")) is str
