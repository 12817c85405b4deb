"""A lease's owner can be told alive from gone."""

from __future__ import annotations

import subprocess
import sys

from polyaxon.store.owners import is_gone, this_process


def test_this_process_is_not_gone() -> None:
    assert not is_gone(this_process())


def test_a_process_that_ended_is_gone() -> None:
    code = "from polyaxon.store.owners import this_process; print(this_process())"
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert is_gone(owner)


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    host, process, _ = this_process().rsplit(":", 2)
    assert is_gone(f"{host}:{process}:1-00000000")


def test_processes_of_other_machines_cannot_be_judged() -> None:
    assert not is_gone("some-other-host:1:1")
    assert not is_gone("nonsense")
