"""Settings come from four places, and wrong ones are refused where they stand."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.errors import UsageError
from polyaxon.server import open_store
from polyaxon.settings import SETTINGS, Settings, read_settings, set_value, unset_value


def at(home: Path, text: str | None = None, **variables: str) -> Settings:
    if text is not None:
        (home / "config.toml").write_text(text)
    return read_settings({"POLYAXON_HOME": str(home), **variables})


def test_every_setting_has_a_field_and_every_field_a_setting() -> None:
    assert {item.name for item in fields(Settings)} - {"home", "origins"} == set(SETTINGS)


def test_without_anything_set_the_home_is_below_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somebody")
    settings = read_settings({})
    assert settings.home == "/somebody/.polyaxon"
    assert settings.project == "default"
    assert settings.max_parallel >= 8


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    text = 'project = "file"\nowner = "file"\nuser = "file"\n'
    (tmp_path / "config.toml").write_text(text)
    env = {"POLYAXON_HOME": str(tmp_path), "POLYAXON_PROJECT": "env", "POLYAXON_OWNER": "env"}
    settings = read_settings(env, {"project": "line", "timezone": None})
    assert (settings.project, settings.owner, settings.user) == ("line", "env", "file")
    assert settings.origins["project"] == "the command line"
    assert "POLYAXON_OWNER" in settings.origins["owner"]
    assert str(tmp_path) in settings.origins["user"]
    assert "timezone" not in settings.origins


def test_mirrors_of_all_places_add_up(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[mirrors]\n"https://a" = "/file"\n"https://b" = "/file"\n')
    env = {"POLYAXON_HOME": str(tmp_path), "POLYAXON_MIRRORS": "https://b=/env\nhttps://c=/env?x=1"}
    settings = read_settings(env, {"mirrors": ["https://d=/line"]})
    assert settings.mirrors == {
        "https://a": "/file",
        "https://b": "/env",
        "https://c": "/env?x=1",
        "https://d": "/line",
    }


@pytest.mark.parametrize(
    ("variable", "value", "setting"),
    [
        ("POLYAXON_MAX_PARALLEL", "many", "max_parallel"),
        ("POLYAXON_MAX_PARALLEL", "0", "max_parallel"),
        ("POLYAXON_GRACE_SECONDS", "-1", "grace_seconds"),
        ("POLYAXON_GRACE_SECONDS", "nan", "grace_seconds"),
        ("POLYAXON_TIME_ZONE", "Mars/Olympus", "timezone"),
        ("POLYAXON_MIRRORS", "https://a", "mirrors"),
        ("POLYAXON_CATCH_UP", "some", "catch_up"),
        ("POLYAXON_RESOURCES", "gpu=lots", "resources"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, setting: str) -> None:
    with pytest.raises(UsageError, match=f"`{setting}` in the environment variable `{variable}`") as caught:
        at(tmp_path, **{variable: value})
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("max_parallel = true", "max_parallel"),
        ("max_parallel = 1.5", "max_parallel"),
        ("maxparallel = 1", "did you mean `max_parallel`"),
        ("nonsense", "not TOML"),
        ("connections = 1", "connections"),
        ("[connections.s3]\nschema = {}", "`kind`"),
        ("[queues.gpu]\nconcurrency = 'two'", "`gpu`"),
        ('base_images = {"a" = 1}', "`a`"),
    ],
)
def test_a_wrong_file_is_named_with_the_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        at(tmp_path, text)
    assert str(tmp_path) in caught.value.message
    assert told in caught.value.message + (caught.value.hint or "")


@pytest.mark.parametrize("value", ["postgresql://plx@db/flows?port=5432", "postgres://", "/srv/flows.db"])
def test_a_database_is_a_postgres_url_or_the_whole_path_of_a_file(tmp_path: Path, value: str) -> None:
    assert at(tmp_path, POLYAXON_DATABASE=value).database == value
    assert at(tmp_path, f'database = "{value}"').database == value


def test_a_database_below_the_users_directory_is_found_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/somebody")
    assert at(tmp_path, POLYAXON_DATABASE="~/flows.db").database == "/somebody/flows.db"


@pytest.mark.parametrize(
    "value",
    [
        "user=plx dbname=flows",
        "flows",
        "flows.db",
        "./flows.db",
        "db:5432/flows",
        "postgresql:/db/flows",
        "sqlite:////srv/flows.db",
        "postgresql+psycopg://db/flows",
        "/",
    ],
)
def test_what_names_no_database_is_refused_where_it_stands(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError, match="`database` in the environment variable `POLYAXON_DATABASE`") as caught:
        at(tmp_path, POLYAXON_DATABASE=value)
    assert "`postgresql://" in (caught.value.hint or "")
    assert "`/" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="the command line"):
        set_value(at(tmp_path), "database", value)


@pytest.mark.parametrize("value", ["mysql://plx:hunter2@db/flows", "user=plx password=hunter2 dbname=flows"])
def test_the_password_of_a_database_that_is_refused_is_not_shown(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        at(tmp_path, POLYAXON_DATABASE=value)
    assert "hunter2" not in str(caught.value)
    assert "plx" in str(caught.value)


def test_what_is_set_is_read_back_and_unset_again(tmp_path: Path) -> None:
    settings = at(tmp_path)
    set_value(settings, "project", 'qu"ick')
    set_value(settings, "max_parallel", "3")
    set_value(settings, "mirrors.https://raw.example/x.y", "/a b")
    set_value(settings, "connections.s3.kind", "s3")
    set_value(settings, "queues.gpu.concurrency", "2")
    set_value(settings, "inherit", "CUDA_HOME,HF_HOME")
    after = at(tmp_path)
    assert (after.project, after.max_parallel) == ('qu"ick', 3)
    assert after.mirrors == {"https://raw.example/x.y": "/a b"}
    assert after.connections == {"s3": {"kind": "s3"}}
    assert after.queues == {"gpu": {"concurrency": 2}}
    assert after.inherit == ("CUDA_HOME", "HF_HOME")
    unset_value(after, "mirrors.https://raw.example/x.y")
    unset_value(after, "project")
    assert (at(tmp_path).mirrors, at(tmp_path).project) == ({}, "default")
    with pytest.raises(UsageError, match="is not set"):
        unset_value(after, "project")


def test_a_wrong_value_is_not_stored(tmp_path: Path) -> None:
    settings = at(tmp_path)
    for key, value in [("max_parallel", "no"), ("nonsense", "1"), ("connections.s3.schema", "x")]:
        with pytest.raises(UsageError):
            set_value(settings, key, value)
    assert not os.path.exists(settings.config_path)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = at(tmp_path)
    set_value(settings, "token", "secret")
    assert os.stat(settings.config_path).st_mode & 0o077 == 0


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_any_text_survives_the_file(text: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as home:
        settings = at(Path(home))
        set_value(settings, "project", text)
        assert at(Path(home)).project == text.strip()


def test_a_postgres_database_without_its_driver_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "polyaxon.store.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match="psycopg") as caught:
        open_store(at(tmp_path, POLYAXON_DATABASE="postgresql://db/flows"))
    assert "pip install" in (caught.value.hint or "")
