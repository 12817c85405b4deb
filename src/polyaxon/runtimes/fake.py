"""A runtime that runs nothing: attempts go as a script says, for tests, benchmarks and dry demonstrations.

By default every attempt succeeds at once. It keeps the contract of `runtimes/base.py`: attempts are started once, stops
end in one final observation, observations may come twice when the script says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.runtimes.line import Line

__all__ = ["FakeRuntime", "Play"]


@dataclass(frozen=True, slots=True)
class Play:
    """How one attempt goes. `seconds` is how long it takes: on the event loop's clock, or not at all when zero."""

    phase: Phase = Phase.SUCCEEDED
    seconds: float = 0.0
    exit_code: int | None = None
    message: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the attempt leaves behind; whoever ingests results asks `outputs_of`."""
    warnings: tuple[str, ...] = ()
    hangs: bool = False
    """Runs until it is stopped."""
    times: int = 1
    """How often each observation is seen."""
    silent: bool = False
    """Without a `running` observation."""


Script = Mapping[str, Play] | Callable[[LaunchPlan, int], Play]
_SUCCESS = Play()


class FakeRuntime:
    """Plays attempts. `script` gives the play by the plan's name, or is asked for each attempt."""

    name = "fake"

    def __init__(
        self,
        script: Script | None = None,
        home: str = "/fake",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._script = script or {}
        self._home = home
        self._clock = clock
        self._plays: dict[tuple[RunId, int], Play] = {}
        self._ended: dict[tuple[RunId, int], Observation] = {}
        self._line = Line()
        self._lined_up: dict[tuple[RunId, int], Play] = {}
        self._timers: dict[tuple[RunId, int], asyncio.TimerHandle] = {}
        self._seen: list[Observation] = []
        self._wake = asyncio.Event()
        self._closed = False
        self.started: list[tuple[RunId, int]] = []
        self.cleaned: list[RunId] = []

    def places(self, run: RunId) -> Places:
        """Return paths that exist nowhere."""
        own = f"{self._home}/artifacts/{run}"
        context = f"{self._home}/contexts/{run}"
        return Places(context, f"{context}/artifacts", own, f"{own}/outputs", f"{self._home}/artifacts")

    def outputs_of(self, run: RunId, attempt: int) -> Mapping[str, Any]:
        """Return what the attempt left behind."""
        return self._plays.get((run, attempt), _SUCCESS).outputs

    async def open(self, places: int | None = None) -> None:
        """Begin, or begin again after `close`: the attempts are still known."""
        self._closed = False
        self._line = Line(places)

    async def close(self) -> None:
        """End `observations`."""
        self._closed = True
        self._wake.set()

    async def start(
        self, plan: LaunchPlan, attempt: int, began: bool = False, lane: RunId | None = None, width: int = 0
    ) -> None:
        """Play the attempt when there is a place for it; a known one is only seen again."""
        self.start_now(plan, attempt, began, lane, width)

    def start_now(
        self, plan: LaunchPlan, attempt: int, began: bool = False, lane: RunId | None = None, width: int = 0
    ) -> None:
        """Start the attempt: nothing here waits."""
        key = (plan.run, attempt)
        if key in self._plays:
            ended = self._ended.get(key)
            if ended is not None or key not in self._lined_up:
                seen = ended or Observation(plan.run, attempt, Phase.RUNNING, self._clock())
                self._see(self._plays[key], seen)
            return
        play = self._plays[key] = self._play_of(plan, attempt)
        if plan.kind == RunKind.SERVICE:
            self._begin(key, play)
            return
        self._lined_up[key] = play
        self._line.enter(key, lane, width, began)
        if began:
            self._begin(key, play)
        self._go_on()

    def withdraw(self, runs: Iterable[RunId]) -> None:
        """Forget attempts that wait for a place."""
        wanted = frozenset(runs)
        for key in [key for key in self._lined_up if key[0] in wanted]:
            self._line.withdraw(key)
            del self._lined_up[key], self._plays[key]

    def _go_on(self) -> None:
        for key in self._line.begin():
            self._begin(key, self._lined_up[key])

    def _begin(self, key: tuple[RunId, int], play: Play) -> None:
        self._lined_up.pop(key, None)
        self.started.append(key)
        if not play.silent:
            self._see(play, Observation(*key, Phase.RUNNING, self._clock(), warnings=play.warnings))
        if play.hangs:
            return
        if play.seconds > 0:
            loop = asyncio.get_running_loop()
            self._timers[key] = loop.call_later(play.seconds, self._end, key, play.phase)
        else:
            self._end(key, play.phase)

    async def stop(self, run: RunId, attempt: int, grace_seconds: float) -> None:
        """End the attempt at once; one that is not known is stopped already."""
        del grace_seconds
        key = (run, attempt)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        self._line.withdraw(key)
        self._lined_up.pop(key, None)
        self._plays.setdefault(key, _SUCCESS)
        self._end(key, Phase.STOPPED)

    async def observations(self) -> AsyncIterator[Sequence[Observation]]:
        """Yield what was seen since the last time."""
        while True:
            if self._seen:
                batch, self._seen = self._seen, []
                yield batch
            elif self._closed:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    async def clean(self, run: RunId) -> None:
        """Remember that it was asked."""
        self.cleaned.append(run)

    def _play_of(self, plan: LaunchPlan, attempt: int) -> Play:
        if callable(self._script):
            return self._script(plan, attempt)
        return self._script.get(plan.name or "", _SUCCESS)

    def _end(self, key: tuple[RunId, int], phase: Phase) -> None:
        self._timers.pop(key, None)
        play = self._plays[key]
        if key not in self._ended:
            code = play.exit_code if play.exit_code is not None else _EXIT_CODES.get(phase)
            self._ended[key] = Observation(*key, phase, self._clock(), code, play.message)
        self._see(play, self._ended[key])
        self._line.leave(key)
        self._go_on()

    def _see(self, play: Play, observation: Observation) -> None:
        self._seen.extend([observation] * play.times)
        self._wake.set()


_EXIT_CODES = {Phase.SUCCEEDED: 0, Phase.FAILED: 1}
