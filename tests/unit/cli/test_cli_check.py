"""`polyaxon check`: verdicts for people and for programs."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from polyaxon.cli.app import run_app

VALID = "{kind: component, name: train, run: {kind: job, container: {image: x, command: [train]}}}"
NEEDY = (
    "{kind: component, name: needy, inputs: [{name: lr, type: float}], "
    "run: {kind: job, container: {image: x, command: [train, '{{ lr }}']}}}"
)
DAG = """
kind: component
name: flow
run:
  kind: dag
  operations:
  - {name: first, component: {run: {kind: job, container: {image: x, command: [a]}}}}
  - {name: second, dependencies: [first], component: {run: {kind: job, container: {image: x, command: [b]}}}}
"""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(directory: Path, name: str, text: str) -> str:
    (directory / name).write_text(text)
    return name


def verdicts(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    assert run_app(["check", *arguments, "-o", "json"]) == code
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_a_valid_file_exits_0_and_says_what_it_is(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["check", written(directory, "a.yaml", VALID)]) == 0
    assert capsys.readouterr().out == "a.yaml: valid (component `train`)\n"


def test_json_has_one_verdict_per_file_with_every_problem(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = written(directory, "good.yaml", VALID)
    bad = written(directory, "bad.yaml", VALID.replace("container", "contaner").replace("name", "nme"))
    found = verdicts(capsys, good, bad, "-f", "missing.yaml", code=1)
    assert [(one["file"], one["valid"]) for one in found] == [
        ("good.yaml", True),
        ("bad.yaml", False),
        ("missing.yaml", False),
    ]
    assert (found[0]["kind"], found[0]["name"]) == ("component", "train")
    assert set(found[0]) == {"file", "valid", "kind", "name", "problems"}
    problems = found[1]["problems"]
    assert len([problem for problem in problems if problem["severity"] == "error"]) >= 2
    assert set(problems[0]) == {"code", "severity", "message", "line", "column", "path", "suggestion"}
    assert all(problem["line"] == 1 and problem["column"] > 1 for problem in problems)


def test_that_a_component_needs_values_is_a_warning_until_it_is_run(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = written(directory, "needy.yaml", NEEDY)
    [alone] = verdicts(capsys, name)
    assert [problem["severity"] for problem in alone["problems"]] == ["warning"]
    [given] = verdicts(capsys, name, "-P", "lr=0.1")
    assert given["problems"] == []
    assert run_app(["run", "-f", name]) == 2
    assert "needs a value for `lr`" in capsys.readouterr().err


def test_a_param_that_does_not_fit_is_an_error(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [found] = verdicts(capsys, written(directory, "needy.yaml", NEEDY), "-P", "lr=fast", code=1)
    assert not found["valid"]


def test_without_a_file_the_directorys_own_is_checked(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(directory, "polyaxonfile.yaml", VALID)
    assert run_app(["check"]) == 0
    assert "polyaxonfile.yaml: valid" in capsys.readouterr().out


def test_the_standard_input_can_be_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(VALID.encode())))
    assert run_app(["check", "-"]) == 0
    assert capsys.readouterr().out.startswith("-: valid")


@pytest.mark.parametrize("form", ["text", "mermaid", "svg"])
def test_the_dag_of_a_valid_file_is_drawn(form: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["check", written(directory, "dag.yaml", DAG), "--graph", form]) == 0
    drawing = capsys.readouterr().out
    assert drawing.index("first") < drawing.index("second")
    assert "valid" not in drawing


def test_a_shallow_check_follows_no_reference(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = written(directory, "ref.yaml", "{kind: operation, pathRef: ./absent.yaml}")
    assert verdicts(capsys, name, code=1)[0]["problems"]
    assert verdicts(capsys, name, "--shallow")[0]["valid"]


def test_a_finding_about_a_python_file_names_the_file_and_the_field_but_no_line(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "from polyaxon.schemas import V1Component, V1Container, V1Job\n"
        "main = V1Component(name='x', run=V1Job(container=V1Container(image='a', args=['{{ lr }}'])))\n"
    )
    file = written(directory, "spec.py", text)
    ((problem,),) = (one["problems"] for one in verdicts(capsys, "-pm", file, code=1))
    assert (problem["path"], problem["line"], problem["column"]) == ("run.container.args[0]", None, None)
    assert run_app(["check", "-pm", file]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{directory / 'spec.py'}: error[PX230]: `lr` is not defined")
    assert said[1] == "  at `run.container.args[0]`"
    assert not any(line.lstrip().startswith("|") for line in said)
