"""The command line's edge: help without imports, unknown commands, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from polyaxon import __version__
from polyaxon.cli import app as app_module
from polyaxon.cli.app import ALIASES, COMMANDS, run_app
from polyaxon.errors import ConflictError, FetchError, InternalError, Problem, SpecError

HEAVY = ("pydantic", "rich", "jinja2", "yaml", "asyncio", "sqlite3", "numpy", "logging")


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
from polyaxon.cli.app import run_app
assert run_app(["--help"]) == 0
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


def test_a_command_that_reads_a_file_does_not_look_for_plugins(tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("kind: component\nrun: {kind: job, container: {image: x, command: ['true']}}\n")
    imported = _imported_by(["check", "-f", str(file)])
    assert "pydantic.plugin" in imported
    assert "importlib.metadata" not in imported


def test_a_command_that_asks_the_store_imports_neither_models_nor_a_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path))
    imported = _imported_by(["ops", "ls"])
    assert "polyaxon.store.sql" in imported
    assert imported.isdisjoint({"pydantic", "asyncio", "yaml", "polyaxon.spec.fields", "polyaxon.scheduler.loop"})


def _imported_by(command: list[str]) -> set[str]:
    told = [sys.executable, "-X", "importtime", "-m", "polyaxon", *command]
    answer = subprocess.run(told, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_of_the_table_loads_and_says_what_the_table_says(name: str) -> None:
    command = COMMANDS[name].load()
    assert command.name == name
    assert command.help
    assert ALIASES.get("projects") == "project"


def test_an_unknown_command_is_refused_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["rnu"]) == 2
    assert "There is no command `rnu`. Did you mean `run`?" in capsys.readouterr().err


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["version", "--jsn"]) == 2
    assert "--jsn" in capsys.readouterr().err


def test_version_answers_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"
    assert run_app(["version", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": __version__}


def test_an_output_that_is_neither_json_nor_a_path_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["version", "-o", "xml"]) == 2
    assert "use `json`" in capsys.readouterr().err


def raising(error: Exception) -> Callable[..., None]:
    @click.command()
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (
            ConflictError("the run is over", hint="use `ops restart`"),
            2,
            "error: the run is over\n  help: use `ops restart`",
        ),
        (FetchError("the host does not answer"), 1, "failed: the host does not answer"),
        (SpecError([Problem("PX001", "one"), Problem("PX002", "two")]), 2, "error[PX001]: one\nerror[PX002]: two"),
        (InternalError("impossible"), 70, "This is a bug in polyaxon"),
        (ZeroDivisionError("oops"), 70, "ZeroDivisionError: oops"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_each_branch_of_the_error_tree_has_its_exit_code_and_words(
    error: Exception, code: int, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app_module, "app", raising(error))
    assert run_app([]) == code
    assert text in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_this_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(["completion", shell]) == 0
    assert "_POLYAXON_COMPLETE" in capsys.readouterr().out
