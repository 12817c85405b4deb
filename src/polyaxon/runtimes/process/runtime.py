"""Runs launch plans as processes of this machine.

A keeper claims, starts and waits for them and writes down their exit codes (`keeper`); this one decides what they mean.
The files below `runs` are the truth: any later runtime on the home adopts what they tell of. Nothing here waits.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import RunKind
from polyaxon.runtimes.keeper import describe, make_directory, signal_group
from polyaxon.runtimes.process import claim, layout
from polyaxon.runtimes.process.asking import Listeners
from polyaxon.runtimes.process.attempt import Attempt, Running, is_alone
from polyaxon.runtimes.process.capacity import capacity
from polyaxon.runtimes.process.environment import inherited
from polyaxon.runtimes.process.gpus import Gpus
from polyaxon.runtimes.process.health import look_after, patient_of
from polyaxon.runtimes.process.images import LocalImages
from polyaxon.runtimes.process.keeping import Answer, Keeper
from polyaxon.runtimes.process.ports import choose_ports
from polyaxon.runtimes.process.prepare import Prepare
from polyaxon.runtimes.process.programs import append, kill_stale_program, prepare_all
from polyaxon.runtimes.process.read import Ending, Verdict, left_warnings, read_verdict, write_verdict
from polyaxon.runtimes.process.render import Duty, Machine, Task, render
from polyaxon.runtimes.process.resolve import CannotRunError, Resolver
from polyaxon.runtimes.process.signals import kill, signal_program
from polyaxon.runtimes.process.strays import MARK, Strays, mark
from polyaxon.runtimes.process.telling import Telling
from polyaxon.runtimes.process.volumes import make_volumes
from polyaxon.runtimes.process.watch import Watch, session_members

__all__ = ["ProcessRuntime"]

_GRACE_SECONDS = 5.0
"""What sidecars and peers get when the deciding processes have ended."""
_CLAIM_SECONDS = 0.5
"""How long a keeper may take between creating a claim and writing into it."""
_LONG_SECONDS = 1.0
"""Whoever waits for a place longer than this is told of."""
_CODE_SECONDS = 0.02
"""How often an exit code is looked for that another scheduler's keeper is about to write."""
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
        self._telling = Telling()
        self._jobs: set[asyncio.Task[None]] = set()
        self._is_open = False

    def places(self, run: RunId) -> Places:
        """Return where `run` will find its files."""
        return self.layout.places(run)

    async def open(self, places: int | None = None) -> None:
        """Make the home and what all processes share."""
        if self._is_open:
            return
        self._is_limited = places is not None
        self._loop = asyncio.get_running_loop()
        self._watch = Watch(self._loop)
        self._keeper = Keeper(self._loop, places)
        with suppress(OSError):  # while the rest is loaded; whoever needs it says what is wrong
            self._keeper.open()
        self._strays = Strays(self._loop, self.layout, lambda run: any(known == run for known, _ in self._attempts))
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
            attempt.let_go()
        while self._jobs:
            await asyncio.gather(*self._jobs, return_exceptions=True)
        self._watch.close()
        self._keeper.close()
        self._strays.sweep()
        self._attempts.clear()
        self._telling.wake()

    async def start(
        self, plan: LaunchPlan, attempt: int, began: bool = False, lane: RunId | None = None, width: int = 0
    ) -> None:
        """Start the attempt, or adopt it."""
        if (plan.run, attempt) in self._attempts or self._telling.again(plan.run, attempt):
            return
        known = Attempt(plan.run, attempt, plan)
        self._attempts[known.key] = known
        if plan.kind != RunKind.SERVICE and (self._is_limited or lane is not None):
            known.is_alone = not began and is_alone(plan)
            known.is_lined_up = not began
            known.place = self._keeper.enter(lane, width, began, partial(self._placed, known))
            self._loop.call_later(_LONG_SECONDS, self._waits_long, known)
        if not known.is_lined_up or known.is_alone:
            self._render_and_begin(known, plan)

    def withdraw(self, runs: Iterable[RunId]) -> None:
        """Let attempts that wait for their place not begin any more."""
        wanted = frozenset(runs)
        for place in [known.place for known in self._attempts.values() if known.run in wanted and known.is_lined_up]:
            self._keeper.withdraw(place)

    async def stop(self, run: RunId, attempt: int, grace_seconds: float) -> None:
        """End the attempt: SIGTERM to its process groups, after the grace SIGKILL to its sessions."""
        known = self._attempts.get((run, attempt)) or self._find(run, attempt)
        if known is None:
            self._telling.observe(Observation(run, attempt, Phase.STOPPED, _now(), message="it had not started"))
            return
        known.is_stopping = True
        self.withdraw([run])
        if known.is_preparing:
            known.is_cancelled = True
            signal_program(known, signal.SIGTERM)
        elif known.waiting:
            known.waiting = []
            known.is_beginning = False
        self._end(known, grace_seconds)
        self._settle(known)

    def observations(self) -> AsyncIterator[Sequence[Observation]]:
        """Yield what was seen, as it comes."""
        return self._telling.listen(lambda: self._is_open)

    async def clean(self, run: RunId) -> None:
        """Remove the run's context and records."""
        await asyncio.to_thread(shutil.rmtree, self.layout.places(run).context, ignore_errors=True)
        layout.remove_records(self.layout, run)

    # Beginning

    def _placed(self, known: Attempt, answer: Answer) -> None:
        """Go on with an attempt that has its place now, or that is not to have one."""
        was_lined_up, known.is_lined_up = known.is_lined_up, False
        if answer.what == "withdrawn":
            if not (known.is_told or known.is_stopping):
                self._attempts.pop(known.key, None)
        elif known.is_told:
            self._keeper.leave(known.place)
        elif was_lined_up and not known.is_alone and known.plan is not None:
            self._render_and_begin(known, known.plan)
        elif was_lined_up and answer.what == "began":
            self._telling.progress(known, Phase.RUNNING, at=answer.at)

    def _waits_long(self, known: Attempt) -> None:
        if known.is_lined_up and not known.is_told:
            self._telling.progress(known, Phase.UNSCHEDULABLE, "waits until another run has ended")

    def _render_and_begin(self, known: Attempt, plan: LaunchPlan) -> None:
        try:
            if known.is_alone and known.number == 1:  # nothing looks into them before: the keeper makes them
                known.directories = layout.run_directories(self.layout, plan.run)
                is_fresh = True
            else:
                is_fresh = layout.make_run_directories(self.layout, plan.run)
            self._render(known, plan, is_fresh)
        except OSError as error:
            self._tell(known, Phase.FAILED, message=describe(error))

    def _render(self, known: Attempt, plan: LaunchPlan, is_fresh: bool) -> None:
        stem = self.layout.record(plan.run, known.number, "")
        known.ports = choose_ports(plan, self._machine, stem)
        rendered = render(plan, known.ports.machine, self._images.named_in(plan))
        known.warnings, known.urls = rendered.warnings, rendered.urls
        tell, end = partial(self._telling.progress, known), partial(self._resolve, known)
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
            self._telling.progress(known, Phase.STARTING, "preparing: " + ", ".join(steps))
            self._do(self._prepare_and_begin(known, fresh))
            return
        self._begin(known, fresh)

    async def _prepare_and_begin(self, known: Attempt, tasks: list[Task]) -> None:
        failure = await prepare_all(known, self._prepare, self._machine, self._images.named_in)
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
                self._telling.progress(known, Phase.UNSCHEDULABLE, f"waits for {wanted} GPU to be free")
            known.waiting = tasks
            self._loop.call_later(_DEVICE_SECONDS, self._try_again, known)
            return
        known.waiting = []
        for task in tasks:
            taken, devices = devices[: task.gpus], devices[task.gpus :]
            self._spawn(known, task, dict(taken))
        known.is_beginning = False
        known.is_alone = known.is_alone and any(running.ticket for running in known.running.values())
        if known.ports is not None:
            known.ports.close()
        if not known.endings:
            if known.patient is not None:
                known.health = self._loop.create_task(look_after(known.patient))
            elif tasks and not known.is_lined_up:
                self._telling.progress(known, Phase.RUNNING)
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
        locks = [*devices.values(), *(known.ports.take(task.name) if known.ports else ())]
        answered = partial(self._answered, known, task)
        try:
            argv = self._resolver.resolve(task.argv, task.env["PATH"], task.cwd, known.directories)
            place = known.place if known.is_alone else 0
            ticket = self._keeper.spawn(
                place, stem, known.directories, argv, task.env, task.cwd, task.log, locks, answered
            )
        except (CannotRunError, OSError) as error:
            code, message = (126, describe(error)) if isinstance(error, OSError) else (error.code, error.message)
            self._not_started(known, task, code, message)
        else:
            known.running[task.name] = Running(ticket)
        finally:
            for lock in locks:
                os.close(lock)

    def _answered(self, known: Attempt, task: Task, answer: Answer) -> None:
        """Hear from the keeper what became of a process."""
        if answer.what == "ended":
            self._ended(known, task.name, answer.value, answer.at)
            return
        del known.running[task.name]
        if answer.what == "withdrawn" and not known.is_stopping:
            return
        if answer.what == "withdrawn":
            known.endings[task.name] = Ending(None)
        elif answer.what == "failed":
            self._not_started(known, task, 126, answer.value)
        elif not self._adopt(known, task.name):
            known.endings[task.name] = Ending(None, "its keeper was killed before it could start it")
        self._settle(known)

    def _not_started(self, known: Attempt, task: Task, code: int, message: str) -> None:
        with suppress(OSError):
            for directory in known.directories:
                make_directory(directory)
            append(task.log, f"polyaxon: {message}")
        known.endings[task.name] = Ending(code, message)

    # Adopting

    def _adopt(self, known: Attempt, name: str) -> bool:
        """Watch the task's process if somebody has the claim; False when nobody has."""
        stem = self.layout.record(known.run, known.number, name)
        owner = claim.read_identity(stem)
        if owner is None:
            return False
        if isinstance(owner, claim.Identity):
            self._adopt_process(known, name, owner)
        elif owner:
            known.is_stopping = True
            known.endings[name] = Ending(None)
        else:
            known.running[name] = Running()
            self._loop.call_later(_CLAIM_SECONDS, self._adopt_late, known, name)
        return True

    def _adopt_process(self, known: Attempt, name: str, owner: claim.Identity) -> None:
        if known.patient is None:
            self._telling.progress(known, Phase.RUNNING, at=owner.at)
        known.running[name] = Running(pid=owner.pid)
        ended = partial(self._other_ended, known, name, owner)
        if not self._watch.other(owner.pid, partial(claim.is_same, owner), ended):
            known.running[name] = Running()  # The pid may be another process's by now.
            self._loop.call_soon(self._code_written, known, name, owner)
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
        known = Attempt(run, attempt)
        stem = self.layout.record(run, attempt, "")
        kill_stale_program(stem)
        try:
            names = Path(f"{stem}names").read_text().split()
        except OSError:
            names = ["main"]
        make_directory(self.layout.shelf(run))
        if not (taken := [name for name in names if not claim.forbid(stem + name)]):
            return None
        self._attempts[known.key] = known
        known.duties = dict.fromkeys(names, Duty.DECIDES)
        known.is_stopping = known.is_beginning = True
        for name in taken:
            self._adopt(known, name)
        known.is_beginning = False
        return known

    # Ending

    def _other_ended(self, known: Attempt, name: str, owner: claim.Identity) -> None:
        signal_group(owner.pid, signal.SIGKILL)
        self._code_written(known, name, owner)

    def _code_written(self, known: Attempt, name: str, owner: claim.Identity) -> None:
        """Take the exit code that the process's keeper writes; without a keeper there will be none."""
        if not self._is_open:
            return
        stem = self.layout.record(known.run, known.number, name)
        is_kept = claim.is_kept(owner)  # before looking: it may write the code and leave
        end = claim.read_end(stem)
        if end is None and is_kept:
            self._loop.call_later(_CODE_SECONDS, self._code_written, known, name, owner)
        else:
            self._ended(known, name, *(end or (None, None)))

    def _ended(
        self, known: Attempt, name: str, code: int | None, at: datetime | None = None, message: str = ""
    ) -> None:
        running = known.running.pop(name)
        if known.is_stopping:
            self._kill_session(known, name, running)
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
        if not known.running:
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
        if known.force:
            known.force.cancel()
        known.force = self._loop.call_later(grace_seconds, self._force, known)

    def _terminate(self, known: Attempt) -> None:
        for running in known.running.values():
            if running.ticket:
                self._keeper.signal(running.ticket, signal.SIGTERM)
            elif running.pid:
                signal_group(running.pid, signal.SIGTERM)

    def _force(self, known: Attempt) -> None:
        signal_program(known, signal.SIGKILL)
        for name, running in list(known.running.items()):
            self._kill_session(known, name, running)
            if running.ticket:
                self._keeper.signal(running.ticket, signal.SIGKILL)
            elif running.pid:
                signal_group(running.pid, signal.SIGKILL)

    def _kill_session(self, known: Attempt, name: str, running: Running) -> None:
        stem = self.layout.record(known.run, known.number, name)
        pid = claim.read_pid(stem) if running.ticket else running.pid
        for member in session_members(pid) if pid else ():
            kill(member)

    # Telling

    def _tell(
        self, known: Attempt, phase: Phase, exit_code: int | None = None, message: str = "", reason: str = ""
    ) -> None:
        known.is_told = True
        known.let_go()
        if known.is_lined_up:
            self._keeper.withdraw(known.place)
        elif known.place and not known.is_alone:
            self._keeper.leave(known.place)
        self._strays.expect(known.run, known.number)
        self._attempts.pop(known.key, None)
        if known.has_context and phase is Phase.SUCCEEDED:
            self._do(asyncio.to_thread(shutil.rmtree, self.layout.places(known.run).context, ignore_errors=True))
        warnings = (*known.warnings, *left_warnings(self.layout, known.run))
        at = known.ended_at or _now()
        self._telling.end(Observation(*known.key, phase, at, exit_code, message, warnings, reason))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        job = self._loop.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)


def _now() -> datetime:
    return datetime.now(UTC)
