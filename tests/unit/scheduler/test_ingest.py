"""What a run said of itself becomes part of its ending."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.status import Status
from polyaxon.scheduler.ingest import ingest

RUN = RunId("a" * 32)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def seen(phase: Phase = Phase.SUCCEEDED, attempt: int = 1) -> Observation:
    return Observation(RUN, attempt, phase, NOW)


def write(directory: Path, *lines: dict[str, Any]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def read(tmp_path: Path, observation: Observation, began_at: datetime | None = None) -> Any:
    return ingest(observation, str(tmp_path / RUN), str(tmp_path), lambda _: began_at)


def test_a_run_that_said_nothing_is_only_observed(tmp_path: Path) -> None:
    found = read(tmp_path, seen())
    assert found.event.observation == seen()
    assert (found.event.outputs, found.artifacts, found.fields) == ({}, (), {})


def test_the_journal_is_read_at_the_end_only(tmp_path: Path) -> None:
    write(tmp_path / RUN, {"op": "outputs", "values": {"loss": 1}})
    assert read(tmp_path, seen(Phase.RUNNING)).event.outputs == {}
    assert read(tmp_path, seen()).event.outputs == {"loss": 1}


def test_lineage_is_relative_to_the_store_unless_it_lies_outside(tmp_path: Path) -> None:
    write(
        tmp_path / RUN,
        {"op": "artifact", "name": "in", "kind": "model", "path": "outputs/m"},
        {"op": "artifact", "name": "out", "kind": "file", "path": "/elsewhere/f"},
        {"op": "artifact", "name": "far", "kind": "data", "path": "s3://bucket/set"},
    )
    found = read(tmp_path, seen())
    assert found.event.artifacts == {"in": f"{RUN}/outputs/m", "out": "/elsewhere/f", "far": "s3://bucket/set"}
    assert [item.run for item in found.artifacts] == [RUN, RUN, RUN]


def test_what_the_code_said_of_its_ending_is_the_message(tmp_path: Path) -> None:
    write(tmp_path / RUN, {"op": "status", "status": "failed", "message": "ValueError: no data", "at": 0})
    assert read(tmp_path, seen(Phase.FAILED)).event.observation.message == "ValueError: no data"


def test_only_what_the_current_attempt_said_of_its_status_counts(tmp_path: Path) -> None:
    write(tmp_path / RUN, {"op": "status", "status": "failed", "at": NOW.timestamp()})
    assert read(tmp_path, seen()).event.reported_status is Status.FAILED
    later, earlier = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)
    assert read(tmp_path, seen(attempt=2), later).event.reported_status is None
    assert read(tmp_path, seen(attempt=2), earlier).event.reported_status is Status.FAILED


def test_a_status_that_is_no_ending_says_nothing(tmp_path: Path) -> None:
    for word in ("running", "nonsense"):
        write(tmp_path / RUN, {"op": "status", "status": word, "at": 0})
        assert read(tmp_path, seen()).event.reported_status is None


def test_a_journal_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / RUN / "journal.jsonl").mkdir(parents=True)
    found = read(tmp_path, seen())
    assert "cannot be read" in found.event.observation.warnings[0]
