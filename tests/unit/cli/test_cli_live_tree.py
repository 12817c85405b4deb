"""The live tree: what it counts and what it shows, from nothing but rows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from polyaxon.cli.live.lines import tree_lines
from polyaxon.cli.live.plain import PlainView
from polyaxon.cli.live.tree import Goal, Tree, read_goal
from polyaxon.model.ids import RunId
from polyaxon.model.run import Cloning, Run, RunKind
from polyaxon.model.status import Pending, Status

START = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
SEARCH = {
    "matrix": {
        "kind": "random",
        "numRuns": 20,
        "concurrency": 2,
        "seed": 1,
        "params": {"lr": {"kind": "linspace", "value": "0:1:40"}},
    }
}


def a_run(name: str, status: Status = Status.RUNNING, kind: RunKind = RunKind.JOB, **fields: Any) -> Run:
    started = START if status != Status.CREATED else None
    defaults: dict[str, Any] = {
        "uuid": RunId(name),
        "project": "p",
        "name": name,
        "kind": kind,
        "runtime": kind.value,
        "status": status,
        "created_at": START,
        "updated_at": START,
        "root": RunId("root"),
        "started_at": started,
    }
    return Run(**{**defaults, **fields})


def a_dag(*operations: Run) -> Tree:
    tree = Tree("root")
    tree.update(a_run("root", kind=RunKind.DAG))
    for operation in operations:
        tree.update(operation)
    return tree


def child(name: str, status: Status = Status.RUNNING, index: int = 0, pipeline: str = "root", **fields: Any) -> Run:
    return a_run(name, status, pipeline=RunId(pipeline), index=index, **fields)


def a_search(*trials: Run, status: Status = Status.RUNNING) -> Tree:
    search = child("tune", status, kind=RunKind.MATRIX, content=json.dumps(SEARCH))
    return a_dag(search, *trials)


def trial(index: int, status: Status = Status.RUNNING, **fields: Any) -> Run:
    return child(f"tune-{index}", status, index, pipeline="tune", **fields)


def test_operations_are_shown_in_the_files_order_whatever_order_their_rows_come_in() -> None:
    rows = [child("build", index=0), child("train", index=1), child("report", index=2)]
    for order in permutations(rows):
        tree = a_dag(*order)
        assert [tree.label(node) for node in tree.walk()] == ["root", "build", "train", "report"]


def test_children_that_come_before_their_pipeline_are_counted_once_it_comes() -> None:
    tree = Tree("root")
    tree.update(trial(0, Status.SUCCEEDED, outputs={"loss": 0.5}))
    tree.update(child("tune", kind=RunKind.MATRIX, content=json.dumps(SEARCH)))
    tree.update(a_run("root", kind=RunKind.DAG))
    assert tree.nodes["tune"].finished == 1
    assert tree.nodes["tune-0"].depth == 2


def test_a_run_is_counted_once_however_often_its_row_comes() -> None:
    tree = a_search()
    for _ in range(3):
        tree.update(trial(0, Status.SUCCEEDED))
    assert tree.nodes["tune"].finished == 1


def test_a_resumed_run_is_no_longer_counted_as_finished() -> None:
    tree = a_dag(child("train", Status.FAILED))
    assert (tree.nodes["root"].finished, tree.nodes["root"].failed) == (1, 1)
    tree.update(child("train", Status.RESUMING))
    assert (tree.nodes["root"].finished, tree.nodes["root"].failed) == (0, 0)


def test_the_best_value_of_a_search_follows_its_metric_and_direction() -> None:
    content = json.dumps({"matrix": {**SEARCH["matrix"], "metric": {"name": "cost", "optimization": "minimize"}}})
    tree = a_dag(child("tune", kind=RunKind.MATRIX, content=content))
    for index, cost in enumerate([3.0, 1.0, float("nan"), 2.0]):
        tree.update(trial(index, Status.SUCCEEDED, outputs={"cost": cost}))
    assert (tree.nodes["tune"].best, tree.nodes["tune"].best_run) == (1.0, "tune-1")


def test_a_search_without_a_metric_is_judged_by_a_well_known_output() -> None:
    tree = a_search(trial(0, Status.SUCCEEDED, outputs={"loss": 0.4, "accuracy": 0.9}))
    tree.update(trial(1, Status.SUCCEEDED, outputs={"loss": 0.5, "accuracy": 0.95}))
    assert tree.nodes["tune"].best == 0.95


def test_the_goal_of_a_search_is_read_from_its_compiled_operation() -> None:
    assert read_goal(json.dumps(SEARCH)) == Goal(total=20, params=("lr",))
    assert read_goal(json.dumps({"run": {"kind": "job"}})) is None
    assert read_goal(None) is None


def test_a_search_that_only_stops_by_a_metric_shows_the_best_of_that() -> None:
    rule = {"kind": "metric_early_stopping", "metric": "loss", "value": 5, "optimization": "maximize"}
    matrix = {**SEARCH["matrix"], "earlyStopping": [{"kind": "failure_early_stopping", "percent": 50}, rule]}
    goal = read_goal(json.dumps({"matrix": matrix}))
    assert goal is not None
    assert (goal.metric, goal.optimization) == ("loss", "maximize")


def test_a_search_shows_its_bar_and_only_the_trials_that_are_going_on() -> None:
    tree = a_search(
        trial(0, Status.SUCCEEDED, outputs={"accuracy": 0.9}),
        trial(1, Status.RUNNING, inputs={"lr": 0.25, "other": 1}),
    )
    lines = tree_lines(tree, START + timedelta(seconds=4), height=20)
    assert [line.label for line in lines] == ["root", "tune", "#1"]
    assert lines[1].note == "█░░░░░░░░░░░░░░░░░░░  1/20  best accuracy=0.9"
    assert (lines[2].time, lines[2].note) == ("4.0 s", "lr=0.25")


def test_a_tree_higher_than_the_screen_keeps_what_goes_on_and_what_failed() -> None:
    operations = [child(f"op-{index:02}", Status.SUCCEEDED, index) for index in range(30)]
    operations += [child("busy", Status.RUNNING, 30), child("broken", Status.FAILED, 31)]
    operations += [child(f"later-{index}", Status.CREATED, 32 + index) for index in range(20)]
    lines = tree_lines(a_dag(*operations), START, height=10)
    assert [line.label for line in lines] == ["root", "busy", "broken", "… 30 succeeded, 20 waiting"]


def test_no_tree_is_higher_than_the_screen() -> None:
    operations = [child(f"op-{index}", Status.RUNNING, index) for index in range(50)]
    lines = tree_lines(a_dag(*operations), START, height=10)
    assert len(lines) == 10
    assert lines[-1].label == "… 42 more lines"


def test_plain_lines_tell_each_change_once_indented_as_the_tree() -> None:
    written: list[str] = []
    view = PlainView(Tree("root"), written.append, START, every_status=False)
    rows = [
        a_run("root", kind=RunKind.DAG),
        child("tune", kind=RunKind.MATRIX, content=json.dumps(SEARCH)),
        trial(0, Status.SCHEDULED),
        trial(0, Status.RUNNING, inputs={"lr": 0.5}),
        trial(0, Status.RUNNING, inputs={"lr": 0.5}),
        trial(0, Status.SUCCEEDED, outputs={"loss": 0.5}, finished_at=START + timedelta(seconds=2)),
    ]
    for row in rows:
        view.update(row, START + timedelta(seconds=3))
    assert written == [
        "     3.0 s  root  running",
        "     3.0 s    tune  running  20 trials",
        "     3.0 s      #0  running  lr=0.5",
        "     3.0 s      #0  succeeded  2.0 s  loss=0.5  [1/20, best loss=0.5]",
    ]


def test_plain_lines_tell_once_who_waits_for_somebody_and_what_to_do() -> None:
    written: list[str] = []
    view = PlainView(Tree("root"), written.append, START, every_status=False)
    held = a_run("root", Status.CREATED, pending=Pending.APPROVAL)
    for row in (held, held, replace(held, pending=None), replace(held, pending=None, status=Status.RUNNING)):
        view.update(row, START)
    assert written == [
        "     0.0 s  root  waits for an approval  `polyaxon ops approve root`",
        "     0.0 s  root  running",
    ]


def test_plain_lines_tell_why_and_when_a_run_is_tried_again() -> None:
    written: list[str] = []
    tree = Tree("root")
    tree.reasons["root"] = "attempt 1 of 2 failed (exit code 1); the next one starts in 0.9 s"
    PlainView(tree, written.append, START, every_status=False).update(a_run("root", Status.RETRYING), START)
    assert written == [f"     0.0 s  root  retrying  {tree.reasons['root']}"]


def test_watching_tells_every_status() -> None:
    written: list[str] = []
    view = PlainView(Tree("root"), written.append, START, every_status=True)
    view.update(a_run("root", Status.SCHEDULED), START)
    assert written == ["     0.0 s  root  scheduled"]


def test_results_that_were_taken_over_are_told_and_counted() -> None:
    reused = {"cloning_kind": Cloning.CACHE, "original": RunId("abcdefgh1234")}
    tree = a_search(trial(0, Status.SUCCEEDED, **reused), trial(1, Status.SUCCEEDED))
    tree.update(child("train", Status.SUCCEEDED, 2, **reused, outputs={"loss": 1}))
    notes = {line.label: line.note for line in tree_lines(tree, START, height=20)}
    assert "1 reused" in notes["tune"]
    assert notes["train"] == "reused from abcdefgh  loss=1"


def test_the_searchs_own_metric_counts_even_if_its_trials_are_seen_first() -> None:
    content = json.dumps({"matrix": {**SEARCH["matrix"], "metric": {"name": "cost", "optimization": "minimize"}}})
    search = child("tune", kind=RunKind.MATRIX, content=content)
    tree = a_dag(
        trial(0, Status.SUCCEEDED, outputs={"accuracy": 0.5, "cost": 3.0}),
        trial(1, Status.SUCCEEDED, outputs={"accuracy": 0.9, "cost": 4.0}),
        search,
    )
    assert (tree.nodes["tune"].best, tree.nodes["tune"].best_run) == (3.0, "tune-0")


def test_the_first_of_several_objectives_is_shown() -> None:
    metrics = [{"name": "cost", "optimization": "minimize"}, {"name": "accuracy", "optimization": "maximize"}]
    goal = read_goal(json.dumps({"matrix": {**SEARCH["matrix"], "kind": "tpe", "metrics": metrics}}))
    assert goal is not None
    assert (goal.metric, goal.optimization) == ("cost", "minimize")
