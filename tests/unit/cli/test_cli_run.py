"""`polyaxon run`, `ops resume`, `restart`, `stop` and `explain`, with attempts that go as a script says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import polyaxon.server
from polyaxon.cli import background, follow, launch
from polyaxon.cli.app import run_app
from polyaxon.cli.ops import backfill, requests, restart, resume
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Phase
from polyaxon.model.run import Condition, Run, RunKind
from polyaxon.model.status import Status
from polyaxon.runtimes.fake import FakeRuntime, Play
from polyaxon.server import Local, open_local
from polyaxon.settings import Settings, read_settings

DAG = """
kind: component
name: flow
inputs: [{name: top, type: int, value: 5, isOptional: true}]
run:
  kind: dag
  operations:
  - name: build
    component: {run: {kind: job, container: {command: [build]}}}
  - name: train
    dependencies: [build]
    component: {run: {kind: job, container: {command: [train]}}}
  - name: report
    dependencies: [train]
    trigger: all_done
    params: {top: {ref: dag, value: inputs.top, contextOnly: true}}
    conditions: "{{ top > 1 }}"
    component: {run: {kind: job, container: {command: [report]}}}
"""


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, Play]], None]:
    """Set the script by which attempts go, in a home of the test's own."""
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dag.yaml").write_text(DAG)
    script: dict[str, Play] = {}

    def open_fake(settings: Settings) -> Local:
        return open_local(settings, lambda: FakeRuntime(script, settings.home))

    monkeypatch.setattr(launch, "open_local", open_fake)
    monkeypatch.setattr(polyaxon.server, "open_local", open_fake)
    left: list[Settings] = []
    for module in (launch, follow, requests, resume, restart, backfill, background):
        if hasattr(module, "leave_scheduler"):
            monkeypatch.setattr(module, "leave_scheduler", lambda settings, _root=None: left.append(settings))
    return script.update


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command; return its exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_app(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def statuses(told: Callable[..., tuple[int, str, str]]) -> dict[str, str]:
    """Return operation name → status of the latest run of that name."""
    rows: list[dict[str, Any]] = json.loads(told("ops", "ls", "-s", "created_at", "-o", "json")[1])
    return {row["name"]: row["status"] for row in rows}


def test_a_success_exits_0_and_tells_each_operation(play: Callable[..., None], told: Any) -> None:
    code, out, err = told("run", "-f", "dag.yaml")
    assert (code, err) == (0, "")
    order = [out.index(f"{name}  succeeded") for name in ("build", "train", "report", "flow")]
    assert order == sorted(order)
    assert statuses(told) == dict.fromkeys(("build", "train", "report", "flow"), "succeeded")


def test_a_failure_exits_1_and_tells_what_it_prevented(play: Callable[..., None], told: Any) -> None:
    play({"build": Play(Phase.FAILED, exit_code=3, message="no such package")})
    code, out, _ = told("run", "-f", "dag.yaml")
    assert code == 1
    assert "`build` failed" in out
    assert "no such package" in out
    assert "not run because of that: train" in out
    assert "polyaxon ops resume" in out


def test_what_could_not_be_honoured_is_told_once(play: Callable[..., None], told: Any) -> None:
    warning = "image `x` is not honoured"
    play({name: Play(warnings=(warning,)) for name in ("build", "train")})
    assert told("run", "-f", "dag.yaml")[1].count(warning) == 1


def test_the_logs_of_what_was_served_from_the_cache_are_the_originals(
    play: Callable[..., None], told: Any, tmp_path: Path
) -> None:
    told("run", "-f", "dag.yaml")
    for row in json.loads(told("ops", "ls", "-o", "json")[1]):
        log = tmp_path / "home" / "artifacts" / row["uuid"] / "plxlogs" / "main.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{row['name']} worked\n")
    code, out, _ = told("run", "-f", "dag.yaml", "--logs")
    assert code == 0
    assert out.count("reused from") == 3
    lines = {line for line in out.splitlines() if "worked" in line}
    assert lines == {"build | build worked", "train | train worked", "report | report worked"}


def test_json_is_the_finished_run_alone(play: Callable[..., None], told: Any) -> None:
    code, out, err = told("run", "-f", "dag.yaml", "-o", "json", "-n", "mine", "--tags", "a,b")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert (document["name"], document["kind"], document["status"]) == ("mine", "dag", "succeeded")
    assert document["tags"] == ["a", "b"]
    assert document["inputs"] == {"top": 5}


def test_a_detached_run_prints_its_uuid_and_is_left_to_a_scheduler(play: Callable[..., None], told: Any) -> None:
    code, out, _ = told("run", "-f", "dag.yaml", "-d")
    assert code == 0
    [row] = json.loads(told("ops", "ls", "-o", "json")[1])
    assert (row["uuid"], row["status"]) == (out.strip(), "created")


def test_nothing_runs_in_a_dry_run(play: Callable[..., None], told: Any) -> None:
    code, out, _ = told("run", "-f", "dag.yaml", "--dry-run")
    assert code == 0
    assert out.index("build") < out.index("train") < out.index("report")
    plan = json.loads(told("run", "-f", "dag.yaml", "--dry-run", "-o", "json")[1])
    assert [child["name"] for child in plan["children"]] == ["build", "train", "report"]
    assert json.loads(told("ops", "ls", "-o", "json")[1]) == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["-P", "tpo=3"], "did you mean `top`?"),
        (["-P", "top=many"], "top"),
        (["-P", "top"], "has no `=`"),
        (["--cache", "perhaps"], "neither yes nor no"),
        (["--cache", "yes", "--nocache"], "exclude each other"),
        (["--ports", "http"], "is not a port"),
        (["--url", "https://x", "--hub", "y"], "exclude each other"),
    ],
)
def test_what_is_asked_wrongly_exits_2_and_leaves_no_run(
    arguments: list[str], part: str, play: Callable[..., None], told: Any
) -> None:
    code, _, err = told("run", "-f", "dag.yaml", *arguments)
    assert code == 2
    assert part in err
    assert json.loads(told("ops", "ls", "-o", "json")[1]) == []


def test_a_job_is_made_of_options_alone(play: Callable[..., None], told: Any) -> None:
    code, out, _ = told("run", "--image", "python", "--cmd", "echo a", "--env", "A=1", "--cpu", "1", "-o", "json")
    assert (code, json.loads(out)["kind"]) == (0, "job")


def test_a_template_is_not_run_before_it_is_filled_in(play: Callable[..., None], told: Any, tmp_path: Path) -> None:
    text = "{kind: component, name: t, template: {enabled: true}, run: {kind: job, container: {command: [x]}}}"
    (tmp_path / "template.yaml").write_text(text)
    code, _, err = told("run", "-f", "template.yaml")
    assert code == 2
    assert "--ignore-template" in err
    assert told("run", "-f", "template.yaml", "--ignore-template")[0] == 0


def test_a_failed_dag_is_resumed_in_place(play: Callable[..., None], told: Any) -> None:
    play({"train": Play(Phase.FAILED, exit_code=1)})
    assert told("run", "-f", "dag.yaml")[0] == 1
    play({"train": Play()})
    code, out, _ = told("ops", "resume")
    assert code == 0, out
    assert set(statuses(told).values()) == {"succeeded"}
    assert "build  running" not in out, "what succeeded is not repeated"


def test_a_dag_is_resumed_with_another_param_that_counts_for_what_is_left(play: Callable[..., None], told: Any) -> None:
    play({"train": Play(Phase.FAILED, exit_code=1)})
    told("run", "-f", "dag.yaml", "-P", "top=1")
    play({"train": Play()})
    assert told("ops", "resume", "-P", "tpo=3")[0] == 2
    assert told("ops", "resume", "-P", "top=3")[0] == 0
    assert statuses(told) == {"flow": "succeeded", "build": "succeeded", "train": "succeeded", "report": "succeeded"}
    assert json.loads(told("ops", "get", "-o", "json")[1])["inputs"] == {"top": 3}
    assert told("ops", "resume", "report")[0] == 2


def test_a_run_is_restarted_with_another_param(play: Callable[..., None], told: Any) -> None:
    assert told("run", "-f", "dag.yaml")[0] == 0
    code, out, _ = told("ops", "restart", "-P", "top=1", "-n", "again", "-o", "json")
    document = json.loads(out)
    assert (code, document["name"], document["inputs"]) == (0, "again", {"top": 1})
    assert document["original"]["kind"] == "restart"
    assert statuses(told)["report"] == "skipped"
    assert told("ops", "restart", "again", "-P", "tpo=1")[0] == 2


def test_the_reason_of_a_skip_is_told_with_its_values(play: Callable[..., None], told: Any) -> None:
    assert told("run", "-f", "dag.yaml", "-P", "top=1")[0] == 0
    code, out, _ = told("ops", "explain", "report")
    assert code == 0
    assert "top > 1" in out
    assert "top=1" in out
    whole = told("ops", "explain")[1]
    assert "- `report` is skipped" in whole
    document = json.loads(told("ops", "explain", "-o", "json")[1])
    assert len(document["operations"]) == 3


def test_a_run_that_waits_for_approval_is_approved_and_goes_on(play: Callable[..., None], told: Any) -> None:
    uuid = told("run", "-f", "dag.yaml", "--approved", "no", "-d")[1].strip()
    assert told("ops", "approve", uuid)[0] == 0
    assert told("ops", "resume", uuid)[0] == 0
    assert statuses(told)["flow"] == "succeeded"


@pytest.mark.parametrize("verb", ["approve", "skip", "invalidate"])
def test_a_request_names_its_run(verb: str, play: Callable[..., None], told: Any) -> None:
    code, _, err = told("ops", verb)
    assert code == 2
    assert "name the run" in err


def test_stopping_what_is_over_says_so_and_changes_nothing(play: Callable[..., None], told: Any) -> None:
    assert told("run", "-f", "dag.yaml")[0] == 0
    code, out, _ = told("ops", "stop")
    assert code == 0
    assert "nothing to stop, it has succeeded" in out


@pytest.mark.parametrize("verb", ["approve", "skip"])
def test_what_a_runs_state_does_not_allow_is_refused(verb: str, play: Callable[..., None], told: Any) -> None:
    assert told("run", "-f", "dag.yaml")[0] == 0
    code, _, err = told("ops", verb, "train")
    assert code == 2
    assert "it is succeeded" in err


def test_a_run_that_has_begun_is_not_skipped(play: Callable[..., None], told: Any) -> None:
    with open_local(read_settings()) as local:
        now = datetime.now(UTC)
        uuid = RunId("c" * 32)
        begun = Run(uuid, "default", "busy", RunKind.JOB, "job", Status.RUNNING, now, now, uuid)
        local.store.create(begun, Condition(Status.RUNNING, "Running", "", now))
    code, _, err = told("ops", "skip", "busy")
    assert code == 2
    assert "cannot be skipped: it is running" in err
    assert "polyaxon ops stop cccccccc" in err


SWEEP = """
kind: operation
name: sweep
matrix: {kind: grid, params: {x: {kind: choice, value: [1, 2, 3, 4]}}}
component:
  name: sq
  inputs: [{name: x, type: int}]
  run: {kind: job, container: {command: [try]}}
"""


def points(told: Any) -> dict[int, str]:
    rows = json.loads(told("ops", "ls", "-q", "kind:job", "-o", "json")[1])
    return {row["inputs"]["x"]: row["uuid"] for row in rows}


def test_a_deleted_point_of_a_search_is_made_again_by_a_resume(
    play: Callable[..., None], told: Any, tmp_path: Path
) -> None:
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    assert told("run", "-f", "sweep.yaml")[0] == 0
    before = points(told)
    assert told("ops", "resume", "sweep")[0] == 2
    told("ops", "delete", before[2], "-y")
    assert sorted(points(told)) == [1, 3, 4]
    assert told("ops", "resume", "sweep")[0] == 0
    assert sorted(points(told)) == [1, 2, 3, 4]
    assert told("ops", "resume", "sweep")[0] == 2


SCHEDULE = """
kind: operation
name: nightly
schedule: {kind: cron, cron: "0 3 * * *", timezone: Europe/Berlin}
cache: {disable: true}
component: {run: {kind: job, container: {command: [night]}}}
"""


def nights(told: Any) -> list[str]:
    rows = json.loads(told("ops", "ls", "-q", "kind:job", "-s", "schedule_at", "-o", "json")[1])
    return [row["schedule_at"][:13] for row in rows]


def test_the_past_of_a_schedule_is_made_up_for(play: Callable[..., None], told: Any, tmp_path: Path) -> None:
    (tmp_path / "nightly.yaml").write_text(SCHEDULE)
    assert told("run", "-f", "nightly.yaml", "--backfill", "2024-03-30..2024-03-31")[0] == 0
    assert nights(told) == ["2024-03-30T02", "2024-03-31T01"]
    assert told("ops", "backfill", "nightly", "2024-05-01..2024-05-02", "--concurrency", "1")[0] == 0
    assert nights(told)[2:] == ["2024-05-01T01", "2024-05-02T01"]
    assert "it makes up for the times from 2024-04-30T22:00:00+00:00" in told("ops", "explain")[1]


@pytest.mark.parametrize(
    ("period", "part"),
    [
        ("2024-03-30", "FROM..TO"),
        ("2024-03-30..2024-03-29", "ends before it starts"),
        ("yesterday..today", "`yesterday`"),
        ("2024-03-30T04:00..2024-03-30T05:00", "no time between"),
        ("1924-01-01..2024-01-01", "more than 10000 runs"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(
    period: str, part: str, play: Callable[..., None], told: Any, tmp_path: Path
) -> None:
    (tmp_path / "nightly.yaml").write_text(SCHEDULE)
    code, _, err = told("run", "-f", "nightly.yaml", "--backfill", period)
    assert (code, part in err) == (2, True)
    assert told("run", "-f", "dag.yaml", "--backfill", "2024-03-30..2024-03-31")[0] == 2
