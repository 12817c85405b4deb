"""The conformance suite of runtimes: what every one of them promises the scheduler.

A test class inherits `RuntimeContract` and returns from `opened` a context manager that yields an open runtime on a
given home; entering it again on the same home is what a scheduler does after a crash. Commands are `sh` scripts: the
runtime must be able to run one (the fake runtime need not inherit).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from polyaxon.model.ids import RunId, child_id
from polyaxon.model.launch import Container, LaunchPlan, Places, Replica
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.base import Runtime

__all__ = ["RuntimeContract", "Watcher", "shell_plan"]

DEADLINE_SECONDS = 120.0


def shell_plan(places: Places, run: RunId, script: str, env: dict[str, str] | None = None) -> LaunchPlan:
    """Return the plan of a job that runs a shell script."""
    container = Container("main", command=("sh", "-c"), args=(script,), env=env or {})
    return LaunchPlan(run, "project", "owner", None, "job", "job", places, (Replica("main", container=container),))


class Watcher:
    """Collects what a runtime observes and waits for what a test wants to see."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.seen: list[Observation] = []
        self._changed = asyncio.Condition()
        self._task = asyncio.ensure_future(self._collect())

    async def _collect(self) -> None:
        async for batch in self.runtime.observations():
            async with self._changed:
                self.seen.extend(batch)
                self._changed.notify_all()

    async def until(self, wanted: Callable[[Sequence[Observation]], bool]) -> None:
        """Wait until the observations so far satisfy `wanted`; fail at the deadline with what was seen."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS), self._changed:
                await self._changed.wait_for(lambda: wanted(self.seen))
        except TimeoutError:
            raise AssertionError(f"not seen in {DEADLINE_SECONDS} s; seen: {self.seen}") from None

    async def final(self, run: RunId, attempt: int = 1) -> Observation:
        """Wait for the final observation of the attempt and return it."""
        await self.until(lambda _: any(item.is_final and item.run == run for item in self.of(run, attempt)))
        return next(item for item in self.of(run, attempt) if item.is_final)

    async def phase(self, run: RunId, phase: Phase) -> Observation:
        """Wait for the phase and return its observation."""
        await self.until(lambda _: any(item.phase is phase for item in self.of(run)))
        return next(item for item in self.of(run) if item.phase is phase)

    def of(self, run: RunId, attempt: int | None = None) -> list[Observation]:
        """Return what was seen of one run."""
        return [item for item in self.seen if item.run == run and attempt in (None, item.attempt)]

    async def close(self) -> None:
        """Wait for the end of the observations, which follows the runtime's `close`."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._task


class RuntimeContract:
    """Inherit, implement `opened`, and every test below is one promise."""

    run = child_id(RunId("0" * 32), "contract")

    def opened(self, home: str) -> AbstractAsyncContextManager[Runtime]:
        """Return a context manager that opens a runtime on the home and closes it."""
        raise NotImplementedError

    def read_log(self, runtime: Runtime, run: RunId) -> str:
        """Return everything the run's attempts have printed."""
        raise NotImplementedError

    def test_success_is_observed_after_running(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, "exit 0"), 1)
            final = await watcher.final(self.run)
            assert (final.phase, final.exit_code) == (Phase.SUCCEEDED, 0)
            assert [item.phase for item in watcher.of(self.run)] == [Phase.RUNNING, Phase.SUCCEEDED]

        self._play(tmp_path, scenario)

    def test_a_failure_carries_its_exit_code(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, "exit 7"), 1)
            final = await watcher.final(self.run)
            assert (final.phase, final.exit_code) == (Phase.FAILED, 7)
            assert "7" in final.message

        self._play(tmp_path, scenario)

    def test_times_are_aware_and_in_order(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, "exit 0"), 1)
            await watcher.final(self.run)
            times = [item.at for item in watcher.of(self.run)]
            assert all(time.utcoffset() is not None for time in times)
            assert times == sorted(times)

        self._play(tmp_path, scenario)

    def test_starting_again_starts_nothing(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            plan = shell_plan(runtime.places(self.run), self.run, f"echo x >> {tmp_path}/count")
            await asyncio.gather(*(runtime.start(plan, 1) for _ in range(3)))
            await watcher.final(self.run)
            await runtime.start(plan, 1)
            await watcher.until(lambda _: sum(item.is_final for item in watcher.of(self.run)) == 2)
            assert (tmp_path / "count").read_text() == "x\n"

        self._play(tmp_path, scenario)

    def test_another_attempt_is_another_start(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            plan = shell_plan(runtime.places(self.run), self.run, f"echo x >> {tmp_path}/count; exit 1")
            for attempt in (1, 2):
                await runtime.start(plan, attempt)
                assert (await watcher.final(self.run, attempt)).attempt == attempt
            assert (tmp_path / "count").read_text() == "x\nx\n"

        self._play(tmp_path, scenario)

    def test_output_of_all_attempts_is_kept(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            places = runtime.places(self.run)
            for attempt, word in ((1, "first"), (2, "second")):
                await runtime.start(shell_plan(places, self.run, f"echo {word}; echo {word}-err >&2; exit 1"), attempt)
                await watcher.final(self.run, attempt)
            log = self.read_log(runtime, self.run)
            positions = [log.index(word) for word in ("first", "first-err", "second", "second-err")]
            assert positions == sorted(positions)

        self._play(tmp_path, scenario)

    def test_a_live_attempt_is_adopted_by_the_next_runtime(self, tmp_path: Path) -> None:
        script = f"echo x >> {tmp_path}/count; until [ -e {tmp_path}/go ]; do sleep 0.02; done; exit 5"

        async def first(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, script), 1)
            await watcher.phase(self.run, Phase.RUNNING)

        async def second(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, script), 1)
            await watcher.phase(self.run, Phase.RUNNING)
            (tmp_path / "go").touch()
            final = await watcher.final(self.run)
            assert (final.phase, final.exit_code) == (Phase.FAILED, 5)
            assert (tmp_path / "count").read_text() == "x\n"

        self._play(tmp_path, first)
        self._play(tmp_path, second)

    def test_an_ending_that_nobody_watched_is_observed_by_the_next_runtime(self, tmp_path: Path) -> None:
        script = f"until [ -e {tmp_path}/go ]; do sleep 0.02; done; echo done > {tmp_path}/done; exit 4"

        async def first(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, script), 1)
            await watcher.phase(self.run, Phase.RUNNING)

        async def second(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, script), 1)
            final = await watcher.final(self.run)
            assert (final.phase, final.exit_code) == (Phase.FAILED, 4)

        async def unwatched() -> None:
            (tmp_path / "go").touch()
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not (tmp_path / "done").exists():
                    await asyncio.sleep(0.01)

        self._play(tmp_path, first)
        asyncio.run(unwatched())
        self._play(tmp_path, second)

    def test_a_stop_ends_in_stopped(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, "sleep 600"), 1)
            await watcher.phase(self.run, Phase.RUNNING)
            await runtime.stop(self.run, 1, grace_seconds=20)
            assert (await watcher.final(self.run)).phase is Phase.STOPPED

        self._play(tmp_path, scenario)

    def test_a_stop_is_forced_after_the_grace(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            script = f"trap '' TERM; touch {tmp_path}/deaf; while :; do sleep 0.05; done"
            await runtime.start(shell_plan(runtime.places(self.run), self.run, script), 1)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not (tmp_path / "deaf").exists():
                    await asyncio.sleep(0.01)
            await runtime.stop(self.run, 1, grace_seconds=0.2)
            assert (await watcher.final(self.run)).phase is Phase.STOPPED

        self._play(tmp_path, scenario)

    def test_stopping_what_is_not_known_is_stopped_at_once(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.stop(self.run, 3, grace_seconds=20)
            final = await watcher.final(self.run, 3)
            assert (final.phase, final.attempt) == (Phase.STOPPED, 3)

        self._play(tmp_path, scenario)

    def test_the_next_runtime_can_stop_what_it_did_not_start(self, tmp_path: Path) -> None:
        async def first(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.start(shell_plan(runtime.places(self.run), self.run, "sleep 600"), 1)
            await watcher.phase(self.run, Phase.RUNNING)

        async def second(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.stop(self.run, 1, grace_seconds=20)
            assert (await watcher.final(self.run)).phase is Phase.STOPPED

        self._play(tmp_path, first)
        self._play(tmp_path, second)

    def test_a_command_that_does_not_exist_fails_with_its_name(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            places = runtime.places(self.run)
            container = Container("main", command=("no-such-command-anywhere",))
            replicas = (Replica("main", container=container),)
            await runtime.start(LaunchPlan(self.run, "p", "o", None, "job", "job", places, replicas), 1)
            final = await watcher.final(self.run)
            assert final.phase is Phase.FAILED
            assert "no-such-command-anywhere" in final.message

        self._play(tmp_path, scenario)

    def test_the_run_finds_itself_and_its_directory(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            script = (
                'echo "$POLYAXON_IS_MANAGED $POLYAXON_RUN_INSTANCE $MINE" > "$POLYAXON_RUN_ARTIFACTS_PATH/outputs/it"'
            )
            places = runtime.places(self.run)
            await runtime.start(shell_plan(places, self.run, script, {"MINE": "42"}), 1)
            assert (await watcher.final(self.run)).phase is Phase.SUCCEEDED
            assert Path(places.run_outputs, "it").read_text() == f"true owner.project.runs.{self.run} 42\n"

        self._play(tmp_path, scenario)

    def test_cleaning_keeps_the_artifacts_and_may_be_repeated(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            places = runtime.places(self.run)
            await runtime.start(shell_plan(places, self.run, f"echo kept > {places.run_outputs}/it"), 1)
            await watcher.final(self.run)
            await runtime.clean(self.run)
            await runtime.clean(self.run)
            assert Path(places.run_outputs, "it").read_text() == "kept\n"

        self._play(tmp_path, scenario)

    def test_observations_end_when_the_runtime_is_closed_twice(self, tmp_path: Path) -> None:
        async def scenario(runtime: Runtime, watcher: Watcher) -> None:
            await runtime.close()
            await runtime.close()
            await watcher.close()

        self._play(tmp_path, scenario)

    def _play(self, home: Path, scenario: Callable[[Runtime, Watcher], Awaitable[None]]) -> None:
        async def play() -> None:
            async with self.opened(str(home / "home")) as runtime, watching(runtime) as watcher:
                await scenario(runtime, watcher)

        asyncio.run(play())


@asynccontextmanager
async def watching(runtime: Runtime) -> AsyncIterator[Watcher]:
    """Collect the runtime's observations; closes the runtime at the end."""
    watcher = Watcher(runtime)
    try:
        yield watcher
    finally:
        await runtime.close()
        await watcher.close()
