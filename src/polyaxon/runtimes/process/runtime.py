"""Runs launch plans as processes of this machine.

Per process a shell that claims the attempt, runs the command and writes its exit code (`claim`); this one only watches.
The files below `runs/<run>` are the truth: any later runtime on the home adopts what they tell of. Nothing here waits.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from polyaxon.errors import PolyaxonError
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.process import claim, layout
from polyaxon.runtimes.process.asking import Listeners
from polyaxon.runtimes.process.attempt import Attempt
from polyaxon.runtimes.process.capacity import capacity
from polyaxon.runtimes.process.environment import inherited
from polyaxon.runtimes.process.gpus import Gpus
from polyaxon.runtimes.process.health import look_after, patient_of
from polyaxon.runtimes.process.images import LocalImages
from polyaxon.runtimes.process.ports import choose_ports
from polyaxon.runtimes.process.prepare import Prepare
from polyaxon.runtimes.process.programs import append, kill_stale_program, prepare_all
from polyaxon.runtimes.process.read import Ending, Verdict, modified_at, read_verdict, write_verdict
from polyaxon.runtimes.process.render import Duty, Machine, Task, render
from polyaxon.runtimes.process.resolve import CannotRunError, Resolver
from polyaxon.runtimes.process.signals import describe, kill, kill_group, signal_program
from polyaxon.runtimes.process.strays import MARK, Strays, mark
from polyaxon.runtimes.process.volumes import make_volumes
from polyaxon.runtimes.process.watch import Watch, session_members

__all__ = ["ProcessRuntime"]

_GRACE_SECONDS = 5.0
"""What sidecars and peers get when the deciding processes have ended."""
_CLAIM_SECONDS = 0.5
"""How long a shell may take between creating its claim and writing into it."""
_YOUNG_SECONDS = 0.3
"""A shell older than this has started its command."""
_REMEMBERED = 1000
_DEVICE_SECONDS = 1.0
"""How often a free device is looked for, while one is wanted."""


class ProcessRuntime:
    """The runtime of a machine without a container engine. `prepare` carries out init steps (`polyaxon.sidecar`).

    `environ` is what processes inherit from, `inherit` names further variables of it to pass on, `gpus` are the devices
    to give out.
    """

    name = "process"

    def __init__(
        self,
        home: str,
        prepare: Prepare | None = None,
        environ: Mapping[str, str] | None = None,
        inherit: Sequence[str] = (),
        gpus: Sequence[str] | None = None,
    ) -> None:
        self.layout = layout.Layout(os.path.abspath(home))
        self._prepare = prepare
        self._environ = dict(os.environ if environ is None else environ)
        self._inherit = tuple(inherit)
        self._images = LocalImages(self.layout.home)
        self._gpus = Gpus(self.layout, self._environ, gpus)
        self._resolver = Resolver()
        self._listeners = Listeners()
        self._attempts: dict[tuple[RunId, int], Attempt] = {}
        self._told: dict[tuple[RunId, int], Observation] = {}
        """The latest endings: where the disk is full, the files say less than was seen."""
        self._seen: list[Observation] = []
        self._jobs: set[asyncio.Task[None]] = set()
        self._is_open = False

    def places(self, run: RunId) -> Places:
        """Return where `run` will find its files."""
        return self.layout.places(run)

    async def open(self) -> None:
        """Make the home and what all processes share."""
        if self._is_open:
            return
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._watch = Watch(self._loop)
        self._strays = Strays(self._loop, self.layout)
        for name in ("artifacts", "runs", "contexts"):
            Path(self.layout.home, name).mkdir(parents=True, exist_ok=True)
        library = layout.make_library(self.layout)
        self._env = inherited(self._environ, library, self._inherit)
        self._machine = Machine(self.layout, self._env, sys.executable, capacity=capacity(self._environ, ()))
        self._is_open = True

    async def close(self) -> None:
        """Stop watching. Processes go on; preparations are given up, to be done again by whoever adopts the attempt."""
        if not self._is_open:
            return
        self._is_open = False
        for attempt in self._attempts.values():
            attempt.is_cancelled = True
            signal_program(attempt, signal.SIGKILL)
            _let_go(attempt)
        while self._jobs:
            await asyncio.gather(*self._jobs, return_exceptions=True)
        self._watch.close()
        self._strays.sweep()
        self._attempts.clear()
        self._wake.set()

    async def start(self, plan: LaunchPlan, attempt: int) -> None:
        """Start the attempt, or adopt it."""
        if (plan.run, attempt) in self._attempts:
            return
        if (told := self._told.get((plan.run, attempt))) is not None:
            self._observe(told)
            return
        known = Attempt(plan.run, attempt, plan)
        self._attempts[known.key] = known
        try:
            is_fresh = layout.make_run_directories(self.layout, plan.run)
            self._render_and_begin(known, plan, is_fresh)
        except OSError as error:
            self._tell(known, Phase.FAILED, message=describe(error))

    async def stop(self, run: RunId, attempt: int, grace_seconds: float) -> None:
        """End the attempt: SIGTERM to its process groups, after the grace SIGKILL to its sessions."""
        known = self._attempts.get((run, attempt)) or self._find(run, attempt)
        if known is None:
            self._observe(Observation(run, attempt, Phase.STOPPED, _now(), message="it had not started"))
            return
        known.is_stopping = True
        if known.is_preparing:
            known.is_cancelled = True
            signal_program(known, signal.SIGTERM)
        elif known.waiting:
            known.waiting = []
            known.is_beginning = False
        self._end(known, grace_seconds)
        self._settle(known)

    async def observations(self) -> AsyncIterator[Sequence[Observation]]:
        """Yield what was seen, as it comes."""
        while True:
            if self._seen:
                batch, self._seen = self._seen, []
                yield batch
            elif not self._is_open:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    async def clean(self, run: RunId) -> None:
        """Remove the run's context and records."""
        for path in (self.layout.places(run).context, self.layout.records(run)):
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    # Beginning

    def _render_and_begin(self, known: Attempt, plan: LaunchPlan, is_fresh: bool) -> None:
        stem = self.layout.record(plan.run, known.number, "")
        known.ports = choose_ports(plan, self._machine, stem)
        rendered = render(plan, known.ports.machine, self._images.named_in(plan))
        known.warnings, known.urls = rendered.warnings, rendered.urls
        tell, end = partial(self._tell_progress, known), partial(self._resolve, known)
        known.patient = patient_of(plan, rendered, self._listeners, tell, end)
        if known.patient and not is_fresh:
            known.decided = read_verdict(stem)
        known.has_context = rendered.has_context
        if known.has_context:
            layout.make_context(self.layout, plan.run)
            make_volumes(self.layout, plan)
        known.duties = {task.name: task.duty for task in rendered.tasks}
        if len(rendered.tasks) > 1:
            Path(f"{stem}names").write_text("\n".join(known.duties))
        known.is_beginning = True
        fresh = [task for task in rendered.tasks if is_fresh or not self._adopt(known, task.name)]
        if known.number > 1:
            for task in fresh:
                append(task.log, f"--- attempt {known.number} ---")
        if len(fresh) == len(rendered.tasks) and any(replica.init for replica in plan.replicas):
            known.is_preparing = True
            steps = (step.kind for replica in plan.replicas for step in replica.init)
            self._tell_progress(known, Phase.STARTING, "preparing: " + ", ".join(steps))
            self._do(self._prepare_and_begin(known, fresh))
            return
        self._begin(known, fresh)

    async def _prepare_and_begin(self, known: Attempt, tasks: list[Task]) -> None:
        failure = None
        try:
            await asyncio.to_thread(prepare_all, known, self._prepare, self._machine, self._images.named_in)
        except PolyaxonError as error:
            failure = error.message
        except OSError as error:
            failure = describe(error)
        except Exception as error:  # noqa: BLE001  the edge of a thread: whatever it is, the run must not hang
            failure = f"{type(error).__name__}: {error}; this is a bug of polyaxon, its traceback is in the log"
            with suppress(OSError):
                append(self.layout.log(known.run, "main"), traceback.format_exc())
        known.is_preparing = False
        if not self._is_open:
            return
        if known.is_stopping:
            self._tell(known, Phase.STOPPED, message="stopped while preparing")
        elif failure is not None:
            self._tell(known, Phase.FAILED, message=f"init failed: {failure}")
        else:
            self._begin(known, tasks)

    def _begin(self, known: Attempt, tasks: list[Task]) -> None:
        wanted = sum(task.gpus for task in tasks)
        try:
            devices = self._acquire(known, wanted)
        except OSError as error:
            self._tell(known, Phase.FAILED, message=describe(error))
            return
        if devices is None and wanted > len(self._gpus.devices):
            known.waiting = []
            self._tell(known, Phase.FAILED, None, self._gpus.too_few(wanted), "Unschedulable")
            return
        if devices is None:
            if not known.waiting:
                self._tell_progress(known, Phase.UNSCHEDULABLE, f"waits for {wanted} GPU to be free")
            known.waiting = tasks
            self._loop.call_later(_DEVICE_SECONDS, self._try_again, known)
            return
        known.waiting = []
        for task in tasks:
            taken, devices = devices[: task.gpus], devices[task.gpus :]
            self._spawn(known, task, dict(taken))
        known.is_beginning = False
        if known.ports is not None:
            known.ports.close()
        if not known.endings:
            if known.patient is not None:
                known.health = self._loop.create_task(look_after(known.patient))
            elif tasks:
                self._tell_progress(known, Phase.RUNNING)
        self._settle(known)

    def _acquire(self, known: Attempt, wanted: int) -> list[tuple[str, int]] | None:
        if not wanted:
            return []
        if not self._gpus.devices:
            known.warnings += (f"{wanted} GPU asked for, but this machine has none: it runs without",)
            return []
        taken = self._gpus.acquire(wanted)
        return None if taken is None else list(taken.items())

    def _try_again(self, known: Attempt) -> None:
        if known.waiting and self._is_open:
            self._begin(known, known.waiting)

    def _spawn(self, known: Attempt, task: Task, devices: Mapping[str, int]) -> None:
        if task.gpus:
            visible = ",".join(devices)
            task.env.update(CUDA_VISIBLE_DEVICES=visible, NVIDIA_VISIBLE_DEVICES=visible or "none")
        task.env[MARK] = mark(known.run, known.number)
        stem = self.layout.record(known.run, known.number, task.name)
        held = [*devices.values(), *(known.ports.take(task.name) if known.ports else ())]
        try:
            argv = self._resolver.resolve(task.argv, task.env["PATH"], task.cwd)
            for descriptor in held:
                os.set_inheritable(descriptor, True)
            pid = claim.spawn(stem, argv, task.env, task.cwd, task.log)
        except (CannotRunError, OSError) as error:
            code, message = (1, describe(error)) if isinstance(error, OSError) else (error.code, error.message)
            with suppress(OSError):
                append(task.log, f"polyaxon: {message}")
            known.endings[task.name] = Ending(code, message)
            return
        finally:
            for descriptor in held:
                os.close(descriptor)
        known.pids[task.name] = pid
        self._watch.child(pid, lambda: self._child_ended(known, task.name, pid))

    # Adopting

    def _adopt(self, known: Attempt, name: str) -> bool:
        """Watch the task's process if somebody has the claim; False when nobody has."""
        stem = self.layout.record(known.run, known.number, name)
        owner = claim.read_identity(stem)
        if owner is None:
            return False
        if isinstance(owner, claim.Identity):
            self._adopt_process(known, name, stem, owner)
        elif owner:
            known.is_stopping = True
            known.endings[name] = Ending(None)
        else:
            known.pids[name] = 0
            self._loop.call_later(_CLAIM_SECONDS, self._adopt_late, known, name)
        return True

    def _adopt_process(self, known: Attempt, name: str, stem: str, owner: claim.Identity) -> None:
        if known.patient is None:
            self._tell_progress(known, Phase.RUNNING, at=modified_at(f"{stem}.pid"))
        known.pids[name] = owner.pid
        ended = partial(self._other_ended, known, name, owner.pid)
        if not self._watch.other(owner.pid, partial(claim.is_same, owner, stem), ended):
            known.pids[name] = 0  # It may be another process's by now.
            self._ended(known, name, claim.read_code(stem), modified_at(f"{stem}.exit"))
        elif known.is_stopping:
            self._terminate(known)

    def _adopt_late(self, known: Attempt, name: str) -> None:
        """Look again at a claim that was being written; one that still says nothing was lost with its shell."""
        if not self._is_open:
            return
        stem = self.layout.record(known.run, known.number, name)
        if isinstance(claim.read_identity(stem), claim.Identity):
            self._adopt(known, name)
        else:
            self._ended(known, name, None)

    def _find(self, run: RunId, attempt: int) -> Attempt | None:
        """Return an attempt that only its files know, with every task claimed: by its process, or forbidden."""
        if not os.path.isdir(self.layout.records(run)):
            return None
        known = Attempt(run, attempt)
        self._attempts[known.key] = known
        stem = self.layout.record(run, attempt, "")
        kill_stale_program(stem)
        try:
            names = Path(f"{stem}names").read_text().split()
        except OSError:
            names = ["main"]
        known.duties = dict.fromkeys(names, Duty.DECIDES)
        known.is_stopping = known.is_beginning = True
        for name in names:
            if not claim.forbid(stem + name):
                self._adopt(known, name)
        known.is_beginning = False
        return known

    # Ending

    def _child_ended(self, known: Attempt, name: str, pid: int) -> None:
        kill_group(pid)  # While the child is not waited for, its pid cannot mean another group.
        stem = self.layout.record(known.run, known.number, name)
        try:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except ChildProcessError:  # Somebody else in this process waits for every child.
            code = claim.read_code(stem)
            status = -1 if code is None else code
        if status != claim.CLAIMED_ELSEWHERE or not self._lost_the_claim(known, name, stem, pid):
            self._ended(known, name, status if status >= 0 else None)

    def _lost_the_claim(self, known: Attempt, name: str, stem: str, pid: int, is_late: bool = False) -> bool:
        """Watch whoever has the claim in place of the shell that left; False when that code was the command's own."""
        owner = claim.read_identity(stem)
        if isinstance(owner, claim.Identity) and owner.pid == pid:
            return False
        if owner:
            known.pids.pop(name, None)
            self._adopt(known, name)
            self._settle(known)
        elif not is_late:  # The other one may be about to write it.
            known.pids[name] = 0
            self._loop.call_later(_CLAIM_SECONDS, self._lost_the_claim, known, name, stem, pid, True)
        elif self._is_open:
            self._ended(known, name, 1, message=f"`{stem}.pid` could not be written: is the disk full?")
        return True

    def _other_ended(self, known: Attempt, name: str, pid: int) -> None:
        kill_group(pid)
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        stem = self.layout.record(known.run, known.number, name)
        self._ended(known, name, claim.read_code(stem), modified_at(f"{stem}.exit"))

    def _ended(
        self, known: Attempt, name: str, code: int | None, at: datetime | None = None, message: str = ""
    ) -> None:
        pid = known.pids.pop(name, 0)
        if pid and known.is_stopping:
            for member in session_members(pid):
                kill(member)
        known.endings[name] = Ending(code, message)
        known.ended_at = at
        self._settle(known)

    def _settle(self, known: Attempt) -> None:
        """Tell the final observation once the attempt has come to something and nothing of it runs any more."""
        if known.is_told or known.is_beginning:
            return
        decided = known.decide()
        if decided is None:
            return
        if not known.pids:
            self._tell(known, decided.phase, decided.exit_code, decided.message, decided.reason)
        elif known.force is None:
            self._end(known, _GRACE_SECONDS)

    def _resolve(self, known: Attempt, decided: Verdict) -> None:
        """End the attempt because of how it is: written down first, so that whoever goes on here ends it the same."""
        with suppress(OSError):
            write_verdict(self.layout.record(known.run, known.number, ""), decided)
        known.decided = decided
        self._settle(known)

    def _end(self, known: Attempt, grace_seconds: float) -> None:
        self._terminate(known)
        if any(self._is_young(known, name) for name in known.pids):
            self._loop.call_later(_YOUNG_SECONDS, self._terminate, known)
        if known.force:
            known.force.cancel()
        known.force = self._loop.call_later(grace_seconds, self._force, known)

    def _terminate(self, known: Attempt) -> None:
        for pid in filter(None, known.pids.values()):
            with suppress(OSError):
                os.killpg(pid, signal.SIGTERM)

    def _is_young(self, known: Attempt, name: str) -> bool:
        """Whether the shell may still be between claim and command, where a signal can pass unnoticed."""
        at = modified_at(self.layout.record(known.run, known.number, name) + ".pid")
        return at is None or (_now() - at).total_seconds() < _YOUNG_SECONDS

    def _force(self, known: Attempt) -> None:
        signal_program(known, signal.SIGKILL)
        for pid in filter(None, list(known.pids.values())):
            for member in session_members(pid):
                kill(member)
            kill_group(pid)

    # Telling

    def _tell(
        self, known: Attempt, phase: Phase, exit_code: int | None = None, message: str = "", reason: str = ""
    ) -> None:
        known.is_told = True
        _let_go(known)
        self._strays.expect(known.run, known.number)
        self._attempts.pop(known.key, None)
        if known.has_context and phase is Phase.SUCCEEDED:
            self._do(asyncio.to_thread(shutil.rmtree, self.layout.places(known.run).context, ignore_errors=True))
        warnings = (*known.warnings, *self._left_warnings(known.run))
        at = known.ended_at or _now()
        told = Observation(known.run, known.number, phase, at, exit_code, message, warnings, reason)
        self._told[known.key] = told
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
        self._observe(told)

    def _tell_progress(self, known: Attempt, phase: Phase, message: str = "", at: datetime | None = None) -> None:
        self._observe(
            Observation(
                known.run, known.number, phase, at or _now(), message=message, warnings=known.warnings, urls=known.urls
            ),
        )

    def _observe(self, observation: Observation) -> None:
        self._seen.append(observation)
        self._wake.set()

    def _left_warnings(self, run: RunId) -> list[str]:
        file = f"{self.layout.home}/artifacts/{run}/{layout.WARNINGS}"
        if not os.path.exists(file):
            return []
        return Path(file).read_text(errors="replace").splitlines()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        job = self._loop.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)


def _let_go(known: Attempt) -> None:
    """Cancel what was planned for the attempt, and give back what none of its processes took."""
    if known.force:
        known.force.cancel()
    if known.health is not None:
        known.health.cancel()
    if known.ports is not None:
        known.ports.close()


def _now() -> datetime:
    return datetime.now(UTC)
