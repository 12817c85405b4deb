"""What can go wrong with a process, and what is then said. Real processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from polyaxon.model.ids import RunId, child_id
from polyaxon.model.launch import Container, LaunchPlan, Replica
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.process import ProcessRuntime, locks
from polyaxon.testing.runtime_contract import Watcher, watching

RUN = RunId("d" * 32)


class Machine:
    """A runtime on a home of its own."""

    def __init__(self, directory: Path, environ: dict[str, str] | None = None) -> None:
        self.home = directory / "home"
        self.environ = environ
        self.claim = self.home / "runs" / RUN[0] / f"{RUN}.1.main.pid"

    def plan(self, container: Container, run: RunId = RUN, **fields: Any) -> LaunchPlan:
        replica = Replica("main", container=container, **fields)
        places = ProcessRuntime(str(self.home)).places(run)
        return LaunchPlan(run, "p", "o", None, "job", "job", places, (replica,))

    def shell(self, script: str, run: RunId = RUN, **fields: Any) -> LaunchPlan:
        return self.plan(Container("main", command=("sh", "-c", script)), run, **fields)

    def play(self, scenario: Callable[[ProcessRuntime, Watcher], Awaitable[Any]]) -> Any:
        async def play() -> Any:
            runtime = ProcessRuntime(str(self.home), environ=self.environ)
            await runtime.open()
            async with watching(runtime) as watcher:
                return await scenario(runtime, watcher)

        return asyncio.run(play())

    def final(self, plan: LaunchPlan) -> Observation:
        async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> Observation:
            await runtime.start(plan, 1)
            return await watcher.final(plan.run)

        result = self.play(scenario)
        assert isinstance(result, Observation)
        return result

    def log(self, run: RunId = RUN, name: str = "main") -> str:
        return (self.home / "artifacts" / run / "plxlogs" / f"{name}.log").read_text()


async def exists(path: Path) -> None:
    async with asyncio.timeout(120):
        while not path.exists():
            await asyncio.sleep(0.01)


async def appears(path: Path) -> None:
    """Wait for the file and its first line."""
    async with asyncio.timeout(120):
        while not path.exists() or not path.read_text().endswith("\n"):
            await asyncio.sleep(0.01)


def alive(words: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline"]) if words in " ".join(process.info["cmdline"] or ())]


async def gone(words: str) -> None:
    async with asyncio.timeout(120):
        while alive(words):
            await asyncio.sleep(0.01)


def test_a_command_that_is_not_there_names_itself_and_where_it_was_looked_for(tmp_path: Path) -> None:
    final = Machine(tmp_path, {"PATH": "/bin:/usr/bin"}).final(
        Machine(tmp_path).plan(Container("c", command=("nope",)))
    )
    assert (final.phase, final.exit_code) == (Phase.FAILED, 127)
    assert final.message == "`nope` not found in PATH (/bin:/usr/bin)"


def test_a_file_that_is_not_executable_says_how_to_make_it_so(tmp_path: Path) -> None:
    script = tmp_path / "go.sh"
    script.write_text("#!/bin/sh\n")
    final = Machine(tmp_path).final(Machine(tmp_path).plan(Container("c", command=(str(script),))))
    assert (final.phase, final.exit_code) == (Phase.FAILED, 126)
    assert f"chmod +x {script}" in final.message


def test_a_working_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    container = Container("c", command=("true",), working_dir=f"{tmp_path}/none")
    final = Machine(tmp_path).final(Machine(tmp_path).plan(container))
    assert final.phase is Phase.FAILED
    assert f"`{tmp_path}/none` does not exist" in final.message


def test_a_container_without_a_command_fails_with_the_reason(tmp_path: Path) -> None:
    final = Machine(tmp_path).final(Machine(tmp_path).plan(Container("c")))
    assert final.phase is Phase.FAILED
    assert "no command" in final.message


def test_a_command_that_no_system_takes_fails_with_the_reason_and_harms_no_other(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    final = machine.final(machine.plan(Container("c", command=("echo", "a\0b"))))
    assert (final.phase, final.exit_code) == (Phase.FAILED, 126)
    assert "cannot be passed on: embedded null byte" in final.message
    assert machine.final(machine.shell("exit 3", child_id(RUN, "other"))).exit_code == 3


def test_a_script_without_a_first_line_is_read_by_the_shell(tmp_path: Path) -> None:
    script = tmp_path / "go.sh"
    script.write_text("exit 5\n")
    script.chmod(0o755)
    machine = Machine(tmp_path)
    assert machine.final(machine.plan(Container("c", command=(str(script),)))).exit_code == 5


def test_a_keeper_leaves_when_its_scheduler_and_its_last_process_are_gone(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> int:
        script = f"echo $PPID > {tmp_path}/keeper; until [ -e {tmp_path}/go ]; do sleep 0.02; done; exit 6"
        await runtime.start(machine.shell(script), 1)
        await appears(tmp_path / "keeper")
        return int((tmp_path / "keeper").read_text())

    keeper = psutil.Process(machine.play(scenario))
    assert keeper.status() != psutil.STATUS_ZOMBIE, "its process runs"
    (tmp_path / "go").touch()
    asyncio.run(ended(keeper))
    assert machine.claim.read_text().splitlines()[1].startswith("6 ")
    assert machine.final(machine.shell("exit 1")).exit_code == 6


async def ended(process: psutil.Process) -> None:
    async with asyncio.timeout(20):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.01)


def test_a_command_of_the_shells_own_name_is_the_program(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.final(machine.plan(Container("c", command=("echo", r"a\nb"))))
    assert machine.log() == "a\\nb\n"


def test_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    arguments = ("a b", "", "$HOME", "`x`", "*", "'\"", "line\nbreak", "-n", "ü")
    machine.final(machine.plan(Container("c", command=("printf", "<%s>"), args=arguments)))
    assert machine.log() == "".join(f"<{item}>" for item in arguments)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_ended_by_a_signal_says_which(tmp_path: Path, number: signal.Signals) -> None:
    machine = Machine(tmp_path)
    final = machine.final(machine.shell(f"kill -{int(number)} $$"))
    assert (final.phase, final.exit_code) == (Phase.FAILED, 128 + number)
    assert number.name in final.message


def test_a_killed_keeper_takes_the_exit_code_along_and_is_replaced(tmp_path: Path) -> None:
    machine, other = Machine(tmp_path), child_id(RUN, "other")

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> tuple[Observation, Observation]:
        await runtime.start(machine.shell(f"echo $PPID > {tmp_path}/keeper; until [ -e {tmp_path}/go ]; do :; done"), 1)
        await appears(machine.claim)
        await appears(tmp_path / "keeper")
        os.kill(int((tmp_path / "keeper").read_text()), signal.SIGKILL)
        await runtime.start(machine.shell("exit 4", other), 1)
        second = await watcher.final(other)
        (tmp_path / "go").touch()
        return await watcher.final(RUN), second

    first, second = machine.play(scenario)
    assert first.phase is Phase.LOST
    assert second.phase is Phase.LOST or second.exit_code == 4


def test_a_command_that_kills_its_keeper_ends_as_lost(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.final(machine.shell("kill -9 $PPID; exit 3")).phase is Phase.LOST
    assert machine.final(machine.shell("exit 3", child_id(RUN, "next"))).exit_code == 3


def test_what_a_command_leaves_running_ends_with_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.final(machine.shell(f"sh -c 'sleep 600; : {tmp_path}' & exit 0")).phase is Phase.SUCCEEDED
    asyncio.run(gone(f"sleep 600; : {tmp_path}"))


DAEMON = "import os, sys, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0: time.sleep(600)\n os._exit(0)"


NAMELESS = DAEMON.replace(
    "time.sleep(600)", "os.execve(sys.executable, ['d', '-Sc', 'import time; time.sleep(600)', sys.argv[1]], {})"
)


@pytest.mark.parametrize("program", [DAEMON, NAMELESS], ids=["plain", "with a cleared environment"])
def test_a_program_that_made_itself_a_daemon_ends_with_its_run_and_the_log_says_so(
    tmp_path: Path, program: str
) -> None:
    machine = Machine(tmp_path)
    container = Container("c", command=(sys.executable, "-S", "-c", program, str(tmp_path)))

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> Observation:
        await runtime.start(machine.plan(container), 1)
        seen = await watcher.final(RUN)
        await gone(str(tmp_path))
        return seen

    assert machine.play(scenario).phase is Phase.SUCCEEDED
    assert machine.log().splitlines()[-1].startswith("polyaxon: ended ")


def test_output_that_is_binary_without_end_of_line_and_huge_arrives_as_it_is(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = "head -c 30000000 /dev/urandom > random; cat random; printf end; exec 1>&- 2>&-; sleep 0.1"
    assert machine.final(machine.shell(script)).phase is Phase.SUCCEEDED
    place = machine.home / "artifacts" / RUN
    assert (place / "plxlogs" / "main.log").read_bytes() == (place / "random").read_bytes() + b"end"


def test_a_stop_reaches_grandchildren_in_groups_of_their_own(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = f"set -m; sh -c 'trap \"\" TERM; touch {tmp_path}/deaf; while :; do sleep 1; done; : {tmp_path}' & wait"

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> None:
        await runtime.start(machine.shell(script), 1)
        await exists(tmp_path / "deaf")
        await runtime.stop(RUN, 1, grace_seconds=10)
        assert (await watcher.final(RUN)).phase is Phase.STOPPED
        await gone(f"; : {tmp_path}")

    machine.play(scenario)


def test_a_graceful_end_during_a_stop_is_still_a_stop(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = f"trap 'echo saved > {tmp_path}/saved; exit 0' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done"

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> None:
        await runtime.start(machine.shell(script), 1)
        await exists(tmp_path / "ready")
        await runtime.stop(RUN, 1, grace_seconds=20)
        assert (await watcher.final(RUN)).phase is Phase.STOPPED
        assert (tmp_path / "saved").exists()

    machine.play(scenario)


def test_a_vanished_records_directory_still_ends_the_attempt(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> None:
        await runtime.start(machine.shell(f"until [ -e {tmp_path}/go ]; do sleep 0.02; done; exit 6"), 1)
        await appears(machine.claim)
        shutil.rmtree(machine.home / "runs")
        (tmp_path / "go").touch()
        assert (await watcher.final(RUN)).exit_code == 6

    machine.play(scenario)


def test_a_directory_that_cannot_be_made_fails_the_attempt_with_the_reason(tmp_path: Path) -> None:
    machine = Machine(tmp_path)

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> Observation:
        (machine.home / "artifacts").rmdir()
        (machine.home / "artifacts").write_text("in the way")
        await runtime.start(machine.shell("true"), 1)
        return await watcher.final(RUN)

    final = machine.play(scenario)
    assert final.phase is Phase.FAILED
    assert "artifacts" in final.message


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for a few pages."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize("script", ["true", "sleep 0.1"])
def test_a_full_disk_fails_the_attempt_or_loses_it_and_nothing_else(small_disk: Path, script: str) -> None:
    machine = Machine(small_disk)

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> Observation:
        fill(small_disk / "filler")
        await runtime.start(machine.shell(script), 1)
        return await watcher.final(RUN)

    final = machine.play(scenario)
    assert final.phase is Phase.FAILED
    assert "No space left on device" in final.message or "disk full" in final.message


def test_an_exit_code_that_could_not_be_written_is_still_known_to_who_waits(small_disk: Path) -> None:
    machine = Machine(small_disk)

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> Observation:
        await runtime.start(machine.shell(f"until [ -e {small_disk}/../go ]; do sleep 0.02; done; exit 5"), 1)
        await appears(machine.claim)
        fill(small_disk / "filler")
        (small_disk / ".." / "go").touch()
        return await watcher.final(RUN)

    final = machine.play(scenario)
    assert (final.phase, final.exit_code) == (Phase.FAILED, 5)


def fill(file: Path) -> None:
    """Write until the file system has no room."""
    with open(file, "wb", buffering=0) as output:
        for size in (65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    output.write(b"x" * size)


def test_warnings_that_a_program_leaves_become_the_runs(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    final = machine.final(machine.shell('echo "beware" > "$POLYAXON_RUN_ARTIFACTS_PATH/warnings.txt"'))
    assert final.warnings == ("beware",)


def test_sidecars_run_beside_and_end_with_the_main_process(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    sidecar = Container("side", command=("sh", "-c", f"echo here; touch {tmp_path}/side; exec sleep 600"))
    plan = machine.shell(f"until [ -e {tmp_path}/side ]; do sleep 0.02; done", sidecars=(sidecar,))
    assert machine.final(plan).phase is Phase.SUCCEEDED
    assert machine.log(name="main-side").startswith("here\n")
    assert not alive(str(tmp_path))


def test_a_failing_sidecar_does_not_fail_the_run(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    plan = machine.shell("sleep 0.2", sidecars=(Container("side", command=("false",)),))
    assert machine.final(plan).phase is Phase.SUCCEEDED


def test_the_failure_of_one_replica_ends_the_others(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    script = f"if [ $RANK = 1 ]; then exit 4; fi; exec sh -c 'sleep 600; : {tmp_path}'"
    container = Container("c", command=("sh", "-c", script))
    plan = machine.plan(container)
    replicas = (Replica("master", 1, container), Replica("worker", 2, container))
    final = machine.final(replace(plan, runtime="pytorchjob", replicas=replicas))
    assert (final.phase, final.exit_code, final.message) == (Phase.FAILED, 4, "`worker-0`: exit code 4")
    asyncio.run(gone(f"sleep 600; : {tmp_path}"))


def test_replicas_of_a_distributed_run_find_each_other(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    said = 'echo "$RANK/$WORLD_SIZE $MASTER_ADDR:$MASTER_PORT"'
    script = f"{said}; touch {tmp_path}/$RANK; until [ -e {tmp_path}/1 ]; do sleep 0.02; done"
    container = Container("c", command=("sh", "-c", script))
    replicas = (Replica("master", 1, container), Replica("worker", 1, container))
    plan = replace(machine.plan(container), runtime="pytorchjob", replicas=replicas)
    assert machine.final(plan).phase is Phase.SUCCEEDED
    assert machine.log(name="master-0").startswith("0/2 127.0.0.1:")
    worker = machine.log(name="worker-0").splitlines()[0]
    assert worker.replace("1/2", "0/2") == machine.log(name="master-0").strip()


def test_devices_are_given_to_one_attempt_at_a_time(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"PATH": os.environ["PATH"], "CUDA_VISIBLE_DEVICES": "5,7"})
    first, second = child_id(RUN, "1"), child_id(RUN, "2")

    def plan(run: RunId, count: int) -> LaunchPlan:
        script = f"echo $CUDA_VISIBLE_DEVICES; until [ -e {tmp_path}/go ]; do sleep 0.02; done"
        container = Container("c", command=("sh", "-c", script), limits={"nvidia.com/gpu": count})
        return machine.plan(container, run)

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> None:
        await runtime.start(plan(first, 1), 1)
        await watcher.phase(first, Phase.RUNNING)
        await runtime.start(plan(second, 2), 1)
        waiting = await watcher.phase(second, Phase.UNSCHEDULABLE)
        assert "waits for 2 GPU" in waiting.message
        (tmp_path / "go").touch()
        assert (await watcher.final(first)).phase is Phase.SUCCEEDED
        assert (await watcher.final(second)).phase is Phase.SUCCEEDED

    machine.play(scenario)
    assert (machine.log(first), machine.log(second)) == ("5\n", "5,7\n")


def test_a_run_that_waits_for_devices_can_be_stopped(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"PATH": os.environ["PATH"], "CUDA_VISIBLE_DEVICES": "0"})
    container = Container("c", command=("true",), limits={"nvidia.com/gpu": 1})

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> None:
        (machine.home / "gpus").mkdir()
        taken = locks.take(str(machine.home / "gpus" / "0"))
        assert taken is not None
        await runtime.start(machine.plan(container), 1)
        await watcher.phase(RUN, Phase.UNSCHEDULABLE)
        os.close(taken)
        await runtime.stop(RUN, 1, grace_seconds=1)
        assert (await watcher.final(RUN)).phase is Phase.STOPPED

    machine.play(scenario)


def test_more_devices_than_there_are_fail_with_what_there_is(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"PATH": os.environ["PATH"], "CUDA_VISIBLE_DEVICES": "0,1"})
    final = machine.final(machine.plan(Container("c", command=("true",), limits={"nvidia.com/gpu": 3})))
    assert (final.phase, final.reason) == (Phase.FAILED, "Unschedulable")
    assert final.message == "it asks for 3 GPU and this machine has 2 (`0`, `1`): it can never run here"


def test_more_memory_than_there_is_is_said(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    final = machine.final(machine.plan(Container("c", command=("true",), requests={"memory": "9000Gi", "cpu": "1m"})))
    assert final.phase is Phase.SUCCEEDED
    assert any(text.startswith("it asks for 9,000 Gi memory and this machine has") for text in final.warnings)


def test_a_machine_without_devices_runs_and_says_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": ""})
    final = machine.final(machine.plan(Container("c", command=("true",), limits={"nvidia.com/gpu": 1})))
    assert final.phase is Phase.SUCCEEDED
    assert "this machine has none" in final.warnings[-1]


def test_user_code_imports_our_tracking_and_none_of_our_dependencies(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {"PATH": "/usr/bin:/bin"})
    code = "import polyaxon.tracking, sys; print([p for p in sys.path if 'lib/' in p and 'plx' not in p][:1])"
    python = Path(os.path.realpath("/proc/self/exe"))
    final = machine.final(machine.plan(Container("c", command=(str(python), "-S", "-c", code))))
    assert final.phase is Phase.SUCCEEDED, machine.log()


def test_a_hundred_attempts_at_once_leave_no_process_behind(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    runs = [child_id(RUN, str(index)) for index in range(100)]

    async def scenario(runtime: ProcessRuntime, watcher: Watcher) -> None:
        for run in runs:
            await runtime.start(machine.shell(f": {tmp_path}; exit 0", run), 1)
        for run in runs:
            assert (await watcher.final(run)).phase is Phase.SUCCEEDED

    machine.play(scenario)
    assert not alive(str(tmp_path))
