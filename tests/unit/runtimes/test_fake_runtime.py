"""The scripted runtime keeps the contract that the real ones keep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.fake import FakeRuntime, Play
from polyaxon.testing.runtime_contract import shell_plan

RUN = RunId("a" * 32)


def observed(script, act: Callable[[FakeRuntime], Awaitable[None]], count: int) -> list[Observation]:
    """What is seen, until `count` observations came."""

    async def main() -> list[Observation]:
        runtime = FakeRuntime(script)
        await runtime.open()
        await act(runtime)
        seen: list[Observation] = []
        async with asyncio.timeout(120):
            async for batch in runtime.observations():
                seen.extend(batch)
                if len(seen) >= count:
                    await runtime.close()
        return seen

    return asyncio.run(main())


def plan(runtime: FakeRuntime):
    return shell_plan(runtime.places(RUN), RUN, "true")


def phases(seen: list[Observation]) -> list[Phase]:
    return [item.phase for item in seen]


def test_an_attempt_succeeds_at_once_by_default():
    seen = observed({}, lambda runtime: runtime.start(plan(runtime), 1), 2)
    assert phases(seen) == [Phase.RUNNING, Phase.SUCCEEDED]
    assert seen[-1].exit_code == 0


def test_starting_again_adopts_what_is_there():
    async def act(runtime: FakeRuntime) -> None:
        await runtime.start(plan(runtime), 1)
        await runtime.start(plan(runtime), 1)
        assert runtime.started == [(RUN, 1)]

    assert phases(observed({}, act, 3)) == [Phase.RUNNING, Phase.SUCCEEDED, Phase.SUCCEEDED]


def test_a_hanging_attempt_runs_until_it_is_stopped():
    async def act(runtime: FakeRuntime) -> None:
        await runtime.start(plan(runtime), 1)
        await runtime.stop(RUN, 1, 1.0)

    assert phases(observed(lambda *_: Play(hangs=True), act, 2)) == [Phase.RUNNING, Phase.STOPPED]


def test_stopping_an_unknown_attempt_is_confirmed_at_once():
    assert phases(observed({}, lambda runtime: runtime.stop(RUN, 1, 1.0), 1)) == [Phase.STOPPED]


def test_an_attempt_may_take_its_time_and_fail():
    play = Play(Phase.FAILED, seconds=0.01, message="boom")
    seen = observed(lambda *_: play, lambda runtime: runtime.start(plan(runtime), 1), 2)
    assert (phases(seen), seen[-1].exit_code, seen[-1].message) == ([Phase.RUNNING, Phase.FAILED], 1, "boom")


def test_observations_may_be_repeated():
    seen = observed(lambda *_: Play(times=2), lambda runtime: runtime.start(plan(runtime), 1), 4)
    assert phases(seen) == [Phase.RUNNING, Phase.RUNNING, Phase.SUCCEEDED, Phase.SUCCEEDED]
