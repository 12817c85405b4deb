"""Ctrl-C on a terminal and without one."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import DEADLINE_SECONDS, Cli, wait_until

SLEEPER = "{kind: component, name: sleeper, run: {kind: job, container: {command: [sleep, '600']}}}"


class Terminal:
    """A command on a terminal of its own: what it shows, and keys to press."""

    def __init__(self, cli: Cli, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        environment = {**cli.environment, "TERM": "xterm-256color", "LINES": "30"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "polyaxon", *arguments],
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_own_the_terminal,
        )
        os.close(slave)
        self.text = ""

    def expect(self, part: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while part not in self.text:
            ready, _, _ = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no `{part}` in {self.text!r}"
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"ended without `{part}`: {self.text!r}") from None

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        while self.process.poll() is None:
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if ready:
                try:
                    self.text += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    break
        return self.process.wait(DEADLINE_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


def _own_the_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def sleeper(tmp_path: Path) -> str:
    file = tmp_path / "sleep.yaml"
    file.write_text(SLEEPER)
    return str(file)


def test_without_a_terminal_the_first_interrupt_stops_the_run(cli: Cli, sleeper: str) -> None:
    driver = cli.start("run", "-f", sleeper)
    wait_until(lambda: cli.runs("status:running"), "the job runs")
    driver.send_signal(signal.SIGINT)
    output = driver.communicate(timeout=DEADLINE_SECONDS)[0]
    assert driver.returncode == 1, output
    assert [run["status"] for run in cli.runs()] == ["stopped"]


def test_on_a_terminal_ctrl_c_asks_and_stops_when_told_so(cli: Cli, sleeper: str) -> None:
    terminal = Terminal(cli, "run", "-f", sleeper)
    try:
        terminal.expect("● running")
        terminal.press("\x03")
        terminal.expect("continue? [s/d/c]")
        terminal.press("s\n")
        assert terminal.end() == 1, terminal.text
    finally:
        terminal.close()
    assert [run["status"] for run in cli.runs()] == ["stopped"]


def test_after_continue_the_run_goes_on(cli: Cli, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    file = tmp_path / "gated.yaml"
    wait = f"until [ -e {gate} ]; do sleep 0.05; done"
    file.write_text(f"{{kind: component, name: gated, run: {{kind: job, container: {{command: [sh, -c, '{wait}']}}}}}}")
    terminal = Terminal(cli, "run", "-f", str(file))
    try:
        terminal.expect("● running")
        terminal.press("\x03")
        terminal.expect("continue? [s/d/c]")
        terminal.press("c\n")
        gate.touch()
        assert terminal.end() == 0, terminal.text
    finally:
        terminal.close()


def test_after_detach_the_run_goes_on_in_the_background(cli: Cli, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    file = tmp_path / "gated.yaml"
    wait = f"until [ -e {gate} ]; do sleep 0.05; done"
    file.write_text(f"{{kind: component, name: gated, run: {{kind: job, container: {{command: [sh, -c, '{wait}']}}}}}}")
    terminal = Terminal(cli, "run", "-f", str(file))
    try:
        terminal.expect("● running")
        terminal.press("\x03")
        terminal.expect("continue? [s/d/c]")
        terminal.press("d\n")
        assert terminal.end() == 0, terminal.text
        assert "background scheduler" in terminal.text
    finally:
        terminal.close()
    gate.touch()
    assert cli.run("ops", "wait", "gated", "--timeout", "60").returncode == 0


def test_the_second_interrupt_forces_what_does_not_end(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "stubborn.yaml"
    script = "trap '' TERM; echo ready; while true; do sleep 0.1; done"
    file.write_text(
        f'{{kind: component, name: stubborn, run: {{kind: job, container: {{command: [sh, -c, "{script}"]}}}}}}'
    )
    driver = cli.start("run", "-f", file)
    wait_until(lambda: "ready" in cli.run("ops", "logs", "stubborn", "--no-follow").stdout, "the job runs")
    driver.send_signal(signal.SIGINT)
    wait_until(lambda: cli.runs("status:stopping"), "the run is asked to end")
    driver.send_signal(signal.SIGINT)
    output = driver.communicate(timeout=20)[0]  # the grace is thirty seconds
    assert driver.returncode == 1, output
    assert [run["status"] for run in cli.runs()] == ["stopped"]
