"""The artifacts store of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyaxon.artifacts.__main__ import main
from polyaxon.artifacts.local import copy_into, list_tree, remove, safe_join, total_bytes, walk
from polyaxon.errors import NotFoundError, UsageError


@pytest.fixture
def store(tmp_path: Path) -> Path:
    run = tmp_path / "artifacts" / "run"
    (run / "outputs" / "deep").mkdir(parents=True)
    (run / "outputs" / "b.txt").write_text("bb")
    (run / "outputs" / "a.txt").write_text("a")
    (run / "outputs" / "deep" / "c.txt").write_text("ccc")
    (tmp_path / "secret").write_text("s")
    return tmp_path / "artifacts"


def test_a_listing_has_directories_first_with_the_size_of_their_files(store: Path) -> None:
    items = list_tree(str(store), "run/outputs")
    assert [(item.path, item.is_directory, item.size) for item in items] == [
        ("deep", True, 3),
        ("a.txt", False, 1),
        ("b.txt", False, 2),
    ]


def test_a_walk_yields_files_in_order(store: Path) -> None:
    assert sorted(walk(str(store), "run")) == ["run/outputs/a.txt", "run/outputs/b.txt", "run/outputs/deep/c.txt"]
    assert total_bytes(str(store)) == 6


@pytest.mark.parametrize("path", ["none", "run/outputs/a.txt"])
def test_what_is_no_directory_cannot_be_listed(store: Path, path: str) -> None:
    with pytest.raises(NotFoundError):
        list_tree(str(store), path)


@pytest.mark.parametrize("path", ["../secret", "run/../../secret", "/../secret", "link/secret"])
def test_no_path_leads_out_of_the_store(store: Path, path: str) -> None:
    (store / "link").symlink_to(store.parent)
    with pytest.raises(UsageError, match="outside"):
        safe_join(str(store), path)


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "/", ""]), max_size=8))
def test_joining_stays_below_the_root_or_refuses(parts: list[str]) -> None:
    try:
        path = safe_join("/nowhere/root", "/".join(parts))
    except UsageError:
        return
    assert path == "/nowhere/root" or path.startswith("/nowhere/root/")


def test_a_directory_is_copied_by_content_over_what_is_there(store: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "a.txt").write_text("old")
    (target / "kept").write_text("kept")
    copy_into(str(store / "run" / "outputs"), str(target))
    assert sorted(walk(str(target))) == ["a.txt", "b.txt", "deep/c.txt", "kept"]
    assert (target / "a.txt").read_text() == "a"


def test_copying_something_onto_itself_changes_nothing(store: Path) -> None:
    copy_into(str(store / "run"), str(store / "run"))
    assert total_bytes(str(store)) == 6


def test_removing_is_safe_to_repeat_and_never_takes_the_store(store: Path) -> None:
    assert remove(str(store), "run")
    assert not remove(str(store), "run")
    with pytest.raises(UsageError):
        remove(str(store), "")


def test_the_cleaner_removes_paths_and_reports_each(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['--remove=["run/outputs/a.txt", "none"]'], str(store.parent)) == 0
    assert capsys.readouterr().out == "run/outputs/a.txt: removed\nnone: was not there\n"
    assert main(["--remove=../secret"], str(store.parent)) == 2
    assert (store.parent / "secret").exists()
