"""A scheduler killed at any point of starting an attempt: the next one goes on, and the command runs once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from polyaxon.model.ids import RunId
from polyaxon.model.launch import Container, InitStep, LaunchPlan, Replica
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.process import ProcessRuntime, claim
from polyaxon.runtimes.process.keeping import Keeper
from polyaxon.runtimes.process.layout import make_run_directories
from polyaxon.sidecar import Preparer
from polyaxon.testing.runtime_contract import Watcher, watching

RUN = RunId("c" * 32)
SCHEDULER = Path(__file__).with_name("crashing_scheduler.py")


def plan_of(home: Path, script: str, *steps: InitStep) -> LaunchPlan:
    container = Container("main", command=("sh", "-c", script))
    places = ProcessRuntime(str(home)).places(RUN)
    return LaunchPlan(RUN, "p", "o", None, "job", "job", places, (Replica("main", container=container, init=steps),))


def record(home: Path) -> Path:
    """The claim of the main process; the directories of the run as a scheduler that was there has left them."""
    layout = ProcessRuntime(str(home)).layout
    make_run_directories(layout, RUN)
    return Path(layout.record(RUN, 1, "main") + ".pid")


def crash(home: Path, plan: LaunchPlan, where: str) -> None:
    """Let a scheduler start the plan and die there."""
    done = subprocess.run([sys.executable, SCHEDULER, str(home), json.dumps(plan.to_dict()), where], check=False)
    assert done.returncode == -signal.SIGKILL


def finish(home: Path, plan: LaunchPlan, stop: bool = False) -> Observation:
    """Let the next scheduler start (or stop) the plan and see its end."""

    async def play() -> Observation:
        runtime = ProcessRuntime(str(home), prepare=Preparer())
        await runtime.open()
        async with watching(runtime) as watcher:
            if stop:
                await runtime.stop(RUN, 1, grace_seconds=20)
            else:
                await runtime.start(plan, 1)
            return await watcher.final(RUN)

    return asyncio.run(play())


@pytest.mark.parametrize(
    "where", ["before:spawn", "after:spawn", "before:flush", "after:flush", "after:start", "during:prepare"]
)
@pytest.mark.parametrize("seconds", [0, 0.3])
def test_the_command_runs_once_wherever_the_scheduler_dies(tmp_path: Path, where: str, seconds: float) -> None:
    steps = [InitStep("file", {"content": "x"})] if where == "during:prepare" else []
    script = f"echo x >> {tmp_path}/count; sleep {seconds}; exit 9"
    plan = plan_of(tmp_path / "home", script, *steps)
    crash(tmp_path / "home", plan, where)
    final = finish(tmp_path / "home", plan)
    assert (final.phase, final.exit_code) == (Phase.FAILED, 9)
    assert (tmp_path / "count").read_text() == "x\n"


@pytest.mark.parametrize("where", ["before:spawn", "after:spawn", "after:flush", "after:start"])
def test_a_stop_after_a_crash_leaves_nothing_running_and_nothing_to_come(tmp_path: Path, where: str) -> None:
    plan = plan_of(tmp_path / "home", f"echo x >> {tmp_path}/count; exec sleep 600")
    crash(tmp_path / "home", plan, where)
    assert finish(tmp_path / "home", plan, stop=True).phase is Phase.STOPPED
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(process.info["cmdline"])
    ]
    assert finish(tmp_path / "home", plan).phase in {Phase.STOPPED, Phase.FAILED}
    assert not (tmp_path / "count").exists() or (tmp_path / "count").read_text() == "x\n"


def test_two_schedulers_that_start_the_same_attempt_run_it_once(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "home", f"echo x >> {tmp_path}/count; exit 3")

    async def play() -> list[Observation]:
        runtimes = [ProcessRuntime(str(tmp_path / "home")) for _ in range(4)]
        for runtime in runtimes:
            await runtime.open()
        watchers = [Watcher(runtime) for runtime in runtimes]
        await asyncio.gather(*(runtime.start(plan, 1) for runtime in runtimes))
        finals = [await watcher.final(RUN) for watcher in watchers]
        for runtime, watcher in zip(runtimes, watchers, strict=True):
            await runtime.close()
            await watcher.close()
        return finals

    finals = asyncio.run(play())
    assert [final.exit_code for final in finals] == [3, 3, 3, 3]
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_claim_whose_keeper_died_while_writing_it_is_lost(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "home", "true")
    record(tmp_path / "home").touch()
    assert finish(tmp_path / "home", plan).phase is Phase.LOST


def test_a_keeper_that_finds_its_task_forbidden_leaves_and_the_attempt_is_stopped(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "home", f"echo x >> {tmp_path}/count")

    async def play() -> Observation:
        runtime = ProcessRuntime(str(tmp_path / "home"))
        await runtime.open()
        stem = runtime.layout.record(RUN, 1, "main")
        spawn = Keeper.spawn

        def forbidden_meanwhile(*args: Any) -> int:
            assert claim.forbid(stem)
            return spawn(*args)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Keeper, "spawn", forbidden_meanwhile)
            async with watching(runtime) as watcher:
                await runtime.start(plan, 1)
                return await watcher.final(RUN)

    assert asyncio.run(play()).phase is Phase.STOPPED
    assert not (tmp_path / "count").exists()


def test_a_pid_of_another_process_is_not_taken_for_the_attempt(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "home", "true")
    other = subprocess.Popen(["sleep", "600"])
    try:
        record(tmp_path / "home").write_text(f"{other.pid} 1 {claim.boot()} {other.pid} 1 1700000000.5\n")
        final = finish(tmp_path / "home", plan)
        assert (final.phase, other.poll()) == (Phase.LOST, None)
    finally:
        other.kill()
        other.wait()


def test_an_attempt_of_an_earlier_boot_is_lost(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "home", "true")
    start = claim.start_time(os.getpid())
    record(tmp_path / "home").write_text(f"{os.getpid()} {start} earlier {os.getpid()} {start} 1700000000.5\n")
    assert finish(tmp_path / "home", plan).phase is Phase.LOST


def test_an_init_program_that_outlived_its_scheduler_is_ended_and_started_over(tmp_path: Path) -> None:
    program = tmp_path / "home" / "runs" / RUN[0] / f"{RUN}.1.init.pid"
    script = (
        f"echo x >> {tmp_path}/inits; [ -e {tmp_path}/again ] && exit 0; touch {tmp_path}/again; "
        f"until grep -q . {program}; do sleep 0.02; done; kill -9 $PPID; exec sh -c 'sleep 600; : {tmp_path}/orphan'"
    )
    step = InitStep("container", container=Container("setup", command=("sh", "-c", script)))
    plan = plan_of(tmp_path / "home", f"echo x >> {tmp_path}/count", step)
    crash(tmp_path / "home", plan, "never:dies")
    assert finish(tmp_path / "home", plan).phase is Phase.SUCCEEDED
    assert (tmp_path / "inits").read_text() == "x\nx\n"
    assert (tmp_path / "count").read_text() == "x\n"
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if f"{tmp_path}/orphan" in line]
