"""Reading logs: whole, from the end, as they grow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyaxon.cli import log_files as module
from polyaxon.cli.log_files import LogFollower, last_lines, read_lines


def a_log(directory: Path, name: str, text: str) -> Path:
    (directory / "plxlogs").mkdir(exist_ok=True)
    path = directory / "plxlogs" / name
    path.write_text(text)
    return path


def test_a_run_without_logs_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path)) == []
    assert last_lines(tmp_path, 5) == []
    assert list(LogFollower(tmp_path).new_lines()) == []


def test_the_main_process_comes_first(tmp_path: Path) -> None:
    a_log(tmp_path, "a-sidecar.log", "side\n")
    a_log(tmp_path, "main.log", "one\ntwo\n")
    assert list(read_lines(tmp_path)) == [("main", "one"), ("main", "two"), ("a-sidecar", "side")]


def test_json_lines_give_their_text_and_broken_ones_themselves(tmp_path: Path) -> None:
    a_log(tmp_path, "logs.jsonl", "\n" + json.dumps({"value": "hello"}) + "\n{torn")
    assert [line for _, line in read_lines(tmp_path)] == ["hello", "{torn"]


@pytest.mark.parametrize("block", [1, 7, 1 << 16])
def test_the_last_lines_are_the_same_whatever_the_block_read(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", block)
    a_log(tmp_path, "main.log", "".join(f"line {number}\n" for number in range(100)) + "\n")
    assert last_lines(tmp_path, 3) == ["line 97", "line 98", "line 99"]


def test_bytes_that_are_no_text_are_replaced_not_refused(tmp_path: Path) -> None:
    a_log(tmp_path, "main.log", "x\n").write_bytes(b"\xff\xfe ok\n")
    assert [line for _, line in read_lines(tmp_path)] == ["\ufffd\ufffd ok"]
    assert last_lines(tmp_path, 1) == ["\ufffd\ufffd ok"]


def test_a_follower_returns_each_whole_line_once(tmp_path: Path) -> None:
    path = a_log(tmp_path, "main.log", "one\ntw")
    follower = LogFollower(tmp_path)
    assert [line for _, line in follower.new_lines()] == ["one"]
    assert list(follower.new_lines()) == []
    with path.open("a") as file:
        file.write("o\nthree")
    assert [line for _, line in follower.new_lines()] == ["two"]
    assert [line for _, line in follower.new_lines(ended=True)] == ["three"]


def test_the_last_lines_of_a_huge_log_are_found_without_reading_it(tmp_path):
    log = tmp_path / "plxlogs" / "main.log"
    log.parent.mkdir()
    with log.open("wb") as file:
        file.truncate(4 << 30)  # a hole: four gigabytes that take no place and no time unless somebody reads them
        file.seek(0, 2)
        file.write(b"\nfirst\nlast\n")
    assert last_lines(tmp_path, 2) == ["first", "last"]


def test_a_log_without_lines_is_cut_and_told_in_pieces(tmp_path):
    log = tmp_path / "plxlogs" / "main.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (20 << 20) + b"\nend")
    assert last_lines(tmp_path, 1) == ["end"]
    pieces = [text for _, text in read_lines(tmp_path)]
    assert sum(map(len, pieces)) == (20 << 20) + 3
    assert max(map(len, pieces)) <= (3 << 20)
