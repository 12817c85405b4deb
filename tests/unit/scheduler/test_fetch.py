"""What compilations ask is answered from the store, exactly and together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from polyaxon.engine.commands import Fetch, JoinQuery
from polyaxon.model.status import Status
from polyaxon.scheduler.fetch import answer
from polyaxon.store.base import Artifact
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase
from polyaxon.testing.store_builders import EPOCH, condition, run

ASKER = run(99).uuid


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = SqlStore(SqliteDatabase(str(tmp_path / "polyaxon.db")))
    store.migrate()
    for number, loss in enumerate([0.3, 0.1, 0.2]):
        done = {"status": Status.SUCCEEDED, "state": f"k{number}", "finished_at": EPOCH}
        store.create(run(number, outputs={"loss": loss}, **done), condition())
    yield store
    store.close()


def test_joins_keep_their_order_and_their_limits(store: SqlStore) -> None:
    joins = [JoinQuery("metrics.loss:<0.25", "metrics.loss"), JoinQuery("status:failed"), JoinQuery("", "name", 1, 1)]
    (found,) = answer(store, [Fetch(ASKER, "default", joins)], EPOCH)
    assert [[facts.name for facts in join] for join in found.joins] == [["run-1", "run-2"], [], ["run-1"]]
    assert found.error is None


def test_joins_see_runs_of_any_age(store: SqlStore) -> None:
    (found,) = answer(store, [Fetch(ASKER, "default", [JoinQuery("")])], EPOCH + timedelta(days=400))
    assert len(found.joins[0]) == 3


def test_a_wrong_query_is_answered_with_its_error(store: SqlStore) -> None:
    (found,) = answer(store, [Fetch(ASKER, "default", [JoinQuery("nonsense:1")])], EPOCH)
    assert "nonsense" in (found.error or "")


def test_runs_are_found_by_uuid_and_a_missing_one_is_an_error(store: SqlStore) -> None:
    found, missing = answer(
        store, [Fetch(ASKER, "default", runs=[run(1).uuid]), Fetch(ASKER, "default", runs=["f" * 32])], EPOCH
    )
    assert found.runs[run(1).uuid].outputs == {"loss": 0.1}
    assert "f" * 32 in (missing.error or "")


def test_every_question_gets_its_own_hit_or_miss(store: SqlStore) -> None:
    asked = [Fetch(run(50 + n).uuid, "default", cache_key=key) for n, key in enumerate(["k1", "none", "k0"])]
    hits = [
        found.cache.original.uuid if found.cache and found.cache.original else None
        for found in answer(store, asked, EPOCH)
    ]
    assert hits == [run(1).uuid, None, run(0).uuid]


def test_of_what_is_reused_its_end_and_results_are_known_and_shared(store: SqlStore) -> None:
    store.add_artifacts([Artifact(run(1).uuid, "model", "model", "u/model")])
    asked = [Fetch(run(50 + n).uuid, "default", cache_key=key) for n, key in enumerate(["k1", "k1", "k0"])]
    first, same, second = (found.cache.original for found in answer(store, asked, EPOCH) if found.cache)
    assert first is not None
    assert second is not None
    assert first is same
    assert (first.status, first.outputs, first.finished_at) == (Status.SUCCEEDED, {"loss": 0.1}, EPOCH)
    assert (first.name, first.artifacts, second.artifacts) == ("run-1", {"model": "u/model"}, {})


def test_a_result_older_than_the_time_to_live_is_a_miss(store: SqlStore) -> None:
    later = EPOCH + timedelta(seconds=10)
    for ttl, hit in [(9.0, False), (11.0, True), (None, True)]:
        (found,) = answer(store, [Fetch(ASKER, "default", cache_key="k1", cache_ttl=ttl)], later)
        assert found.cache is not None
        assert (found.cache.original is not None) is hit


def test_who_did_not_ask_for_the_cache_is_not_told_of_it(store: SqlStore) -> None:
    (found,) = answer(store, [Fetch(ASKER, "default")], EPOCH)
    assert found.cache is None


def test_of_those_that_ask_for_the_same_at_once_the_first_does_the_work(store: SqlStore) -> None:
    askers = [run(50 + number) for number in range(4)]
    for asker in askers:
        store.create(asker, condition())
    keys = ["new", "new", "k1", "new"]
    asked = [Fetch(asker.uuid, "default", cache_key=key) for asker, key in zip(askers, keys, strict=True)]
    originals = [found.cache.original if found.cache else None for found in answer(store, asked, EPOCH)]
    worker = askers[0].uuid
    assert [original.uuid if original else None for original in originals] == [None, worker, run(1).uuid, worker]
