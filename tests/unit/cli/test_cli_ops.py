"""`polyaxon ops` and `project`, on a real store in a temporary home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from polyaxon.cli.app import run_app
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, Run, RunKind
from polyaxon.model.status import Status
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
    assert run_app(["project", "create", "vision"]) == 2
    assert run_app(["project", "create", "no spaces"]) == 2
    assert run_app(["project", "get", "vison"]) == 2
    assert "did you mean `vision`?" in capsys.readouterr().err
