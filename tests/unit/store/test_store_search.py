"""SQL finds what the reference meaning of the search language finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyaxon.engine.commands import Linked
from polyaxon.model.run import ManagedBy, Run, RunKind
from polyaxon.model.status import Status
from polyaxon.query import And, matches, parse
from polyaxon.store.base import Artifact, Batch
from polyaxon.store.dialects import SQLITE
from polyaxon.store.search import where
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase
from polyaxon.store.values import to_json
from polyaxon.testing.store_builders import EPOCH, condition, run

NOW = EPOCH + timedelta(days=3)
RUNS = [
    run(1, name="Bert-small", status=Status.SUCCEEDED, outputs={"loss": 0.25, "note": "Ärger"}, tags=("a", "b")),
    run(2, name="bert-large", status=Status.FAILED, outputs={"loss": float("nan")}, inputs={"lr": 0.1, "on": True}),
    run(3, name=None, kind=RunKind.MATRIX, runtime="grid", inputs={"lr": "0.1", "on": None}, duration=3.5),
    run(4, pipeline=run(3).uuid, root=run(3).uuid, inputs={"lr": 1, "on": False}, outputs={"loss": 1}, tags=("b",)),
    run(5, managed_by=ManagedBy.USER, user="ann", created_at=EPOCH - timedelta(days=90), started_at=EPOCH),
    run(6, original=run(1).uuid, live_state=0, description="100%_sure!", meta={"seen": "x", "flag": True}),
]
ARTIFACTS = [
    Artifact(run(1).uuid, "abc123", "coderef", "p"),
    Artifact(run(1).uuid, "data", "dataset", "p", is_input=True),
    Artifact(run(2).uuid, "model", "model", "p"),
]


def as_row(each: Run) -> dict[str, Any]:
    """The run as the REST API shows it."""
    return {
        "uuid": each.uuid,
        "name": each.name,
        "description": each.description,
        "kind": each.kind.value,
        "runtime": each.runtime,
        "status": each.status.value,
        "created_at": each.created_at,
        "started_at": each.started_at,
        "inputs": dict(each.inputs),
        "outputs": json.loads(to_json(each.outputs)),  # NaN is no number to a database
        "meta_info": dict(each.meta),
        "tags": list(each.tags),
        "duration": each.duration,
        "live_state": each.live_state,
        "resources": {"cost": 0.0},
        "managed_by": each.managed_by.value,
        "user": each.user,
        "project": each.project,
        "pipeline": {"uuid": each.pipeline, "name": None} if each.pipeline else None,
        "original": {"uuid": each.original, "name": "Bert-small"} if each.original else None,
        "artifacts": [
            {"name": item.name, "kind": item.kind, "is_input": item.is_input}
            for item in ARTIFACTS
            if item.run == each.uuid
        ],
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    path: Path = tmp_path_factory.mktemp("search") / "polyaxon.db"
    store = SqlStore(SqliteDatabase(str(path)))
    store.migrate()
    for each in RUNS:
        store.create(each, condition())
    store.add_artifacts(ARTIFACTS)
    lease = store.claim("me:1:1", EPOCH, 30, [run(1).uuid])
    leases = store.create(run(9, live_state=-1), condition(), "me:1:1", 30)
    assert leases is not None
    assert lease == []
    store.apply([Batch(leases, [], [Linked(run(1).uuid, run(2).uuid, "run")])])
    store.update(run(9).uuid, {"project": "elsewhere"})
    yield store
    store.close()


def found(store: SqlStore, query: str) -> list[str]:
    condition_sql, values = where(parse(query, now=NOW), SQLITE)
    with store.database.reading() as connection:
        statement = f"SELECT uuid FROM runs WHERE project = 'default' AND {condition_sql} ORDER BY id"
        return [uuid for (uuid,) in connection.all(statement, values)]


def expected(query: str) -> list[str]:
    tree = parse(query, now=NOW)
    return [each.uuid for each in RUNS if matches(tree, as_row(each))]


conditions = st.sampled_from(
    [
        "status:succeeded",
        "status:succeeded|failed",
        "name:%BERT%",
        "name:bert%",
        "name:%large",
        "name:nil",
        "description:%%_%",
        "description:%sure!",
        "uuid:0000%",
        "uuid:" + run(2).uuid,
        "metrics.loss:<0.5",
        "metrics.loss:>=1",
        "metrics.loss:nil",
        "outputs.loss:0.25",
        "outputs.loss:nil",
        "outputs.note:Ärger",
        "inputs.lr:0.1",
        'inputs.lr:"0.1"',
        "inputs.lr:>0.5",
        'inputs.lr:>="0"',
        "inputs.lr:1|0.1",
        "params.on:true",
        "in.on:false",
        "in.on:nil",
        "tags:a",
        "tags:a|b",
        "tags:nil",
        "kind:matrix|dag",
        "runtime:grid",
        "duration:>3",
        "duration:nil",
        "duration:3.5",
        "created_at:2026-03-01",
        "created_at:2026-03-01 12:00",
        "created_at:<2026-01-01",
        "created_at:2025-11-01 .. 2026-03-02",
        "created_at:last_month",
        "created_at:_any_",
        "started_at:nil",
        "started_at:>=2026-03-01",
        "pipeline:nil",
        "pipeline:" + run(3).uuid,
        "original:" + run(1).uuid,
        "original.name:Bert-small",
        "project:default",
        "user:ann",
        "is_managed:true",
        "is_managed:false",
        "managed_by:user|cli",
        "live_state:0",
        "meta_info.seen:x",
        "meta_flags.flag:true",
        "meta_values.seen:nil",
        "commit:abc123",
        "in_artifact_kind:dataset",
        "out_artifact_kind:dataset|model",
        "backend:nil",
        "agent:x",
        "cost:0",
    ]
)


def negate(query: str) -> str:
    field, _, operation = query.partition(":")
    return query if operation == "_any_" else f"{field}:~{operation}"


queries = st.recursive(
    conditions | conditions.map(negate),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", ","]), inner),
    max_leaves=4,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(query=queries)
def test_sql_agrees_with_the_reference(store: SqlStore, query: str) -> None:
    assert found(store, query) == expected(query)


@pytest.mark.parametrize("sort", ["-metrics.loss", "metrics.loss", "name", "-started_at", "inputs.lr", "-in.lr"])
def test_missing_values_come_last(store: SqlStore, sort: str) -> None:
    runs = store.list("default", "live_state:_any_", sort, 10, 0, NOW).runs
    name, _, key = sort.lstrip("-").partition(".")
    values = [
        (each.outputs if name == "metrics" else each.inputs).get(key) if key else getattr(each, name) for each in runs
    ]
    known = [value is not None and value == value for value in values]
    assert known == sorted(known, reverse=True)


def test_neighbours_are_found_over_edges(store: SqlStore) -> None:
    assert found(store, f"upstream:{run(1).uuid}") == [run(2).uuid]
    assert found(store, f"downstream:{run(2).uuid}") == [run(1).uuid]
    assert found(store, "upstream:nil, name:%bert%") == [run(1).uuid]
    assert found(store, "upstream.name:Bert-small") == [run(2).uuid]


def test_an_empty_query_matches_everything(store: SqlStore) -> None:
    assert where(And(), SQLITE) == ("1 = 1", [])
    assert len(found(store, "")) == len(RUNS)


def test_times_in_the_tests_have_a_zone() -> None:
    assert NOW.tzinfo is UTC
    assert datetime(2026, 3, 1, 12, tzinfo=UTC) == EPOCH
