"""What a scheduler reads of a run: the journal and the metric files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.tracking.journal import JournalArtifact, ReportedStatus, read_journal, replay, write_record
from polyaxon.tracking.metrics import last_metrics, read_metrics, read_points, summarise


def write(directory: Path, *records: Any) -> None:
    with (directory / "journal.jsonl").open("a") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def metric(directory: Path, name: str, text: str) -> Path:
    path = directory / f"events/metric/{name}.plx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_run_that_said_nothing_has_an_empty_journal(tmp_path: Path) -> None:
    journal = read_journal(str(tmp_path / "missing"))
    assert (journal.outputs, journal.artifacts, journal.status, journal.warnings) == ({}, (), None, ())


def test_values_are_merged_in_the_order_said(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"op": "inputs", "values": {"lr": 0.1, "layers": 2}},
        {"op": "inputs", "values": {"lr": 0.2}},
        {"op": "outputs", "values": {"a": 1}},
        {"op": "outputs", "values": {"b": 2}, "reset": True},
        {"op": "meta", "values": {"progress": 0.5}},
        {"op": "tags", "tags": ["x", "y"]},
        {"op": "tags", "tags": ["y", "z"]},
        {"op": "name", "value": "first"},
        {"op": "name", "value": "second"},
        {"op": "warning", "message": "careful"},
        {"op": "status", "status": "failed", "reason": "R", "message": "M", "at": 12.5},
        {"op": "of a later version"},
    )
    journal = read_journal(str(tmp_path))
    assert journal.inputs == {"lr": 0.2, "layers": 2}
    assert journal.outputs == {"b": 2}
    assert journal.meta == {"progress": 0.5}
    assert journal.tags == ("x", "y", "z")
    assert journal.name == "second"
    assert journal.warnings == ("careful",)
    assert journal.status == ReportedStatus("failed", "R", "M", 12.5)


def test_an_output_that_was_logged_wins_over_a_metric_of_its_name(tmp_path: Path) -> None:
    metric(tmp_path, "loss", "step|timestamp|metric\n1|t|0.5\n2|t|0.25\n")
    metric(tmp_path, "acc", "step|timestamp|metric\n1|t|nan\n")
    write(tmp_path, {"op": "outputs", "values": {"loss": "kept"}})
    journal = read_journal(str(tmp_path))
    assert journal.outputs == {"loss": "kept", "acc": "nan"}
    assert journal.metrics["loss"] == 0.25


def test_a_line_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"op": "outputs", "values": {"a": 1}})
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write('{"op":"outputs","values":{"a":2')
    journal = read_journal(str(tmp_path))
    assert journal.outputs == {"a": 1}
    assert journal.warnings == ()


def test_a_broken_line_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b'{"torn\n\xff\xfe\n[1]\n\n{"op":"outputs","values":{"a":1}}\n')
    journal = read_journal(str(tmp_path))
    assert journal.outputs == {"a": 1}
    assert journal.warnings == ("3 lines of the run's journal cannot be read",)


def test_lineage_is_upserted_and_completed_by_event_files(tmp_path: Path) -> None:
    metric(tmp_path, "loss", "step|timestamp|metric\n1|t|0.5\n")
    write(
        tmp_path,
        {"op": "artifact", "name": "m", "kind": "model", "path": "outputs/m", "summary": {"v": 1}},
        {"op": "artifact", "name": "m", "kind": "model", "path": "outputs/m", "summary": {"v": 2}},
    )
    assert read_journal(str(tmp_path)).artifacts == (
        JournalArtifact("m", "model", "outputs/m", {"v": 2}),
        JournalArtifact("loss", "metric", "events/metric/loss.plx", {"is_event": True}),
    )


def test_a_record_can_be_added_for_a_run_that_does_not_track(tmp_path: Path) -> None:
    write_record(str(tmp_path / "run"), {"op": "artifact", "name": "image:tag", "kind": "docker_image"})
    assert read_journal(str(tmp_path / "run")).artifacts[0].name == "image:tag"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
_operations = st.sampled_from(["inputs", "outputs", "meta", "metrics", "tags", "artifact", "status", "name", "warning"])
_fields = st.sampled_from(["values", "reset", "tags", "name", "kind", "path", "summary", "status", "at", "value"])


@given(st.lists(st.tuples(_operations, st.dictionaries(_fields, _json, max_size=4)), max_size=6))
def test_records_of_any_shape_are_read(records: list[tuple[str, dict[str, Any]]]) -> None:
    journal = replay(json.dumps({**fields, "op": operation}) for operation, fields in records)
    assert all(isinstance(part, dict) for part in (journal.inputs, journal.outputs, journal.meta, journal.metrics))
    assert all(isinstance(text, str) for text in (*journal.tags, *journal.warnings))


def test_the_last_value_is_read_from_the_end_of_a_long_file(tmp_path: Path) -> None:
    path = metric(tmp_path, "loss", "step|timestamp|metric\n" + "".join(f"{i}|t|{i}.5\n" for i in range(10_000)))
    assert last_metrics(str(tmp_path)) == {"loss": 9999.5}
    with path.open("a") as file:
        file.write("10000|t|77")
    assert last_metrics(str(tmp_path)) == {"loss": 9999.5}


@pytest.mark.parametrize("text", ["", "step|timestamp|metric\n", "step|timestamp|metric\n1|t|", "1|t|x\n||\n"])
def test_a_metric_file_without_a_value_has_none(tmp_path: Path, text: str) -> None:
    metric(tmp_path, "loss", text)
    assert last_metrics(str(tmp_path)) == {}
    assert not read_metrics(str(tmp_path)).points


def test_headers_in_the_middle_and_torn_lines_are_passed_over(tmp_path: Path) -> None:
    path = metric(tmp_path, "m", "step|timestamp|metric\n1|t|1.0\n2|t\nstep|timestamp|metric\n3|t|3.0\n")
    assert [(point.step, point.value) for point in read_points(str(path))] == [(1, 1.0), (3, 3.0)]


def test_metrics_are_read_as_they_grow(tmp_path: Path) -> None:
    assert read_metrics(str(tmp_path)).offsets == {}
    path = metric(tmp_path, "loss", "step|timestamp|metric\n1|t|0.5\n2|t|0.2")
    first = read_metrics(str(tmp_path))
    assert first.points == {"loss": [(1, 0.5)]}
    with path.open("a") as file:
        file.write("5\n")
    second = read_metrics(str(tmp_path), first.offsets)
    assert second.points == {"loss": [(2, 0.25)]}
    assert read_metrics(str(tmp_path), second.offsets).points == {}


def test_an_event_without_a_step_gets_its_place(tmp_path: Path) -> None:
    path = metric(tmp_path, "m", "step|timestamp|metric\n|t|1.0\n|t|2.0\n")
    first = read_metrics(str(tmp_path))
    with path.open("a") as file:
        file.write("|t|3.0\n")
    second = read_metrics(str(tmp_path), first.offsets)
    assert (first.points, second.points) == ({"m": [(0, 1.0), (1, 2.0)]}, {"m": [(2, 3.0)]})


@given(st.lists(st.floats(allow_nan=False), max_size=20), st.lists(st.integers(1, 60), max_size=20))
def test_reading_in_parts_is_reading_at_once(values: list[float], cuts: list[int]) -> None:
    import tempfile

    data = "step|timestamp|metric\n" + "".join(f"{step}|t|{value!r}\n" for step, value in enumerate(values))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        points: list[tuple[int, float]] = []
        offsets: dict[str, int] = {}
        end = 0
        for cut in [*cuts, len(data)]:
            end = min(len(data), end + cut)
            metric(directory, "m", data[:end])
            read = read_metrics(name, offsets)
            points += read.points.get("m", [])
            offsets = dict(read.offsets)
    assert points == list(enumerate(values))


def test_a_summary_spans_steps_times_and_values(tmp_path: Path) -> None:
    path = metric(tmp_path, "m", "step|timestamp|metric\n" + "".join(f"{i}|2026-03-0{i + 1}|{i}.0\n" for i in range(5)))
    assert summarise(str(path), "metric") == {
        "is_event": True,
        "step": {"count": 5, "min": 0, "max": 4},
        "timestamp": {"min": "2026-03-01", "max": "2026-03-05"},
        "metric": {
            "count": 5.0,
            "mean": 2.0,
            "std": pytest.approx(1.5811388),
            "min": 0.0,
            "25%": 1.0,
            "50%": 2.0,
            "75%": 3.0,
            "max": 4.0,
            "last": 4.0,
        },
    }


def test_one_value_has_no_deviation_and_no_steps_no_block(tmp_path: Path) -> None:
    path = metric(tmp_path, "m", "step|timestamp|metric\n|2026|1.5\n")
    summary = summarise(str(path), "metric")
    assert "step" not in summary
    assert summary["metric"]["std"] is None
