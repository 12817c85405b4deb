"""Runs launch plans as processes of this machine.

A keeper claims, starts and waits for them and writes down their exit codes (`keeper`); this one decides what they mean.
The files below `runs` are the truth: any later runtime on the home adopts what they tell of. Nothing here waits.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import RunKind
from polyaxon.runtimes.keeper import describe, make_directory
from polyaxon.runtimes.process import layout
from polyaxon.runtimes.process.adopting import Adopting
from polyaxon.runtimes.process.asking import Listeners
from polyaxon.runtimes.process.attempt import Attempt, Running, is_alone
from polyaxon.runtimes.process.capacity import capacity
from polyaxon.runtimes.process.closing import Closing
from polyaxon.runtimes.process.environment import inherited
from polyaxon.runtimes.process.gpus import Gpus
from polyaxon.runtimes.process.health import look_after, patient_of
from polyaxon.runtimes.process.images import LocalImages
from polyaxon.runtimes.process.jobs import Jobs
from polyaxon.runtimes.process.keeping import Answer, Command, Keeper
from polyaxon.runtimes.process.ports import choose_ports
from polyaxon.runtimes.process.prepare import Prepare
from polyaxon.runtimes.process.programs import append, prepare_all
from polyaxon.runtimes.process.read import Ending, read_verdict
from polyaxon.runtimes.process.render import Machine, Task, render
from polyaxon.runtimes.process.resolve import CannotRunError, Resolver
from polyaxon.runtimes.process.signals import signal_program
from polyaxon.runtimes.process.strays import MARK, mark
from polyaxon.runtimes.process.telling import Telling
from polyaxon.runtimes.process.volumes import make_volumes

__all__ = ["ProcessRuntime"]

_LONG_SECONDS = 1.0
"""Whoever waits for a place longer than this is told of."""
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
        self._jobs = Jobs()
        self._lined_up: deque[tuple[float, Attempt]] = deque()
        """Attempts that waited for their place when it was last looked, with when that is long."""
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
        self._keeper = Keeper(self._loop, places)
        with suppress(OSError):  # while the rest is loaded; whoever needs it says what is wrong
            self._keeper.open()
        self._closing = Closing(self.layout, self._attempts, self._keeper, self._telling, self._jobs)
        self._adopting = Adopting(self.layout, self._attempts, self._telling, self._closing)
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
        await self._jobs.settle()
        self._adopting.close()
        self._keeper.close()
        self._closing.close()
        self._attempts.clear()
        self._telling.wake()

    async def start(
        self, plan: LaunchPlan, attempt: int, began: bool = False, lane: RunId | None = None, width: int = 0
    ) -> None:
        """Start the attempt, or adopt it."""
        self.start_now(plan, attempt, began, lane, width)

    def start_now(
        self, plan: LaunchPlan, attempt: int, began: bool = False, lane: RunId | None = None, width: int = 0
    ) -> None:
        """Start the attempt: nothing here waits."""
        if (plan.run, attempt) in self._attempts or self._telling.again(plan.run, attempt):
            return
        known = Attempt(plan.run, attempt, plan)
        self._attempts[known.key] = known
        if plan.kind != RunKind.SERVICE and (self._is_limited or lane is not None):
            known.is_alone = not began and is_alone(plan)
            known.is_lined_up = not began
            known.place = self._keeper.enter(lane, width, began, partial(self._placed, known))
            self._line_up(known)
        if not known.is_lined_up or known.is_alone:
            self._render_and_begin(known, plan)

    def withdraw(self, runs: Iterable[RunId]) -> None:
        """Let attempts that wait for their place not begin any more."""
        wanted = frozenset(runs)
        for place in [known.place for known in self._attempts.values() if known.run in wanted and known.is_lined_up]:
            self._keeper.withdraw(place)

    async def stop(self, run: RunId, attempt: int, grace_seconds: float) -> None:
        """End the attempt: SIGTERM to its process groups, after the grace SIGKILL to its sessions."""
        known = self._attempts.get((run, attempt)) or self._adopting.find(run, attempt)
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
        self._closing.end(known, grace_seconds)
        self._closing.settle(known)

    def observations(self) -> AsyncIterator[Sequence[Observation]]:
        """Yield what was seen, as it comes."""
        return self._telling.listen(lambda: self._is_open)

    async def clean(self, run: RunId) -> None:
        """Remove the run's context and records."""
        await asyncio.to_thread(layout.remove_tree, self.layout.places(run).context)
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
            self._telling.begin(known, answer.at or _now())

    def _line_up(self, known: Attempt) -> None:
        """Say so if it has no place after some time: one timer for all, for most have theirs long before."""
        self._lined_up.append((self._loop.time() + _LONG_SECONDS, known))
        if len(self._lined_up) == 1:
            self._loop.call_later(_LONG_SECONDS, self._wait_long)

    def _wait_long(self) -> None:
        now = self._loop.time()
        while self._lined_up and (self._lined_up[0][0] <= now or not self._lined_up[0][1].is_lined_up):
            _, known = self._lined_up.popleft()
            if known.is_lined_up and not known.is_told:
                self._telling.progress(known, Phase.UNSCHEDULABLE, "waits until another run has ended")
        if self._lined_up and self._is_open:
            self._loop.call_at(self._lined_up[0][0], self._wait_long)

    def _render_and_begin(self, known: Attempt, plan: LaunchPlan) -> None:
        try:
            if known.is_alone and known.number == 1:  # nothing looks into them before: the keeper makes them
                known.directories = layout.run_directories(self.layout, plan.run)
                is_fresh = True
            else:
                is_fresh = layout.make_run_directories(self.layout, plan.run)
            self._render(known, plan, is_fresh)
        except OSError as error:
            self._closing.tell(known, Phase.FAILED, message=describe(error))

    def _render(self, known: Attempt, plan: LaunchPlan, is_fresh: bool) -> None:
        stem = self.layout.record(plan.run, known.number, "")
        known.ports = choose_ports(plan, self._machine, stem)
        rendered = render(plan, known.ports.machine, self._images.named_in(plan))
        known.warnings, known.urls = rendered.warnings, rendered.urls
        tell, end = partial(self._telling.progress, known), partial(self._closing.resolve, known)
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
        fresh = [task for task in rendered.tasks if is_fresh or not self._adopting.adopt(known, task.name)]
        if known.number > 1:
            for task in fresh:
                append(task.log, f"--- attempt {known.number} ---")
        if len(fresh) == len(rendered.tasks) and any(replica.init for replica in plan.replicas):
            known.is_preparing = True
            steps = (step.kind for replica in plan.replicas for step in replica.init)
            self._telling.progress(known, Phase.STARTING, "preparing: " + ", ".join(steps))
            self._jobs.do(self._prepare_and_begin(known, fresh))
            return
        self._begin(known, fresh)

    async def _prepare_and_begin(self, known: Attempt, tasks: list[Task]) -> None:
        failure = await prepare_all(known, self._prepare, self._machine, self._images.named_in)
        known.is_preparing = False
        if not self._is_open:
            return
        if known.is_stopping:
            self._closing.tell(known, Phase.STOPPED, message="stopped while preparing")
        elif failure is not None:
            self._closing.tell(known, Phase.FAILED, message=f"init failed: {failure}")
        else:
            self._begin(known, tasks)

    def _begin(self, known: Attempt, tasks: list[Task]) -> None:
        wanted = sum(task.gpus for task in tasks)
        try:
            devices = self._acquire(known, wanted)
        except OSError as error:
            self._closing.tell(known, Phase.FAILED, message=describe(error))
            return
        if devices is None and wanted > len(self._gpus.devices):
            known.waiting = []
            self._closing.tell(known, Phase.FAILED, None, self._gpus.too_few(wanted), "Unschedulable")
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
        self._closing.settle(known)

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
            command = Command(stem, known.directories, argv, task.env, task.cwd, task.log)
            ticket = self._keeper.spawn(command, locks, answered, place)
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
            self._closing.ended(known, task.name, answer.value, answer.at)
            return
        del known.running[task.name]
        if answer.what == "withdrawn" and not known.is_stopping:
            return
        if answer.what == "withdrawn":
            known.endings[task.name] = Ending(None)
        elif answer.what == "failed":
            self._not_started(known, task, 126, answer.value)
        elif not self._adopting.adopt(known, task.name):
            known.endings[task.name] = Ending(None, "its keeper was killed before it could start it")
        self._closing.settle(known)

    def _not_started(self, known: Attempt, task: Task, code: int, message: str) -> None:
        with suppress(OSError):
            for directory in known.directories:
                make_directory(directory)
            append(task.log, f"polyaxon: {message}")
        known.endings[task.name] = Ending(code, message)


def _now() -> datetime:
    return datetime.now(UTC)
