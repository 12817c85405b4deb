"""A home whose disk is full, cannot be written to, or loses directories: clear messages, no hanging, no losses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from command_line import Cli, wait_until


def job(directory: Path, script: str) -> Path:
    container = {"command": ["sh", "-c", script]}
    file = directory / "job.yaml"
    file.write_text(
        yaml.safe_dump(
            {"version": 1.1, "kind": "component", "name": "job", "run": {"kind": "job", "container": container}}
        )
    )
    return file


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of six megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def remount(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", place], check=True)


@pytest.mark.slow
def test_a_full_disk_is_named_and_the_run_ends_once_there_is_room(small: Path, tmp_path: Path) -> None:
    cli = Cli(small / "home")
    go = tmp_path / "go"
    driver = cli.start("run", "-f", job(tmp_path, f"until [ -e {go} ]; do sleep 0.05; done; exit 0"))
    wait_until(lambda: cli.runs("status: running"), "running")
    filler = small / "filler"
    filler.write_bytes(b"x" * (os.statvfs(small).f_bavail * os.statvfs(small).f_frsize))
    go.touch()
    refused = cli.run("run", "-f", job(tmp_path, "true"))
    assert (refused.returncode, "database or disk is full" in refused.stderr) == (1, True), refused.stderr
    assert "Traceback" not in refused.stderr
    filler.unlink()
    seen = driver.communicate(timeout=120)[0]
    # The exit code could not be written while there was no room, but this scheduler is the process's parent.
    assert driver.returncode == 0, seen
    assert seen.count("trying again") < 20, seen
    assert "Traceback" not in seen
    cli.close()


@pytest.mark.slow
def test_a_full_disk_does_not_keep_anybody_from_leaving(small: Path, tmp_path: Path) -> None:
    cli = Cli(small / "home")
    driver = cli.start("run", "-f", job(tmp_path, "sleep 600"))
    wait_until(lambda: cli.runs("status: running"), "running")
    filler = small / "filler"
    filler.write_bytes(b"x" * (os.statvfs(small).f_bavail * os.statvfs(small).f_frsize))

    def left() -> bool:
        driver.send_signal(signal.SIGINT)
        return driver.poll() is not None

    wait_until(left, "it leaves", 60)
    seen = driver.communicate()[0]
    filler.unlink()
    assert "the stop could not be noted" in seen
    assert cli.run("ops", "stop", "job", "-y").returncode == 0
    assert cli.runs()[0]["status"] == "stopped"
    cli.close()


@pytest.mark.slow
def test_a_home_that_cannot_be_written_to_is_an_error_that_says_so(small: Path, tmp_path: Path) -> None:
    cli = Cli(small / "home")
    assert cli.run("run", "-f", job(tmp_path, "true")).returncode == 0
    remount(small, "ro")
    refused = cli.run("run", "-f", job(tmp_path, "true"))
    assert refused.returncode == 1
    assert "check that the home exists and is writable" in refused.stderr
    remount(small, "rw")


@pytest.mark.slow
@pytest.mark.parametrize("room", ["artifacts", "runs"])
def test_directories_that_vanish_under_a_run_leave_it_its_end(cli: Cli, tmp_path: Path, room: str) -> None:
    go = tmp_path / "go"
    driver = cli.start("run", "-f", job(tmp_path, f"until [ -e {go} ]; do sleep 0.05; done; exit 3"))
    run = wait_until(lambda: cli.runs("status: running"), "running")[0]
    shutil.rmtree(cli.home / room / (run["uuid"] if room == "artifacts" else run["uuid"][0]))
    go.touch()
    seen = driver.communicate(timeout=120)[0]
    assert driver.returncode == 1, seen
    assert "exit code 3" in seen
    assert "Traceback" not in seen
