"""A home with a store, a runtime that does what it is told, and schedulers on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.engine import Limits
from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import Run
from polyaxon.runtimes.line import Line
from polyaxon.scheduler.loop import Scheduler, Tuning
from polyaxon.server import Local, _engine
from polyaxon.settings import Settings, read_settings
from polyaxon.store.sql import SqlStore
from polyaxon.store.sqlite import SqliteDatabase

DEADLINE_SECONDS = 120.0


class ScriptedRuntime:
    """Attempts end as soon as they begin, unless their run's name is in `held`. `exits` gives exit codes by name."""

    name = "scripted"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[tuple[str | None, int]] = []
        self.stopped: list[RunId] = []
        self.cleaned: list[RunId] = []
        self.held: set[str] = set()
        self.exits: dict[str, list[int]] = {}
        self.on_start: Callable[[LaunchPlan, int], None] = lambda plan, attempt: None
        self.attempts: dict[tuple[RunId, int], LaunchPlan] = {}
        self._queue: asyncio.Queue[Sequence[Observation]] = asyncio.Queue()
        self._lined_up: dict[tuple[RunId, int], LaunchPlan] = {}

    def places(self, run: RunId) -> Places:
        store = self.home / "artifacts"
        return Places("/c", "/c/a", str(store / run), str(store / run / "outputs"), str(store))

    async def open(self, places: int | None = None) -> None:
        self._queue = asyncio.Queue()
        self._line, self._lined_up = Line(places), {}

    async def close(self) -> None:
        return None

    async def start(self, plan: LaunchPlan, attempt: int, *turn: Any) -> None:
        self.on_start(plan, attempt)
        key = (plan.run, attempt)
        if key in self.attempts:
            self._play(key)
        else:
            self._lined_up[key] = plan
            self._line.enter(key)
            self._go_on()

    def _go_on(self) -> None:
        for key in self._line.begin():
            self.attempts[key] = self._lined_up.pop(key)
            self.started.append((self.attempts[key].name, key[1]))
            self._play(key)

    def _play(self, key: tuple[RunId, int]) -> None:
        self.see(*key, Phase.RUNNING)
        if self.attempts[key].name not in self.held:
            self.end(*key)

    def end(self, run: RunId, attempt: int) -> None:
        """Let an attempt end."""
        codes = self.exits.get(self.attempts[run, attempt].name or "", [])
        code = codes.pop(0) if codes else 0
        self.see(run, attempt, Phase.FAILED if code else Phase.SUCCEEDED, code)
        self._line.leave((run, attempt))
        self._go_on()

    def see(self, run: RunId, attempt: int, phase: Phase, code: int | None = None, message: str = "") -> None:
        """Observe something."""
        self._queue.put_nowait([Observation(run, attempt, phase, datetime.now(UTC), code, message)])

    def withdraw(self, runs: Iterable[RunId]) -> None:
        for key in [key for key in self._lined_up if key[0] in set(runs)]:
            self._line.withdraw(key)
            del self._lined_up[key]

    async def stop(self, run: RunId, attempt: int, grace_seconds: float) -> None:
        self.stopped.append(run)
        self.see(run, attempt, Phase.STOPPED)
        self._line.withdraw((run, attempt))
        self._lined_up.pop((run, attempt), None)
        self._line.leave((run, attempt))
        self._go_on()

    async def observations(self) -> AsyncIterator[Sequence[Observation]]:
        while True:
            yield await self._queue.get()

    async def clean(self, run: RunId) -> None:
        self.cleaned.append(run)


class Bench:
    """One home, and what a test does with it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings: Settings = read_settings({"POLYAXON_HOME": str(home)})
        self.store = SqlStore(SqliteDatabase(str(home / "polyaxon.db")), is_gone=lambda _: False)
        self.store.migrate()
        self.runtime = ScriptedRuntime(home)
        self.local = Local(self.settings, self.store, lambda: self.runtime)

    def submit(self, text: str, hold: bool = False) -> Run:
        """Load and store a polyaxonfile."""
        loaded = load(_NO_SOURCES, Source(text, "test.yaml"))
        assert loaded.operation is not None, loaded.problems
        return self.local.submit(loaded.operation, name=loaded.name, components=loaded.components, hold=hold)

    def scheduler(self, owner: str = "me:1:1", store: Any = None, **options: Any) -> Scheduler:
        """Return a scheduler on this home; `owner` tells several apart."""
        options.setdefault("tuning", Tuning(poll_seconds_deaf=0.02, linger_seconds=0, retry_seconds=0.02))
        options.setdefault("limits", Limits())
        engine = _engine(self.settings, self.runtime)
        return Scheduler(store or self.store, self.runtime, engine, owner, **options)

    async def until(self, scheduler: Scheduler, condition: Callable[[], bool], adopt: bool = True) -> None:
        """Run the scheduler until the condition holds, which it must before the deadline."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await scheduler.run(lambda: condition(), adopt)

    def drive(self, root: Run, **options: Any) -> None:
        """Drive a root to its end."""
        asyncio.run(self.until(self.scheduler(**options), lambda: self.is_over(root)))

    def is_over(self, root: Run) -> bool:
        """Whether the run is final in the store."""
        return self.status(root) in {"succeeded", "failed", "stopped", "skipped", "upstream_failed"}

    def status(self, run: Run) -> str:
        """Return the stored status."""
        return self.store.get(run.uuid).status.value

    def statuses(self, root: Run) -> dict[str | None, str]:
        """Return the stored statuses below the root by name."""
        return {each.name: each.status.value for each in self.store.tree(root.uuid)}


class _NoSources:
    def read(self, kind: str, ref: str, base: str | None) -> Source:
        raise AssertionError(f"nothing is referred to, but {kind} {ref} is read from {base}")


_NO_SOURCES = _NoSources()


JOB = """
version: 1.1
kind: component
name: job
run: {kind: job, container: {image: x, command: ["true"]}}
"""


def dag(*operations: str) -> str:
    """Return a dag whose operations are jobs: `name` or `name: further fields`."""
    lines = ["version: 1.1", "kind: component", "name: flow", "run:", "  kind: dag", "  operations:"]
    for operation in operations:
        name, _, rest = operation.partition(":")
        more = f", {rest.strip()}" if rest else ""
        job = "component: {run: {kind: job, container: {image: x, command: ['true']}}}"
        lines.append(f"  - {{name: {name.strip()}, cache: {{disable: true}}, {job}{more}}}")
    return "\n".join(lines) + "\n"
