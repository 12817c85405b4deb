"""Programs that a preparation runs (git, init containers): one at a time, in the thread that prepares."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from polyaxon.errors import PolyaxonError, RuntimeFailure
from polyaxon.model.launch import Container, LaunchPlan, Replica
from polyaxon.runtimes.keeper import describe, signal_group
from polyaxon.runtimes.process import claim
from polyaxon.runtimes.process.attempt import Attempt
from polyaxon.runtimes.process.images import LocalImage
from polyaxon.runtimes.process.paths import path_map
from polyaxon.runtimes.process.prepare import Preparation, Prepare, Program
from polyaxon.runtimes.process.render import Machine, render_container
from polyaxon.runtimes.process.resolve import CannotRunError, Resolver

__all__ = ["append", "kill_stale_program", "prepare_all"]

_LAST_LINES = 8


async def prepare_all(
    known: Attempt,
    prepare: Prepare | None,
    machine: Machine,
    images: Callable[[LaunchPlan], Mapping[str, LocalImage]],
) -> str | None:
    """Carry out the init steps of every replica in a thread; return why they failed, if they did."""
    try:
        await asyncio.to_thread(_prepare_all, known, prepare, machine, images)
    except PolyaxonError as error:
        return error.message
    except OSError as error:
        return describe(error)
    except Exception as error:  # noqa: BLE001  the edge of a thread: whatever it is, the run must not hang
        with suppress(OSError):
            append(machine.layout.log(known.run, "main"), traceback.format_exc())
        return f"{type(error).__name__}: {error}; this is a bug of polyaxon, its traceback is in the log"
    return None


def _prepare_all(
    known: Attempt,
    prepare: Prepare | None,
    machine: Machine,
    images: Callable[[LaunchPlan], Mapping[str, LocalImage]],
) -> None:
    # Equal steps are carried out once, for all replicas share one context here.
    plan = known.plan
    assert plan is not None
    if prepare is None:
        raise RuntimeFailure("this runtime was opened without a preparer for `init` steps")
    layout = machine.layout
    stem = layout.record(plan.run, known.number, "")
    kill_stale_program(stem)
    local = images(plan)
    done: list[object] = []
    for replica in plan.replicas:
        if not replica.init or replica.init in done:
            continue
        done.append(replica.init)
        log = layout.log(plan.run, "main" if replica.role == "main" else f"{replica.role}-0")
        prepare(
            Preparation(
                plan=plan,
                replica=replica,
                home=layout.home,
                paths=path_map(plan, replica, layout, {}),
                env=machine.env,
                run=partial(_run, known, log, stem),
                render=partial(_render, plan, replica, machine, local),
                log=partial(append, log),
            ),
        )


def _render(
    plan: LaunchPlan, replica: Replica, machine: Machine, images: Mapping[str, LocalImage], container: Container
) -> Program:
    task = render_container(plan, replica, container, machine, images)
    return Program(task.argv, task.env, task.cwd)


def kill_stale_program(stem: str) -> None:
    """End the program that an earlier scheduler's preparation left running."""
    owner = claim.read_identity(f"{stem}init")
    if isinstance(owner, claim.Identity) and claim.is_same(owner):
        signal_group(owner.pid, signal.SIGKILL)


def _run(known: Attempt, log: str, stem: str, program: Program) -> None:
    try:
        argv = Resolver().resolve(program.argv, program.env.get("PATH", ""), program.cwd)
    except CannotRunError as error:
        raise RuntimeFailure(error.message) from None
    with open(log, "ab") as output:
        begin = output.tell()
        child = subprocess.Popen(
            argv,
            env=program.env,
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    claim.write_identity(f"{stem}init", child.pid)
    known.program = child
    if known.is_cancelled:
        signal_group(child.pid, signal.SIGKILL)
    try:
        code = child.wait()
    finally:
        known.program = None
    if known.is_cancelled:
        raise RuntimeFailure("stopped while preparing")
    if code:
        raise RuntimeFailure(f"`{program.argv[0]}` ended with exit code {code}{_tail(log, begin)}")


def _tail(log: str, begin: int) -> str:
    with open(log, "rb") as file:
        file.seek(begin)
        lines = file.read().decode(errors="replace").strip().splitlines()
    return ":\n" + "\n".join(lines[-_LAST_LINES:]) if lines else ""


def append(log: str, line: str) -> None:
    """Write a line to a log."""
    with open(log, "a", encoding="utf-8") as file:
        file.write(line + "\n")
