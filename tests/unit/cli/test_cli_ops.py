"""`polyaxon ops` and `project`, on a real store in a temporary home."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from polyaxon.cli.app import run_app
from polyaxon.cli.ops import requests
from polyaxon.model.ids import RunId
from polyaxon.model.run import Cloning, Condition, Run, RunKind
from polyaxon.model.status import Pending, Status
from polyaxon.server import open_store
from polyaxon.settings import read_settings
from polyaxon.store.base import Project, Store

START = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path))
    opened = open_store(read_settings())
    opened.ensure_project(Project("1" * 32, "default", START, START))
    yield opened
    opened.close()


def add(store: Store, digit: str, **fields: Any) -> Run:
    """Add a run whose uuid is all one digit."""
    defaults: dict[str, Any] = {
        "uuid": RunId(digit * 32),
        "project": "default",
        "name": f"run-{digit}",
        "kind": RunKind.JOB,
        "runtime": "job",
        "status": Status.SUCCEEDED,
        "created_at": START + timedelta(seconds=int(digit, 16)),
        "updated_at": START,
        "root": RunId(digit * 32),
        "started_at": START,
        "finished_at": START + timedelta(seconds=3),
        "duration": 3.0,
    }
    run = Run(**{**defaults, **fields})
    store.create(run, Condition(run.status, "Created", "as the test says", START))
    return run


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run_app(arguments) == code, capsys.readouterr().err
    return capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    return json.loads(answer(capsys, *arguments, "-o", "json", code=code))


def test_runs_are_listed_newest_first_with_the_api_s_field_names(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for digit in "abc":
        add(store, digit, inputs={"lr": 0.5}, outputs={"loss": int(digit, 16)})
    found = document(capsys, "ops", "ls")
    assert [run["name"] for run in found] == ["run-c", "run-b", "run-a"]
    assert found[0]["uuid"] == "c" * 32
    assert (found[0]["kind"], found[0]["runtime"], found[0]["status"]) == ("job", "job", "succeeded")
    assert (found[0]["inputs"], found[0]["outputs"]) == ({"lr": 0.5}, {"loss": 12})
    assert found[0]["created_at"] == "2024-05-01T12:00:12.000000Z"


def test_runs_are_searched_sorted_and_paged(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for digit in "abcd":
        add(store, digit, outputs={"loss": int(digit, 16)})
    query = ("ops", "ls", "-q", "metrics.loss:>10", "-s", "metrics.loss", "-l", "2")
    assert [run["name"] for run in document(capsys, *query)] == ["run-b", "run-c"]
    assert [run["name"] for run in document(capsys, *query, "--offset", "2")] == ["run-d"]
    assert "1 to 2 of 3 runs" in answer(capsys, *query)


def test_columns_are_chosen_by_name(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a", inputs={"lr": 0.5}, outputs={"loss": 2})
    lines = answer(capsys, "ops", "ls", "-c", "uuid,in.lr,out.loss").splitlines()
    assert [line.split() for line in lines] == [["UUID", "IN.LR", "OUT.LOSS"], ["aaaaaaaa", "0.5", "2"]]
    assert run_app(["ops", "ls", "-c", "colour"]) == 2


def test_an_empty_project_says_how_to_begin(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert "polyaxon run -f FILE" in answer(capsys, "ops", "ls")
    assert document(capsys, "ops", "ls") == []


def test_a_wrong_query_is_a_mistake_of_the_user(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["ops", "ls", "-q", "colour:red"]) == 2
    assert "colour" in capsys.readouterr().err


@pytest.mark.parametrize("reference", ["aaaa", "a" * 32, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "run-a"])
def test_a_run_is_found_by_its_uuid_its_beginning_or_its_name(
    reference: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a")
    add(store, "b")
    assert document(capsys, "ops", "get", reference)["uuid"] == "a" * 32
    assert document(capsys, "ops", "get", "-uid", reference)["uuid"] == "a" * 32


def test_a_name_means_the_latest_run_that_has_it(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for digit in "ab":
        add(store, digit, name="train")
    assert document(capsys, "ops", "get", "train")["uuid"] == "b" * 32


def test_a_name_means_a_run_of_its_own_before_an_operation_and_an_operation_before_a_trial(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a", name="flow", kind=RunKind.DAG)
    add(store, "b", name="tune", kind=RunKind.MATRIX, pipeline=RunId("a" * 32))
    add(store, "c", name="tune", pipeline=RunId("b" * 32))
    assert document(capsys, "ops", "get", "tune")["uuid"] == "b" * 32
    add(store, "1", name="tune", kind=RunKind.MATRIX)
    assert document(capsys, "ops", "get", "tune")["uuid"] == "1" * 32


def test_a_name_that_looks_like_a_uuid_is_still_a_name(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a", name="feed")
    assert document(capsys, "ops", "get", "feed")["uuid"] == "a" * 32


def test_no_reference_means_the_last_run_of_the_project(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a")
    add(store, "b", pipeline=RunId("a" * 32))
    assert document(capsys, "ops", "get")["uuid"] == "a" * 32


def test_an_unknown_run_is_refused_with_the_nearest_name(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a", name="train")
    assert run_app(["ops", "get", "trian"]) == 2
    assert "did you mean `train`?" in capsys.readouterr().err
    assert run_app(["ops", "get", "a,b"]) == 2


def test_a_failed_run_says_why(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a", status=Status.FAILED)
    shown = answer(capsys, "ops", "get", "run-a")
    assert shown.startswith("failed  run-a")
    assert "why:      as the test says" in shown


def test_the_history_is_printed_oldest_first(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a")
    assert "as the test says" in answer(capsys, "ops", "statuses", "run-a")
    found = document(capsys, "ops", "statuses", "run-a")
    assert (found["status"], found["status_conditions"][0]["type"]) == ("succeeded", "succeeded")
    assert found["status_conditions"][0]["last_transition_time"] == "2024-05-01T12:00:00.000000Z"


@pytest.mark.parametrize(("status", "code"), [(Status.SUCCEEDED, 0), (Status.SKIPPED, 0), (Status.FAILED, 1)])
def test_waiting_answers_with_the_result(
    status: Status, code: int, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a", status=status)
    assert document(capsys, "ops", "wait", "run-a", code=code)["status"] == status


def test_waiting_for_several_needs_all_of_them_to_succeed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for digit, status in (("a", Status.SUCCEEDED), ("b", Status.SKIPPED), ("c", Status.FAILED)):
        add(store, digit, status=status)
    assert len(document(capsys, "ops", "wait", "run-a", "run-b")) == 2
    assert len(document(capsys, "ops", "wait", "-q", "name:%run%", code=1)) == 3


def test_waiting_gives_up_when_its_time_is_up(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a", status=Status.RUNNING, finished_at=None)
    assert "still running" in answer(capsys, "ops", "wait", "run-a", "--timeout", "0", code=1)


def test_logs_are_printed_whole_from_the_end_or_as_json(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = add(store, "a")
    logs = tmp_path / "artifacts" / run.uuid / "plxlogs"
    logs.mkdir(parents=True)
    (logs / "main.log").write_text("one\ntwo\nthree\n")
    assert answer(capsys, "ops", "logs", "run-a") == "one\ntwo\nthree\n"
    assert answer(capsys, "ops", "logs", "run-a", "-n", "1") == "three\n"
    assert [line["value"] for line in document(capsys, "ops", "logs", "run-a")["logs"]] == ["one", "two", "three"]


def served(store: Store, home: Path) -> None:
    """A run `run-b` that was served from `run-a`, which wrote a log and a file."""
    original = add(store, "a")
    directory = home / "artifacts" / original.uuid
    (directory / "plxlogs").mkdir(parents=True)
    (directory / "plxlogs" / "main.log").write_text("one\ntwo\n")
    (directory / "model.bin").write_bytes(b"x" * 7)
    add(store, "b", original=original.uuid, cloning_kind=Cloning.CACHE)


def test_logs_and_files_of_a_cached_run_are_the_original_s_and_said_to_be(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served(store, tmp_path)
    for command in (["logs", "run-b"], ["logs", "run-b", "-n", "2"]):
        assert run_app(["ops", *command]) == 0
        said = capsys.readouterr()
        assert said.out == "one\ntwo\n"
        assert f"run-b was served from the cache (run {'a' * 32})" in said.err
    assert [line["value"] for line in document(capsys, "ops", "logs", "run-b")["logs"]] == ["one", "two"]
    assert document(capsys, "ops", "artifacts", "run-b")["files"]["model.bin"] == 7
    shown = answer(capsys, "ops", "get", "run-b")
    assert f"cached:   served from run {'a' * 32}" in shown
    assert f"files:    {tmp_path / 'artifacts' / ('a' * 32)}" in shown


def test_a_cached_run_whose_original_was_deleted_says_so(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served(store, tmp_path)
    answer(capsys, "ops", "delete", "run-a", "-y")
    assert run_app(["ops", "logs", "run-b"]) == 0
    assert "its files are gone: that run was deleted" in capsys.readouterr().err


def test_artifacts_are_listed_and_copied_but_never_from_outside(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = add(store, "a")
    directory = tmp_path / "artifacts" / run.uuid / "outputs"
    directory.mkdir(parents=True)
    (directory / "model.bin").write_bytes(b"x" * 2048)
    assert document(capsys, "ops", "artifacts", "run-a")["files"] == {"outputs/model.bin": 2048}
    assert "2.0 KB" in answer(capsys, "ops", "artifacts", "run-a")
    answer(capsys, "ops", "artifacts", "run-a", "-f", "outputs/model.bin", "--path", str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "outputs" / "model.bin").stat().st_size == 2048
    assert run_app(["ops", "artifacts", "run-a", "-f", "../../polyaxon.db"]) == 2
    assert "outside" in capsys.readouterr().err


def test_a_finished_run_is_deleted_with_its_files_and_a_going_one_is_not(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = add(store, "a")
    add(store, "b", status=Status.RUNNING)
    (tmp_path / "artifacts" / run.uuid).mkdir(parents=True)
    answer(capsys, "ops", "delete", "run-a", "-y")
    assert [row["name"] for row in document(capsys, "ops", "ls")] == ["run-b"]
    assert not (tmp_path / "artifacts" / run.uuid).exists()
    assert run_app(["ops", "delete", "run-b", "-y"]) == 2
    assert run_app(["ops", "delete", "-y"]) == 2


def test_a_succeeded_run_has_nothing_to_continue(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a")
    assert run_app(["ops", "resume", "run-a"]) == 2
    assert "polyaxon ops restart aaaaaaaa" in capsys.readouterr().err


def test_projects_are_created_listed_and_shown(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "project", "create", "vision", "--description", "images", "--tags", "a,b")
    assert [item["name"] for item in document(capsys, "project", "ls")] == ["default", "vision"]
    assert document(capsys, "project", "get", "vision")["tags"] == ["a", "b"]
    assert document(capsys, "project", "get", "acme/vision")["tags"] == ["a", "b"]
    assert run_app(["project", "create", "vision"]) == 2
    assert run_app(["project", "create", "no spaces"]) == 2
    assert run_app(["project", "get", "vison"]) == 2
    assert "did you mean `vision`?" in capsys.readouterr().err


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The roots that background schedulers were left for."""
    roots: list[str | None] = []
    monkeypatch.setattr(requests, "leave_scheduler", lambda _, root=None: roots.append(root))
    return roots


def test_a_request_leaves_a_scheduler_for_that_pipeline_alone(
    store: Store, left: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a", status=Status.CREATED, kind=RunKind.DAG, finished_at=None)
    add(store, "b", status=Status.CREATED, pipeline=RunId("a" * 32), root=RunId("a" * 32), finished_at=None)
    add(store, "c", status=Status.CREATED, finished_at=None)
    answer(capsys, "ops", "skip", "run-b")
    assert left == ["a" * 32]


def test_many_runs_are_asked_at_once_by_name_or_by_query(
    store: Store, left: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    for digit in "abc":
        add(store, digit, status=Status.CREATED, pending=Pending.APPROVAL, finished_at=None, tags=(digit, "all"))
    add(store, "d", tags=("all",))
    assert len(document(capsys, "ops", "approve", "run-a", "run-b")) == 2
    found = document(capsys, "ops", "approve", "-q", "pending:approval, tags:c")
    assert [run["name"] for run in found] == ["run-c"]
    assert left == [digit * 32 for digit in "abc"]
    assert answer(capsys, "ops", "approve", "-q", "tags:nobody") == "No runs match.\n"
    said = " There is no status `runing`: did you mean `running`?\n"
    assert answer(capsys, "ops", "approve", "-q", "tags:nobody, status:runing|failed") == "No runs match." + said
    assert answer(capsys, "ops", "ls", "-q", "status:runing").endswith("match." + said)
    assert run_app(["ops", "approve", "run-a", "-q", "tags:all"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_what_one_of_many_refuses_is_told_and_the_others_are_done(
    store: Store, left: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a")
    add(store, "b", status=Status.CREATED, pending=Pending.APPROVAL, finished_at=None)
    assert run_app(["ops", "approve", "run-a", "run-b"]) == 2
    said = capsys.readouterr()
    assert "run-a (aaaaaaaa) waits for no approval: it is succeeded" in said.err
    assert "run-b (bbbbbbbb): approved" in said.out


def test_stopping_by_query_asks_first_and_leaves_children_to_their_pipeline(
    store: Store, left: list[str | None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a", status=Status.RUNNING, kind=RunKind.DAG, finished_at=None)
    add(store, "b", status=Status.RUNNING, pipeline=RunId("a" * 32), root=RunId("a" * 32), finished_at=None)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run_app(["ops", "stop", "-q", "status:running"]) != 0
    assert left == []
    capsys.readouterr()
    found = document(capsys, "ops", "stop", "-q", "status:running", "-y", "--no-wait")
    assert [run["name"] for run in found] == ["run-a"]
    assert left == ["a" * 32]


def test_an_invalidated_run_is_not_found_by_its_key_at_once_nor_is_what_is_below_it(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a", kind=RunKind.DAG)
    add(store, "b", pipeline=RunId("a" * 32), root=RunId("a" * 32), state="key-b")
    add(store, "c", state="key-c")
    add(
        store,
        "d",
        pipeline=RunId("a" * 32),
        root=RunId("a" * 32),
        original=RunId("c" * 32),
        cloning_kind=Cloning.CACHE,
        state="key-c",
    )
    asks = {RunId("1" * 32): "key-b", RunId("2" * 32): "key-c"}
    assert len(store.cache_candidates("default", asks)) == 2
    answer(capsys, "ops", "invalidate", "run-a")
    assert store.cache_candidates("default", asks) == {}
    add(store, "e", status=Status.RUNNING, finished_at=None)
    assert run_app(["ops", "invalidate", "run-e"]) == 2


def test_finished_runs_are_deleted_by_query(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for digit in "abc":
        add(store, digit, tags=("old",) if digit != "c" else ())
    assert len(document(capsys, "ops", "delete", "-q", "tags:old", "-y")) == 2
    assert [run["name"] for run in document(capsys, "ops", "ls")] == ["run-c"]


def test_name_tags_and_description_are_changed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a", tags=("x", "y"))
    add(store, "b", tags=("x",))
    answer(capsys, "ops", "update", "run-a", "-n", "best", "--description", "the one to ship")
    run = document(capsys, "ops", "get", "best")
    assert (run["description"], run["tags"]) == ("the one to ship", ["x", "y"])
    answer(capsys, "ops", "update", "-q", "tags:x", "--add-tags", "z", "--remove-tags", "y")
    assert [run["tags"] for run in document(capsys, "ops", "ls")] == [["x", "z"], ["x", "z"]]
    answer(capsys, "ops", "update", "best", "--tags", "only")
    assert document(capsys, "ops", "get", "best")["tags"] == ["only"]
    assert run_app(["ops", "update", "best"]) == 2
    assert "`--name`" in capsys.readouterr().err
    assert run_app(["ops", "update", "-q", "tags:x", "-n", "same"]) == 2


def test_a_finished_run_moves_to_another_project_with_what_is_below_it(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a", kind=RunKind.DAG)
    add(store, "b", pipeline=RunId("a" * 32), root=RunId("a" * 32))
    add(store, "c", status=Status.RUNNING, finished_at=None)
    assert run_app(["ops", "transfer", "run-a", "--to", "vision"]) == 2
    assert "polyaxon project create vision" in capsys.readouterr().err
    answer(capsys, "project", "create", "vision")
    answer(capsys, "ops", "transfer", "run-a", "--to", "vision")
    assert {run["name"] for run in document(capsys, "ops", "ls", "-p", "vision")} == {"run-a", "run-b"}
    assert run_app(["ops", "transfer", "run-c", "--to", "vision"]) == 2
    assert run_app(["ops", "transfer", "run-b", "--to", "default"]) == 2


@pytest.mark.parametrize("given", ["we ird/p", "", "p/", "a/b/c/d", "näh", "p" * 129])
def test_what_is_not_a_project_is_refused_and_none_is_taken_in_its_place(
    given: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.ensure_project(Project("2" * 32, "p", START, START))
    add(store, "a", project="p")
    assert run_app(["ops", "ls", "-p", given]) == 2
    said = capsys.readouterr().err
    assert f"`{given}` (the project asked for) is not a project" in said
    assert "OWNER/PROJECT" in said


@pytest.mark.parametrize("given", ["p", "acme/p", "acme.p", "acme/team/p"])
def test_a_project_may_have_its_owner_and_team_before_it(
    given: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, "a", project="p")
    assert [run["name"] for run in document(capsys, "ops", "ls", "-p", given)] == ["run-a"]


def test_a_configured_project_that_is_none_is_refused_with_its_place(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYAXON_PROJECT", "we ird")
    assert run_app(["ops", "ls"]) == 2
    assert "`we ird` (the environment variable `POLYAXON_PROJECT`)" in capsys.readouterr().err
