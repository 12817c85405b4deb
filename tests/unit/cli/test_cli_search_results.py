"""`polyaxon ops trials` and `ops report`, on the stored rows of a search."""

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
SEARCH = RunId("5" * 32)
MATRIX = {
    "kind": "bayes",
    "numInitialRuns": 4,
    "maxIterations": 8,
    "metric": {"name": "loss", "optimization": "minimize"},
    "params": {"x": {"kind": "uniform", "value": [0, 1]}, "a": {"kind": "choice", "value": ["relu", "tanh"]}},
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path))
    opened = open_store(read_settings())
    opened.ensure_project(Project("1" * 32, "default", START, START))
    yield opened
    opened.close()


def add(store: Store, uuid: str, message: str = "", **fields: Any) -> None:
    defaults: dict[str, Any] = {
        "uuid": RunId(uuid),
        "project": "default",
        "name": "tune",
        "kind": RunKind.JOB,
        "runtime": "job",
        "status": Status.SUCCEEDED,
        "created_at": START,
        "updated_at": START,
        "root": RunId(uuid),
        "duration": 3.0,
    }
    run = Run(**{**defaults, **fields})
    store.create(run, Condition(run.status, "Created", message, START))


def add_search(store: Store, **matrix: Any) -> None:
    content = json.dumps({"matrix": {**MATRIX, **matrix}})
    add(store, SEARCH, kind=RunKind.MATRIX, runtime="bayes", content=content)


def add_trial(store: Store, index: int, x: float, **fields: Any) -> None:
    meta = {"iteration": index, "engine": {"suggestion": {"x": x, "a": "relu" if index % 2 else "tanh"}}}
    outputs = {"loss": (x - 0.3) ** 2, "accuracy": x} if "status" not in fields else {}
    place = {"root": SEARCH, "pipeline": SEARCH, "index": index, "meta": meta}
    add(store, f"{index:032x}", **{**place, "outputs": outputs, "created_at": START + timedelta(seconds=1), **fields})


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run_app(arguments) == code, capsys.readouterr().err
    said = capsys.readouterr()
    return said.out if code == 0 else said.err


def test_trials_are_listed_with_params_value_and_why_they_ended(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add_search(store)
    add_trial(store, 0, 0.25)
    add_trial(store, 1, 0.75, status=Status.FAILED, message="exit code 3")
    lines = answer(capsys, "ops", "trials", SEARCH).splitlines()
    assert lines[0].split() == ["#", "UUID", "STATUS", "LOSS", "X", "A", "TOOK", "WHY"]
    assert lines[1].split()[2:6] == ["succeeded", "0.0025", "0.25", "tanh"]
    assert "failed" in lines[2]
    assert lines[2].endswith("exit code 3")
    assert lines[3] == "best: #0 00000000  loss=0.0025  with x=0.25 a=tanh"


def test_the_best_trial_comes_first_in_the_metrics_own_direction(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add_search(store)
    for index, x in enumerate((0.1, 0.32, 0.9)):
        add_trial(store, index, x)
    order = ("ops", "trials", SEARCH, "--sort", "value", "-o", "json")
    assert [trial["index"] for trial in json.loads(answer(capsys, *order))] == [1, 0, 2]
    judged = (*order, "--metric", "accuracy:maximize")
    assert [trial["value"] for trial in json.loads(answer(capsys, *judged))] == [0.9, 0.32, 0.1]


def test_a_search_is_found_by_one_of_its_trials(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_search(store)
    add_trial(store, 0, 0.25)
    assert "best: #0" in answer(capsys, "ops", "trials", "tune")


def test_a_run_that_is_no_search_has_no_trials(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add(store, "a" * 32, name="train")
    assert "`train` is no search" in answer(capsys, "ops", "report", "train", code=2)


def test_the_report_is_written_to_the_runs_directory_and_its_place_is_said(
    store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    add_search(store)
    for index in range(6):
        add_trial(store, index, index / 6)
    said = answer(capsys, "ops", "report", SEARCH).splitlines()
    page = tmp_path / "artifacts" / SEARCH / "report.html"
    assert said[-1] == f"report: {page}"
    assert said[1].startswith("importance: x ")
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert "History of loss" in text
    assert "http" not in text


def test_the_report_is_written_where_path_says(
    store: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    add_search(store)
    add_trial(store, 0, 0.25)
    answer(capsys, "ops", "report", SEARCH, "--path", str(tmp_path / "there" / "page.html"))
    assert (tmp_path / "there" / "page.html").exists()
    answer(capsys, "ops", "report", SEARCH, "--path", str(tmp_path))
    assert (tmp_path / "tune-55555555.html").exists()


def test_programs_get_the_trials_and_the_importances(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_search(store)
    for index in range(6):
        add_trial(store, index, index / 6)
    document = json.loads(answer(capsys, "ops", "report", SEARCH, "-o", "json"))
    assert document["path"] is None
    assert (document["metric"], document["optimization"]) == ("loss", "minimize")
    assert document["best"]["index"] == 2
    assert [trial["params"]["x"] for trial in document["trials"]] == [index / 6 for index in range(6)]
    assert document["importance"]["x"] > document["importance"]["a"]


def test_a_search_without_a_metric_is_reported_by_a_well_known_output(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    add_search(store, kind="random", numRuns=4, metric=None)
    for index in range(4):
        add_trial(store, index, index / 4)
    document = json.loads(answer(capsys, "ops", "report", SEARCH, "-o", "json"))
    assert (document["metric"], document["best"]["index"]) == ("accuracy", 3)


def test_a_mapping_has_a_report_without_importances(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    add_search(store, kind="mapping", params=None, values=[{"x": 0.1, "a": "relu"}])
    add_trial(store, 0, 0.1)
    assert json.loads(answer(capsys, "ops", "report", SEARCH, "-o", "json"))["importance"] == {}
    assert "report: " in answer(capsys, "ops", "report", SEARCH)
