"""Looking after an attempt while it runs: is it up, is it well, is anybody using it?

Readiness makes a service `running`, a failed startup or liveness probe fails the attempt, and a service that nobody has
used for its `culling` time is stopped. One task per attempt; it ends with the attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from polyaxon.model.launch import LaunchPlan
from polyaxon.model.observation import Phase
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process.asking import Listeners, ask, last_activity
from polyaxon.runtimes.process.probes import Check, activity_check
from polyaxon.runtimes.process.read import Verdict
from polyaxon.runtimes.process.render import Rendered, Task

__all__ = ["Culling", "Patient", "look_after", "patient_of"]

_PATIENCE_SECONDS = 30.0
"""After so long without an answer it is worth a warning."""
_FIRST_SECONDS = 0.05
"""The first questions come quickly, then ever slower up to the probe's period: starting is what people wait for."""


@dataclass(frozen=True, slots=True)
class Culling:
    """When an idle service is stopped, and how to see that it is idle."""

    seconds: float
    check: Check
    task: Task


@dataclass(slots=True)
class Patient:
    """What is told of an attempt. `tell` takes a phase with a message, `end` what the attempt comes to."""

    tasks: Sequence[Task]
    address: str
    """Where it can be reached, for the message."""
    listeners: Listeners
    tell: Callable[[Phase, str], None]
    end: Callable[[Verdict], None]
    culling: Culling | None = None


def patient_of(
    plan: LaunchPlan,
    rendered: Rendered,
    listeners: Listeners,
    tell: Callable[[Phase, str], None],
    end: Callable[[Verdict], None],
) -> Patient | None:
    """Return what is to be asked of the attempt, None when nothing is."""
    culling = _culling(plan, rendered)
    asked = [task for task in rendered.tasks if task.checks]
    if not (asked or culling):
        return None
    return Patient(asked, " ".join(rendered.urls), listeners, tell, end, culling)


def _culling(plan: LaunchPlan, rendered: Rendered) -> Culling | None:
    seconds, probe = plan.termination.culling_timeout, plan.termination.probe
    if not seconds or probe is None or not rendered.tasks:
        return None
    task = rendered.tasks[0]
    check = activity_check(probe.http, probe.exec, task.ports)
    return Culling(seconds, check, task) if check is not None else None


async def look_after(patient: Patient) -> None:
    """Ask every process's checks until cancelled, or until nothing is left to ask."""
    waiting = {task.name: task.checks.ready for task in patient.tasks if task.checks.ready is not None}
    if waiting:
        patient.tell(Phase.STARTING, "waits until " + ", ".join(check.text for check in waiting.values()))
    else:
        patient.tell(Phase.RUNNING, "")
    ward = _Ward(patient, set(waiting))
    async with asyncio.TaskGroup() as group:
        for task in patient.tasks:
            if task.checks:
                group.create_task(ward.look_at(task))
        if patient.culling is not None:
            group.create_task(ward.cull(patient.culling))


class _Ward:
    """The tasks of one attempt: who is not ready, and whether all were ready once."""

    def __init__(self, patient: Patient, unready: set[str]) -> None:
        self._patient = patient
        self._unready = unready
        self._ready = asyncio.Event()
        if not unready:
            self._ready.set()

    async def look_at(self, task: Task) -> None:
        """Startup first, then readiness and liveness side by side."""
        checks = task.checks
        if checks.startup is not None:
            last = await self._until_good(task, checks.startup, checks.startup.failures * checks.startup.period)
            if last is not None:
                self._fail(task, "startup", checks.startup, last)
                return
        async with asyncio.TaskGroup() as group:
            if checks.ready is not None:
                group.create_task(self._become_ready(task, checks.ready, checks.lasting))
            if checks.live is not None:
                group.create_task(self._stay_alive(task, checks.live))

    async def cull(self, culling: Culling) -> None:
        """Stop the attempt when nobody has used it for long enough; no answer is no reason to stop it."""
        await self._ready.wait()
        # Told in the machine's time and counted in the loop's, which nobody sets: a step of the clock is no idleness.
        loop = asyncio.get_running_loop()
        quiet_since, last_said = loop.time(), None
        while True:
            await asyncio.sleep(min(30.0, max(0.2, culling.seconds / 4)))
            said = await last_activity(culling.check, culling.task.env, culling.task.cwd)
            if isinstance(said, datetime) and said != last_said:
                last_said = said
                quiet_since = max(quiet_since, loop.time() - max(0.0, (datetime.now(UTC) - said).total_seconds()))
            if not isinstance(said, str) and loop.time() - quiet_since >= culling.seconds:
                message = f"nobody used it for {culling.seconds:g} s (termination.culling)"
                self._patient.end(Verdict(Phase.STOPPED, None, message, reason="Culled"))
                return

    async def _become_ready(self, task: Task, check: Check, lasting: bool) -> None:
        await asyncio.sleep(check.delay)
        await self._until_good(task, check)
        self._is_ready(task)
        failed = good = 0
        while lasting:
            await asyncio.sleep(check.period)
            wrong = await self._ask(task, check)
            failed, good = (failed + 1, 0) if wrong else (0, good + 1)
            if failed >= check.failures and task.name not in self._unready:
                self._unready.add(task.name)
                self._patient.tell(Phase.WARNING, f"`{task.name}` is not ready any more: {wrong}")
            elif task.name in self._unready and good >= check.successes:
                self._is_ready(task)

    async def _stay_alive(self, task: Task, check: Check) -> None:
        await asyncio.sleep(check.delay)
        failed = 0
        while True:
            await asyncio.sleep(check.period)
            wrong = await self._ask(task, check)
            failed = failed + 1 if wrong else 0
            if wrong and failed >= check.failures:
                self._fail(task, "liveness", check, wrong)
                return

    async def _until_good(self, task: Task, check: Check, limit: float | None = None) -> str | None:
        """Ask until the answer is good (None), or the limit is over (what was wrong last)."""
        loop = asyncio.get_running_loop()
        began, pause, warned = loop.time(), _FIRST_SECONDS, False
        while wrong := await self._ask(task, check):
            waited = loop.time() - began
            if limit is not None and waited >= limit:
                return wrong
            if waited >= _PATIENCE_SECONDS and not warned:
                warned = True
                text = f"`{task.name}` is not ready after {_PATIENCE_SECONDS:g} s: {wrong}{_advice(check, task)}"
                self._patient.tell(Phase.WARNING, text)
            await asyncio.sleep(pause)
            pause = min(max(check.period, _FIRST_SECONDS), pause * 1.5)
        return None

    async def _ask(self, task: Task, check: Check) -> str | None:
        return await ask(check, self._patient.listeners, task.env, task.cwd)

    def _is_ready(self, task: Task) -> None:
        self._unready.discard(task.name)
        if not self._unready:
            self._ready.set()
            self._patient.tell(Phase.RUNNING, f"ready at {self._patient.address}" if self._patient.address else "")

    def _fail(self, task: Task, kind: str, check: Check, wrong: str) -> None:
        message = f"the {kind} probe of `{task.name}` failed {check.failures} times: {wrong}"
        self._patient.end(Verdict(Phase.FAILED, None, message))


def _advice(check: Check, task: Task) -> str:
    if check.kind != "listen":
        return ""
    return f"; the command is to listen on the port in `$PORT` ({task.env.get('PORT', check.port)})"
