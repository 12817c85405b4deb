"""Runs tracked in this process, entered in memory."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tracking_program import MemoryTransport

from polyaxon import tracking
from polyaxon.errors import UsageError
from polyaxon.tracking import Run
from polyaxon.tracking.journal import Journal, read_journal
from polyaxon.tracking.metrics import read_points


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def run(home: Path, transport: MemoryTransport) -> Any:
    run = Run(client=transport, track_code=False, track_logs=False)
    yield run
    run.end()


def ended(run: Run) -> Journal:
    run.end()
    return read_journal(run.get_artifacts_path())


def events(run: Run, kind: str, name: str) -> list[Any]:
    """The values of an event file of a CSV kind."""
    run._writer.flush()
    path = Path(run.get_artifacts_path(f"events/{kind}/{name}.plx"))
    return [json.loads(line.split("|", 2)[2]) for line in path.read_text().splitlines()[1:]]


def test_a_new_run_is_running_then_succeeded(run: Run, transport: MemoryTransport) -> None:
    assert transport.run["managed_by"] == "user"
    assert [status for status, _, _ in transport.statuses] == ["running"]
    run.end()
    run.end()
    assert [status for status, _, _ in transport.statuses] == ["running", "succeeded"]


def test_what_was_logged_is_entered_at_the_end(run: Run, transport: MemoryTransport) -> None:
    odd: dict[str, Any] = {"a/b": 1, "self": 2}
    run.log_inputs(lr=0.1, **odd)
    run.log_metric("train/loss", 0.5, step=1)
    run.log_metrics(step=2, acc=0.75, self=1)
    run.log_outputs(best="yes")
    run.log_tags("a, b")
    run.log_meta(note="x")
    run.set_description("words")
    run.end()
    assert transport.run["inputs"] == {"lr": 0.1, "a__b": 1, "self": 2}
    assert transport.run["outputs"] == {"train__loss": 0.5, "acc": 0.75, "self": 1.0, "best": "yes"}
    assert transport.run["tags"] == ["a", "b"]
    assert transport.run["description"] == "words"
    assert transport.run["meta_info"] == {"has_metrics": True, "has_events": True, "note": "x"}
    (loss,) = [artifact for artifact in transport.artifacts if artifact["name"] == "train__loss"]
    assert loss["path"] == "events/metric/train__loss.plx"
    assert loss["summary"]["metric"]["last"] == 0.5


def test_a_server_chooses_the_uuid_and_with_it_the_directory(home: Path) -> None:
    run = Run(client=MemoryTransport("cd" * 16), track_code=False, track_logs=False)
    run.end()
    assert run.run_uuid == "cd" * 16
    assert run.get_artifacts_path() == str(home / "artifacts" / ("cd" * 16))


def test_a_value_that_is_no_number_is_skipped_and_said_once(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for value in (None, "many", [1]):
        run.log_metric("loss", value)  # type: ignore[arg-type]
    run.log_metric("loss", 0.5, step="x")  # type: ignore[arg-type]
    assert capsys.readouterr().err.count("metric `loss`") == 1
    assert "loss" not in ended(run).outputs


def test_numbers_of_other_libraries_are_numbers(run: Run) -> None:
    import numpy as np

    run.log_metric("loss", np.float32(0.5), step=np.int64(3))  # type: ignore[arg-type]
    run._writer.flush()
    (point,) = read_points(run.get_artifacts_path("events/metric/loss.plx"))
    assert (point.step, point.value) == (3, 0.5)


def test_progress_is_between_zero_and_one_and_throttled(run: Run) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        run.log_progress(1.5)
    with pytest.raises(TypeError):
        run.log_progress("half")
    for step in range(101):
        run.log_progress(step / 100)
    run._writer.flush()
    said = Path(run.get_artifacts_path("journal.jsonl")).read_text().count('"progress"')
    assert said < 60
    assert ended(run).meta["progress"] == 1.0


def test_the_first_ending_said_stays(run: Run, transport: MemoryTransport) -> None:
    run.log_failed(message="no data")
    run.log_succeeded()
    run.end()
    assert transport.statuses[1:] == [("failed", "PolyaxonClient", "no data")]


def test_paths_exist_when_they_are_asked_for(run: Run) -> None:
    assert Path(run.get_outputs_path()).is_dir()
    file = Path(run.get_outputs_path("models/a.bin"))
    assert file.parent.is_dir()
    assert not file.exists()
    assert Path(run.get_outputs_path("models/b", is_dir=True)).is_dir()
    assert not Path(run.get_artifacts_path("x/y")).parent.exists()
    assert Path(run.get_tensorboard_path()).is_dir()
    assert [artifact.kind for artifact in ended(run).artifacts if artifact.name == "tensorboard"] == ["tensorboard"]


def test_a_model_is_copied_into_the_outputs_and_the_lineage(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "net.pt"
    model.write_bytes(b"weights")
    run.log_model(str(model), framework="torch")
    assert Path(run.get_outputs_path("net.pt")).read_bytes() == b"weights"
    (line,) = [artifact for artifact in ended(run).artifacts if artifact.kind == "model"]
    assert (line.name, line.path) == ("net", "outputs/net.pt")
    assert line.summary["framework"] == "torch"
    assert len(line.summary["hash"]) == 12


def test_a_model_of_a_step_is_an_event(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "net.pt"
    model.write_bytes(b"weights")
    run.log_model(str(model), framework="torch", step=3)
    assert events(run, "model", "net") == [{"framework": "torch", "spec": None, "path": "assets/model/net_3.pt"}]
    assert Path(run.get_artifacts_path("assets/model/net_3.pt")).read_bytes() == b"weights"


def test_what_is_in_the_outputs_already_is_not_copied(run: Run) -> None:
    path = Path(run.get_outputs_path("deep/er.txt"))
    path.write_text("x")
    run.log_artifact(str(path))
    assert not Path(run.get_outputs_path("er.txt")).exists()
    (line,) = [artifact for artifact in ended(run).artifacts if artifact.kind == "file"]
    assert line.path == "outputs/deep/er.txt"


def test_a_directory_is_kept_whole(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data/inner").mkdir(parents=True)
    (tmp_path / "data/inner/a.txt").write_text("x")
    run.log_artifact(str(tmp_path / "data"))
    assert Path(run.get_outputs_path("data/inner/a.txt")).read_text() == "x"
    (line,) = [artifact for artifact in ended(run).artifacts if artifact.kind == "dir"]
    assert line.name == "data"


def test_a_file_that_does_not_exist_is_an_error(run: Run) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file or directory `nowhere\.txt`"):
        run.log_artifact("nowhere.txt")


def test_references_outside_keep_their_absolute_path(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("a")
    run.log_data_ref("train", path=str(data))
    run.log_data_ref("remote", content={"rows": 3})
    run.log_file_ref(str(data), is_input=True)
    lines = {(artifact.name, artifact.kind): artifact for artifact in ended(run).artifacts}
    assert lines["train", "data"].path == str(data)
    assert lines["train", "data"].is_input
    assert lines["remote", "data"].summary["hash"]
    assert lines["data", "file"].is_input


def test_lineage_can_be_given_raw(run: Run, transport: MemoryTransport) -> None:
    run.log_artifact_lineage([{"name": "a", "kind": "data", "path": "s3://x", "is_input": True}])
    run.log_code_ref({"commit": "abc", "branch": "main"})
    lines = {artifact.name: artifact for artifact in ended(run).artifacts}
    assert (lines["a"].path, lines["abc"].kind) == ("s3://x", "coderef")
    assert "s3://x" in [line["path"] for line in transport.artifacts]


def test_the_environment_is_kept_without_variables(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    run.log_env()
    text = Path(run.get_outputs_path("env.json")).read_text()
    assert json.loads(text)["python_version"].startswith("3.")
    assert "hunter2" not in text


def test_curves_histograms_and_matrices_are_events(run: Run) -> None:
    run.log_curve("c", [0, 1], [1, 2], annotation="a|b")
    run.log_roc_auc_curve("roc", [0, 1], [0, 1], auc=0.5)
    run.log_pr_curve("pr", [1, 0], [0, 1], 0.25)
    run.log_np_histogram("h", [1, 2], [0, 1, 2])
    run.log_histogram("computed", [0, 1, 1, 2], bins=2)
    run.log_confusion_matrix("m", ["a", "b"], ["a", "b"], [[1, 2], [3, 4]])
    assert events(run, "curve", "c") == [{"kind": "custom", "x": [0, 1], "y": [1, 2], "annotation": "a|b"}]
    assert events(run, "curve", "roc")[0]["annotation"] == "0.5"
    assert events(run, "curve", "pr")[0]["kind"] == "pr"
    assert events(run, "histogram", "h") == [{"values": [1, 2], "counts": [0, 1, 2]}]
    assert events(run, "histogram", "computed") == [{"values": [1, 3], "counts": [0.0, 1.0, 2.0]}]
    assert events(run, "confusion", "m") == [{"x": ["a", "b"], "y": ["a", "b"], "z": [[1, 2], [3, 4]]}]


def test_what_does_not_fit_is_said_and_skipped(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.log_curve("c", [0, 1], [1])
    run.log_np_histogram("h", [1], [0])
    run.log_np_histogram("big", list(range(600)), list(range(601)))
    run.log_confusion_matrix("m", ["a"], ["a"], [[1, 2]])
    assert capsys.readouterr().err.count("polyaxon: ") == 4


def test_texts_and_traces_are_json_lines(run: Run) -> None:
    run.log_text("t", "one\ntwo", step=1)
    run.log_html("t", "<b>")
    run.log_trace({"name": "call", "kind": "llm"})
    run._writer.flush()
    lines = Path(run.get_artifacts_path("events/text/t.plx")).read_text().split("\n")
    assert lines[0] == ""
    assert json.loads(lines[1])["text"] == "one\ntwo"
    assert Path(run.get_artifacts_path("events/html/t.plx")).exists()
    assert Path(run.get_artifacts_path("events/span/call.plx")).exists()


def test_a_missing_library_is_named_with_the_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bokeh.embed", None)
    with pytest.raises(UsageError) as caught:
        run.log_bokeh_chart("c", object())
    assert caught.value.hint == "run `pip install bokeh`"


def test_nothing_is_collected_when_the_run_says_so(
    home: Path, transport: MemoryTransport, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(client=transport, track_code=False, track_logs=False, collect_artifacts=False)
    run.log_metric("loss", 0.5)
    run.log_text("t", "x")
    run.log_text("t", "x")
    assert ended(run).outputs == {"loss": 0.5}
    assert not Path(run.get_artifacts_path("events")).exists()
    assert capsys.readouterr().err.count("not collected") == 1


def test_other_ranks_are_silent_but_have_paths(
    home: Path, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    run = Run(client=transport)
    run.log_metric("loss", 0.5)
    run.log_inputs(a=1)
    run.log_image([[0]], dataformats="HW")
    assert Path(run.get_outputs_path("model.bin")).parent.is_dir()
    assert ended(run).outputs == {}
    assert transport.run == {}


def test_no_op_does_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYAXON_NO_OP", "1")
    run = Run()
    assert isinstance(run, Run)
    assert run.log_metric("loss", 0.5) is None  # type: ignore[func-returns-value]
    assert run.get_outputs_path() is None
    assert run.end() is None  # type: ignore[func-returns-value]
    assert not home.exists()
    with pytest.raises(AttributeError):
        _ = run.project


def test_an_offline_run_is_files_and_goes_on_from_them(home: Path) -> None:
    run = Run(is_offline=True, name="first", tags=["a"])
    run.log_inputs(lr=1)
    run.log_metric("loss", 0.5)
    run.end()
    path = home / "offline/runs" / run.run_uuid
    stored = json.loads((path / "run.plx.json").read_text())
    assert (stored["name"], stored["status"], stored["outputs"]) == ("first", "succeeded", {"loss": 0.5})
    assert [item["type"] for item in stored["status_conditions"]] == ["created", "running", "succeeded"]
    assert {line["name"] for line in json.loads((path / "lineages.plx.json").read_text())} == {"env", "loss"}
    again = Run(is_offline=True, run_uuid=run.run_uuid)
    again.log_outputs(more=1)
    again.end()
    assert json.loads((path / "run.plx.json").read_text())["outputs"] == {"loss": 0.5, "more": 1}


def test_the_functions_of_the_module_speak_for_the_current_run(
    home: Path, transport: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "TRACKING_RUN", None)
    run = tracking.init(client=transport, track_code=False, track_logs=False, name="mine")
    tracking.log_metric("loss", 0.5)
    tracking.log_metrics(acc=1)
    tracking.log_inputs(lr=1)
    assert tracking.get_or_create_run() is run is tracking.TRACKING_RUN
    assert tracking.get_outputs_path("x") == run.get_outputs_path("x")
    tracking.end()
    assert transport.run["name"] == "mine"
    assert transport.run["outputs"] == {"loss": 0.5, "acc": 1.0}


def test_every_function_of_the_module_is_a_method_of_the_run() -> None:
    names = [name for name in tracking.__all__ if name.startswith(("log_", "set_", "get_"))]
    assert len(names) > 45
    for name in names:
        assert name == "get_or_create_run" or callable(getattr(Run, name))
        assert getattr(tracking, name).__doc__
