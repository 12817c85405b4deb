"""What training code reads and writes in a home is what the store has, and the other way round."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from polyaxon.engine.events import Action, Requested
from polyaxon.errors import ConflictError, NotFoundError, QueryError, StoreError
from polyaxon.model.run import Cloning, ManagedBy
from polyaxon.model.status import Status
from polyaxon.store.base import Artifact
from polyaxon.store.reader import LocalStore, open_home
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase
from polyaxon.testing.store_builders import EPOCH, condition, run


@pytest.fixture
def home(tmp_path: Path) -> LocalStore:
    return open_home(str(tmp_path / "home"))


@pytest.fixture
def store(home: LocalStore) -> SqlStore:
    store = SqlStore(SqliteDatabase(home.path))
    store.migrate()
    return store


def test_a_home_that_nobody_used_is_empty(home: LocalStore) -> None:
    assert home.list_runs(None) == (0, [])
    assert home.projects() == []
    with pytest.raises(NotFoundError):
        home.get_run("a" * 32)


def test_runs_of_the_scheduler_are_listed_with_the_field_names_of_the_api(home: LocalStore, store: SqlStore) -> None:
    store.create(run(1, name="base", outputs={"loss": 0.5}, meta={"engine": {"x": 1}, "note": "y"}), condition())
    store.create(run(2, original=run(1).uuid, cloning_kind=Cloning.CACHE, outputs={"loss": 0.1}), condition())
    count, found = home.list_runs("default", "metrics.loss:<1", "metrics.loss", 10, 0)
    assert count == 2
    assert [item["outputs"]["loss"] for item in found] == [0.1, 0.5]
    assert found[0]["original"] == {"uuid": run(1).uuid, "name": "base", "kind": "cache"}
    assert found[1]["meta_info"] == {"note": "y"}
    assert found[1]["created_at"] == "2026-03-01T12:00:00.000000Z"
    assert home.get_run(run(1).uuid)["project"] == "default"
    assert [item["type"] for item in home.conditions(run(1).uuid)] == ["created"]


def test_paging_and_wrong_queries_behave_as_in_the_store(home: LocalStore, store: SqlStore) -> None:
    for number in range(5):
        store.create(run(number), condition())
    assert home.list_runs("default", "", "name", 2, 3)[0] == 5
    assert [item["name"] for item in home.list_runs("default", "", "name", 2, 3)[1]] == ["run-3", "run-4"]
    with pytest.raises(QueryError):
        home.list_runs("default", "nonsense:1")


def test_a_run_of_user_code_is_an_ordinary_run(home: LocalStore, store: SqlStore) -> None:
    uuid = home.create_user_run({"project": "mine", "name": "trial", "tags": ["a"], "inputs": {"lr": 0.1}})
    home.add_condition(uuid, "running")
    home.update_run(uuid, outputs={"loss": float("nan")}, tags=["a", "b"], readme="why")
    home.add_condition(uuid, "succeeded", "Done", "all well")
    home.add_condition(uuid, "running")
    found = store.get(uuid)
    assert (found.project, found.name, found.status, found.managed_by) == ("mine", "trial", "succeeded", "user")
    assert (found.tags, found.inputs) == (("a", "b"), {"lr": 0.1})
    assert found.started_at is not None
    assert found.finished_at is not None
    assert found.duration == round((found.finished_at - found.started_at).total_seconds(), 2)
    assert [each.type for each in store.conditions(found.uuid)] == ["created", "running", "succeeded"]
    assert [project.name for project in store.projects()] == ["mine"]
    assert home.get_run(uuid)["readme"] == "why"


def test_creating_a_user_run_twice_changes_nothing(home: LocalStore) -> None:
    uuid = home.create_user_run({"uuid": "A" * 32, "name": "one"})
    assert home.create_user_run({"uuid": "a" * 32, "name": "two"}) == uuid
    assert home.get_run(uuid)["name"] == "one"
    assert len(home.conditions(uuid)) == 1


def test_lineage_is_shared(home: LocalStore, store: SqlStore) -> None:
    uuid = home.create_user_run({})
    home.add_artifacts(uuid, [{"name": "model", "kind": "model", "path": "x/model", "summary": {"size": 1}}])
    home.add_artifacts(uuid, [{"name": "model", "kind": "model", "path": "x/better"}])
    assert store.artifacts(store.get(uuid).uuid) == [Artifact(store.get(uuid).uuid, "model", "model", "x/better")]
    assert home.artifacts(uuid)[0]["path"] == "x/better"


def test_a_driven_run_is_only_asked(home: LocalStore, store: SqlStore) -> None:
    store.create(run(), condition(), "me:1:1")
    home.request(run().uuid, "stop", {"why": "late"})
    ((_, root, request),) = store.take_requests("me:1:1")
    assert (root, request) == (run().uuid, Requested(run().uuid, Action.STOP, "user", {"why": "late"}))
    with pytest.raises(ConflictError):
        home.add_condition(run().uuid, "stopped")
    with pytest.raises(ConflictError, match="outputs"):
        home.update_run(run().uuid, outputs={})
    home.update_run(run().uuid, tags=["kept"])
    assert store.get(run().uuid).tags == ("kept",)


def test_nobody_answers_for_a_run_of_user_code(home: LocalStore) -> None:
    uuid = home.create_user_run({})
    with pytest.raises(ConflictError):
        home.request(uuid, "resume")


def test_what_is_unknown_is_refused(home: LocalStore) -> None:
    uuid = home.create_user_run({})
    with pytest.raises(ConflictError, match="status"):
        home.update_run(uuid, status="succeeded")
    with pytest.raises(NotFoundError):
        home.update_run("b" * 32, name="x")


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        open_home(str(tmp_path / "file" / "home")).list_runs(None)


def test_the_times_of_the_store_and_of_user_code_are_the_same_clock(home: LocalStore, store: SqlStore) -> None:
    before = datetime.now(UTC)
    found = store.get(home.create_user_run({}))
    assert before <= found.created_at <= datetime.now(UTC)
    assert found.managed_by is ManagedBy.USER
    assert found.status is Status.CREATED
    assert found.created_at > EPOCH


def test_importing_it_takes_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import polyaxon.store.reader; "
        "from sys import stdlib_module_names as known; "
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(known)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['polyaxon']"
