"""`polyaxon config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyaxon.cli.app import run_app


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path))
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_app(["config", *arguments]) == 0
    return capsys.readouterr().out


def test_what_is_set_is_shown_until_it_is_unset(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    answer(capsys, "set", "project", "vision")
    assert answer(capsys, "get", "project") == "vision\n"
    assert f"`{home / 'config.toml'}`" in answer(capsys, "show")
    answer(capsys, "unset", "project")
    assert answer(capsys, "get", "project") == "default\n"


def test_one_entry_of_a_table_is_set_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "set", "mirrors.https://github.com/acme/models", "/srv/models")
    answer(capsys, "set", "mirrors.https://example.org", "/srv/example")
    assert json.loads(answer(capsys, "get", "mirrors", "-o", "json")) == {
        "https://github.com/acme/models": "/srv/models",
        "https://example.org": "/srv/example",
    }


def test_the_passwords_and_keys_of_connections_are_never_printed(capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "set", "connections.mail.kind", "email")
    answer(capsys, "set", "connections.mail.schema.smtp_host", "mail.example.org")
    answer(capsys, "set", "connections.mail.schema.smtp_password", "hidden-value")
    answer(capsys, "set", "connections.pager.kind", "pagerduty")
    answer(capsys, "set", "connections.pager.schema.service_key", "hidden-value")
    for arguments in (["show"], ["get", "connections"], ["show", "-o", "json"]):
        said = answer(capsys, *arguments)
        assert "hidden-value" not in said
        assert "mail.example.org" in said


def test_the_token_is_never_printed(capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "set", "token", "secret-value")
    for arguments in (["show"], ["get", "token"], ["show", "-o", "json"]):
        assert "secret-value" not in answer(capsys, *arguments)


@pytest.mark.parametrize("arguments", [["get", "projekt"], ["set", "projekt", "x"], ["unset", "projekt.x"]])
def test_an_unknown_setting_is_refused_with_the_nearest_one(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_app(["config", *arguments]) == 2
    assert "did you mean `project`?" in capsys.readouterr().err


def test_a_wrong_value_is_refused_and_the_file_left_alone(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert run_app(["config", "set", "max_parallel", "many"]) == 2
    assert "it takes a whole number" in capsys.readouterr().err
    assert not (home / "config.toml").exists()


@pytest.mark.parametrize(
    "url", ["postgresql://plx:s@hunter2@db/flows", "postgresql://db/flows?password=hunter2&port=1"]
)
def test_the_password_of_the_database_is_never_printed(capsys: pytest.CaptureFixture[str], url: str) -> None:
    answer(capsys, "set", "database", url)
    for arguments in (["get", "database"], ["show"], ["show", "-o", "json"]):
        shown = answer(capsys, *arguments)
        assert "hunter2" not in shown
        assert "db/flows" in shown


@pytest.mark.parametrize("url", ["postgresql://db:5432/flows", "/srv/a:b@c.db"])
def test_a_database_without_a_password_is_printed_whole(capsys: pytest.CaptureFixture[str], url: str) -> None:
    answer(capsys, "set", "database", url)
    assert answer(capsys, "get", "database") == f"{url}\n"
