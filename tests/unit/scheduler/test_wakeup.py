"""Whoever leaves something for the schedulers of a home wakes them all."""

from __future__ import annotations

import select
from pathlib import Path

from polyaxon.store.wakeup import Listener, wake


def is_awake(listener: Listener) -> bool:
    return bool(select.select([listener.socket], [], [], 5)[0])


def is_quiet(listener: Listener) -> bool:
    return not select.select([listener.socket], [], [], 0)[0]


def test_every_listener_is_woken_and_quiet_again_once_cleared(tmp_path: Path) -> None:
    listeners = [Listener(str(tmp_path)), Listener(str(tmp_path))]
    wake(str(tmp_path))
    wake(str(tmp_path))
    for listener in listeners:
        assert is_awake(listener)
        listener.clear()
        assert is_quiet(listener)
        listener.close()
        listener.close()


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    home = tmp_path / ("x" * 120) / ("y" * 120)
    home.mkdir(parents=True)
    listener = Listener(str(home))
    wake(str(home))
    assert is_awake(listener)
    listener.close()


def test_the_socket_of_a_listener_that_died_is_removed(tmp_path: Path) -> None:
    listener = Listener(str(tmp_path))
    listener.socket.close()
    assert len(list((tmp_path / "wake").iterdir())) == 1
    wake(str(tmp_path))
    assert list((tmp_path / "wake").iterdir()) == []


def test_waking_a_home_without_schedulers_is_fine(tmp_path: Path) -> None:
    wake(str(tmp_path))


def test_a_listener_whose_buffer_is_full_keeps_nobody_waiting(tmp_path: Path) -> None:
    listener = Listener(str(tmp_path))
    for _ in range(1000):
        wake(str(tmp_path))
    assert is_awake(listener)
    listener.close()
