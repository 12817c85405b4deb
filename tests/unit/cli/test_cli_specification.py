"""Which polyaxonfile a command means."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from polyaxon.cli.specification import Choice, read_specification
from polyaxon.compiler.sources import Source
from polyaxon.errors import NotFoundError, UsageError


class Recorded:
    """Sources that answer with what was asked."""

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        return Source(f"{kind} {ref} {base}", ref)


def main_of(choice: Choice, directory: Path) -> Source:
    return read_specification(choice, Recorded(), directory).main


def test_the_first_file_is_the_specification_and_the_others_are_presets(tmp_path: Path) -> None:
    names = []
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        (tmp_path / name).write_text(name)
        names.append(str(tmp_path / name))
    found = read_specification(Choice(files=names), Recorded(), tmp_path)
    assert found.main == Source(b"a.yaml", names[0])
    assert [preset.text for preset in found.presets] == [b"b.yaml", b"c.yaml"]


@pytest.mark.parametrize("name", ["polyaxon.yaml", "polyaxonfile.yml", "polyaxon-ci.json"])
def test_without_a_file_the_directorys_own_is_meant(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("version: 1.1")
    assert main_of(Choice(), tmp_path).location == str(tmp_path / name)


def test_without_any_file_there_is_nothing_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to run"):
        main_of(Choice(), tmp_path)


def test_shortcuts_alone_are_a_file_of_their_own_but_a_default_file_comes_first(tmp_path: Path) -> None:
    assert main_of(Choice(inline=True), tmp_path).text == "{}"
    (tmp_path / "polyaxonfile.yaml").write_text("version: 1.1")
    assert main_of(Choice(inline=True), tmp_path).text == b"version: 1.1"
    assert main_of(Choice(inline=True, inline_only=True), tmp_path).text == "{}"


def test_addresses_and_hub_names_are_asked_of_the_sources(tmp_path: Path) -> None:
    assert main_of(Choice(url="https://x/y.yaml"), tmp_path).text == "url https://x/y.yaml None"
    assert main_of(Choice(hub="dockerize"), tmp_path).text == "hub dockerize None"


def test_two_kinds_of_source_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--url and --hub exclude each other"):
        main_of(Choice(url="https://x", hub="y"), tmp_path)


def test_a_missing_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "train.yaml").write_text("")
    with pytest.raises(NotFoundError) as caught:
        main_of(Choice(files=[str(tmp_path / "trian.yaml")]), tmp_path)
    assert caught.value.hint == f"did you mean `{tmp_path / 'train.yaml'}`?"


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        main_of(Choice(files=[str(tmp_path)]), tmp_path)


def test_a_dash_is_the_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"version: 1.1")))
    assert main_of(Choice(files=["-"]), tmp_path) == Source(b"version: 1.1", "-")


def test_a_python_file_gives_the_value_that_is_named_or_the_one_called_main(tmp_path: Path) -> None:
    path = tmp_path / "spec.py"
    path.write_text("main = {'kind': 'component'}\nother = {'kind': 'operation'}\n")
    assert json.loads(main_of(Choice(python_module=str(path)), tmp_path).text) == {"kind": "component"}
    assert json.loads(main_of(Choice(python_module=f"{path}:other"), tmp_path).text) == {"kind": "operation"}


@pytest.mark.parametrize(
    ("text", "attribute", "complaint"),
    [
        ("x = {}", "", "does not say which"),
        ("x = {}", ":y", "has no `y`"),
        ("main = 3", "", "is a value of type int"),
        ("1 / 0", "", "ZeroDivisionError"),
    ],
)
def test_a_python_file_without_a_specification_is_refused(
    text: str, attribute: str, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "spec.py").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        main_of(Choice(python_module=f"{tmp_path / 'spec.py'}{attribute}"), tmp_path)
