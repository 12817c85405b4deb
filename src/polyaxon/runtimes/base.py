"""The contract of a runtime: it starts, watches and stops attempts, and knows nothing of dags.

Every runtime passes `polyaxon.testing.RuntimeContract`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol, runtime_checkable

from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan, Places
from polyaxon.model.observation import Observation

__all__ = ["Runtime", "StartsAtOnce"]


class Runtime(Protocol):
    """Executes launch plans. One instance per scheduler process; all calls come from its event loop.

    The key of everything is `(run, attempt)`. Order of calls: `open`, then any of the others, then `close`.
    """

    name: str

    def places(self, run: RunId) -> Places:
        """Return where `run` will find its files. Pure and cheap: called while compiling."""
        ...

    async def open(self, places: int | None = None) -> None:
        """Acquire what the runtime needs to watch attempts. No more than `places` of them are to go on at once."""
        ...

    async def close(self) -> None:
        """Let go. Attempts go on; a later runtime on the same home adopts them. Safe to call twice."""
        ...

    async def start(
        self, plan: LaunchPlan, attempt: int, began: bool = False, lane: RunId | None = None, width: int = 0
    ) -> None:
        """Make sure the attempt exists. Called again for a known key, also by another process after a crash,
        it adopts what is there (running, or ended: then the ending is observed) and never starts a second one.
        Returns once the intent is on its way; progress and failures (also of preparation) come as observations.

        It begins, in the order of coming, when one of the `places` is free and fewer than `width` of its `lane` go on;
        then it is observed `RUNNING`, and `UNSCHEDULABLE` when that takes long. One that `began`, as was seen before,
        takes its place at once. Services take none.
        """
        ...

    def withdraw(self, runs: Iterable[RunId]) -> None:
        """Let attempts of these runs not begin that wait for a place, without a word: somebody else drives them now."""
        ...

    async def stop(self, run: RunId, attempt: int, grace_seconds: float) -> None:
        """Ask the attempt to end, and force it after the grace. Ends in a final observation, exactly one per call
        sequence; for an attempt that is not known the observation is `STOPPED` at once."""
        ...

    def observations(self) -> AsyncIterator[Sequence[Observation]]:
        """Yield batches of what was seen, as they come, until `close`. At least once each; the consumer copes."""
        ...

    async def clean(self, run: RunId) -> None:
        """Remove what the runtime keeps of a final run besides its artifacts. Safe to repeat."""
        ...


@runtime_checkable
class StartsAtOnce(Protocol):
    """What a runtime adds whose `start` never waits: whoever starts thousands of attempts need make no task of each."""

    def start_now(
        self, plan: LaunchPlan, attempt: int, began: bool = False, lane: RunId | None = None, width: int = 0
    ) -> None:
        """Do what `start` does. Should it fail, `start` is called for the same attempt."""
        ...
