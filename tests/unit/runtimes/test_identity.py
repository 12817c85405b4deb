"""When a process started, told without asking for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from polyaxon.runtimes import identity
from polyaxon.runtimes.identity import Ticks, start_time, tick


@pytest.mark.skipif(sys.platform != "linux", reason="start times are counted in ticks on Linux alone")
def test_the_clock_tells_the_start_times_that_proc_tells() -> None:
    ticks = Ticks()
    for _ in range(20):
        before = tick()
        child = subprocess.Popen(["sleep", "30"])
        try:
            assert ticks.started(child.pid, before) == start_time(child.pid)
        finally:
            child.kill()
            child.wait()


def test_a_clock_that_disagrees_is_never_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "tick", lambda: 7)
    monkeypatch.setattr(identity, "start_time", lambda pid: str(pid))
    ticks = Ticks()
    assert [ticks.started(pid, 7) for pid in (100, 200)] == ["100", "200"]


def test_a_clock_that_agreed_is_asked_alone_unless_it_went_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "tick", lambda: 7)
    monkeypatch.setattr(identity, "start_time", lambda pid: "7")
    ticks = Ticks()
    assert ticks.started(100, 7) == "7"
    monkeypatch.setattr(identity, "start_time", lambda pid: "asked")
    assert ticks.started(200, 7) == "7"
    assert ticks.started(300, 6) == "asked"


def test_without_a_clock_the_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_SINCE_BOOT", None)
    monkeypatch.setattr(identity, "start_time", lambda pid: "asked")
    assert tick() == -1
    assert Ticks().started(100, tick()) == "asked"
