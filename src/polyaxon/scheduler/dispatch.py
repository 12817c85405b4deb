"""Carrying out what was committed: starts, stops and cleanings, in order per run and side by side otherwise.

Nothing here decides: what a runtime refuses comes back as an observation, and the engine sees to the rest. A call that
fails may have done its work all the same, and every call is safe to repeat: so each is made once more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from polyaxon.engine.commands import Clean, Start, Stop
from polyaxon.errors import PolyaxonError, StoreError
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.base import Runtime, StartsAtOnce
from polyaxon.scheduler.crash import CrashPoint

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)


class Dispatcher:
    """Sends commands to the runtime; `observe` takes what it has to say about those that failed, `cleaned` writes down
    which runs need no cleaning any more."""

    def __init__(
        self,
        runtime: Runtime,
        observe: Callable[[Observation], None],
        cleaned: Callable[[Sequence[RunId]], Awaitable[None]],
        clock: Callable[[], datetime],
        crash: CrashPoint,
    ) -> None:
        self._runtime = runtime
        self._at_once = runtime if isinstance(runtime, StartsAtOnce) else None
        self._observe = observe
        self._cleaned = cleaned
        self._clean: list[RunId] = []
        self._clock = clock
        self._crash = crash
        self._last: dict[RunId, asyncio.Task[None]] = {}

    def send(self, command: Start | Stop | Clean) -> None:
        """Carry the command out after what was sent before for the same run."""
        run = command.plan.run if isinstance(command, Start) else command.run
        before = self._last.get(run)
        if before is None and isinstance(command, Start) and self._has_started(command):
            return
        work = self._carry_out(command)
        task = asyncio.get_running_loop().create_task(work if before is None else self._after(before, work))
        self._last[run] = task
        task.add_done_callback(lambda done: self._done(run, done))

    def _has_started(self, command: Start) -> bool:
        """Start the attempt now, where the runtime can; should that fail, it is tried again like every other call."""
        if self._at_once is None:
            return False
        try:
            self._at_once.start_now(command.plan, command.attempt, command.began, command.lane, command.width)
        except Exception:  # noqa: BLE001 - the next call says what it is
            return False
        self._crash("started")
        return True

    async def settle(self) -> None:
        """Wait until everything that was sent is carried out."""
        while self._last:
            await asyncio.gather(*self._last.values(), return_exceptions=True)

    def _done(self, run: RunId, task: asyncio.Task[None]) -> None:
        if self._last.get(run) is task:
            del self._last[run]

    async def _after(self, before: asyncio.Task[None], work: Coroutine[Any, Any, None]) -> None:
        await asyncio.wait([before])
        await work

    async def _carry_out(self, command: Start | Stop | Clean) -> None:
        if await self._failure(command) is None:
            return
        message = await self._failure(command)
        if message is None:
            return
        self._refused(command, message)
        if isinstance(command, Clean):
            await self._has_cleaned(command.run)  # trying for ever would keep its root busy
        if isinstance(command, Start):
            # It may have begun although nobody could say so: the attempt is over, whatever there is of it has to end.
            await self._failure(Stop(command.plan.run, command.attempt, 0.0))

    async def _failure(self, command: Start | Stop | Clean) -> str | None:
        """Make the call; return why it failed, if it did."""
        try:
            await self._call(command)
        except PolyaxonError as error:
            return error.message
        except Exception as error:  # noqa: BLE001 - logged, and observed as a failure
            # The edge to foreign code: one broken call must not take the other runs along.
            _log.exception("the runtime `%s` failed at %s", self._runtime.name, type(command).__name__.lower())
            return f"the runtime `{self._runtime.name}` failed: {type(error).__name__}: {error}"
        return None

    async def _call(self, command: Start | Stop | Clean) -> None:
        if isinstance(command, Start):
            await self._runtime.start(command.plan, command.attempt, command.began, command.lane, command.width)
            self._crash("started")
        elif isinstance(command, Stop):
            self._crash("stopping")
            await self._runtime.stop(command.run, command.attempt, command.grace_seconds)
        else:
            self._crash("cleaning")
            await self._runtime.clean(command.run)
            await self._has_cleaned(command.run)

    async def _has_cleaned(self, run: RunId) -> None:
        self._clean.append(run)
        await asyncio.sleep(0)  # those that are done in the same moment share a commit
        if not self._clean:
            return
        done, self._clean = self._clean, []
        try:
            await self._cleaned(done)
        except StoreError as error:
            _log.warning("%s", error.message)  # they are cleaned once more

    def _refused(self, command: Start | Stop | Clean, message: str) -> None:
        if isinstance(command, Start):
            seen = Observation(command.plan.run, command.attempt, Phase.FAILED, self._clock(), message=message)
            self._observe(seen)
        elif isinstance(command, Stop):
            # It may still be going: the engine's own deadline for stuck stops decides, not a guess.
            _log.warning("run %s could not be stopped: %s", command.run, message)
        else:
            _log.warning("run %s could not be cleaned up: %s", command.run, message)
