"""The writer: on disk within a second, once, in order, whatever happens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from polyaxon.tracking import writer as writer_module
from polyaxon.tracking.writer import Writer, append


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_a_line_is_on_disk_within_a_second_without_another_call(tmp_path: Path) -> None:
    writer = Writer(str(tmp_path))
    writer.line("journal.jsonl", "one\n")
    before = time.monotonic()
    wait_for((tmp_path / "journal.jsonl").exists)
    assert time.monotonic() - before < 3  # half a second, on a machine that is not busy
    writer.close()
    assert (tmp_path / "journal.jsonl").read_text() == "one\n"


def test_nothing_runs_before_the_first_line_and_after_the_end(tmp_path: Path) -> None:
    writer = Writer(str(tmp_path))
    assert not any(thread.name == "polyaxon-tracking" for thread in threading.enumerate())
    writer.line("a", "x\n")
    writer.close()
    assert not any(thread.name == "polyaxon-tracking" for thread in threading.enumerate())


def test_a_closed_writer_takes_more(tmp_path: Path) -> None:
    writer = Writer(str(tmp_path))
    for _ in range(2):
        writer.line("a", "x\n")
        writer.close()
    assert (tmp_path / "a").read_text() == "x\nx\n"


def test_threads_lose_nothing_and_keep_their_order(tmp_path: Path) -> None:
    writer = Writer(str(tmp_path))

    def log(name: str) -> None:
        for step in range(5000):
            writer.metric(name, step, 1e9, 1.0)

    threads = [threading.Thread(target=log, args=(f"m{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    for index in range(4):
        lines = (tmp_path / f"events/metric/m{index}.plx").read_text().splitlines()
        assert lines[0] == "step|timestamp|metric"
        assert [int(line.split("|")[0]) for line in lines[1:]] == list(range(5000))


def test_a_long_queue_is_written_by_the_call_that_fills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_QUEUE_ROWS", 10)
    monkeypatch.setattr(writer_module, "_FLUSH_SECONDS", 60)
    writer = Writer(str(tmp_path))
    for step in range(20):
        writer.metric("m", step, 1e9, 1.0)
    assert (tmp_path / "events/metric/m.plx").exists()
    writer.flush()
    assert len((tmp_path / "events/metric/m.plx").read_text().splitlines()) == 21


def test_a_header_is_written_once(tmp_path: Path) -> None:
    for _ in range(2):
        writer = Writer(str(tmp_path))
        writer.metric("m", None, 1e9, 1.0)
        writer.close()
    assert (tmp_path / "events/metric/m.plx").read_text().count("step|") == 1


def test_a_torn_last_line_is_ended_before_the_next(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_text('whole\n{"torn')
    append(str(file), b"next\n")
    assert file.read_text() == 'whole\n{"torn\nnext\n'


def test_an_interpreter_that_starts_no_more_threads_writes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    writer = Writer(str(tmp_path))
    writer.line("a", "x\n")
    assert (tmp_path / "a").read_text() == "x\n"


def test_a_forked_child_writes_its_own_lines_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_FLUSH_SECONDS", 60)
    writer = Writer(str(tmp_path))
    writer.line("a", "parent\n")
    child = _fork(lambda: writer.line("a", "child\n"))
    assert os.waitpid(child, 0)[1] == 0
    assert (tmp_path / "a").read_text() == "child\n"
    writer.flush()
    assert (tmp_path / "a").read_text() == "child\nparent\n"


def test_trouble_with_the_disk_is_said_once_and_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(str(tmp_path))
    (tmp_path / "events").write_text("in the way")
    writer.metric("m", 1, 1e9, 1.0)
    writer.flush()
    writer.metric("m", 2, 1e9, 1.0)
    writer.flush()
    assert capsys.readouterr().err.count("tracking cannot write below") == 1
    (tmp_path / "events").unlink()
    writer.close()
    steps = [line.split("|")[0] for line in (tmp_path / "events/metric/m.plx").read_text().splitlines()]
    assert steps == ["step", "1", "2"]


def test_a_directory_that_vanished_comes_back(tmp_path: Path) -> None:
    writer = Writer(str(tmp_path / "run"))
    writer.line("a", "1\n")
    writer.flush()
    (tmp_path / "run/a").unlink()
    (tmp_path / "run").rmdir()
    writer.line("a", "2\n")
    writer.close()
    assert (tmp_path / "run/a").read_text() == "2\n"


def test_a_disk_that_takes_a_part_gets_the_rest_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
    writer = Writer(str(tmp_path))
    writer.line("a", "0123456789abcdef\n", "header\n")
    writer.flush()
    monkeypatch.undo()
    writer.close()
    assert (tmp_path / "a").read_text() == "header\n0123456789abcdef\n"


def test_what_cannot_be_written_at_the_end_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "events").write_text("in the way")
    writer = Writer(str(tmp_path))
    writer.metric("m", 1, 1e9, 1.0)
    writer.close()
    assert "bytes of tracking could not be written" in capsys.readouterr().err


def test_an_action_from_a_handler_waits_for_the_flush_it_interrupted(tmp_path: Path) -> None:
    done: list[str] = []
    writer = Writer(str(tmp_path))
    drain = writer._drain

    def interrupted() -> dict[str, tuple[str, bytes]]:
        drained = drain()
        writer.flush_then(lambda: done.append((tmp_path / "a").read_text()))
        assert not done
        return drained

    writer._drain = interrupted  # type: ignore[method-assign]
    writer.line("a", "x\n")
    writer.flush()
    del writer._drain
    writer.close()
    assert done == ["x\n"]


def _fork(action: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            action()
        finally:
            os._exit(0)
    return pid
