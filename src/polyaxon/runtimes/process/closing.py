"""How an attempt comes to its end: what its processes' endings decide, ending the others, telling it once.

Nothing of an attempt runs any more when its end is told.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.keeper import signal_group
from polyaxon.runtimes.process import claim
from polyaxon.runtimes.process.attempt import Attempt, Running
from polyaxon.runtimes.process.jobs import Jobs
from polyaxon.runtimes.process.keeping import Keeper
from polyaxon.runtimes.process.layout import Layout, remove_tree
from polyaxon.runtimes.process.read import Ending, Verdict, left_warnings, write_verdict
from polyaxon.runtimes.process.signals import kill, signal_program
from polyaxon.runtimes.process.strays import Strays
from polyaxon.runtimes.process.telling import Telling
from polyaxon.runtimes.process.watch import session_members

__all__ = ["Closing"]

_GRACE_SECONDS = 5.0
"""What sidecars and peers get when the deciding processes have ended."""


class Closing:
    """Ends attempts, which it takes out of `attempts` then."""

    def __init__(
        self,
        layout: Layout,
        attempts: MutableMapping[tuple[RunId, int], Attempt],
        keeper: Keeper,
        telling: Telling,
        jobs: Jobs,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._layout = layout
        self._attempts = attempts
        self._keeper = keeper
        self._telling = telling
        self._jobs = jobs
        self._strays = Strays(self._loop, layout, lambda run: any(known == run for known, _ in attempts))

    def close(self) -> None:
        """End what is left of what has ended."""
        self._strays.sweep()

    def ended(self, known: Attempt, name: str, code: int | None, at: datetime | None = None, message: str = "") -> None:
        """One process has ended."""
        running = known.running.pop(name)
        if known.is_stopping:
            self._kill_session(known, name, running)
        known.endings[name] = Ending(code, message)
        known.ended_at = at
        self.settle(known)

    def settle(self, known: Attempt) -> None:
        """Tell the final observation once the attempt has come to something and nothing of it runs any more."""
        if known.is_told or known.is_beginning:
            return
        decided = known.decide()
        if decided is None:
            return
        if not known.running:
            self.tell(known, decided.phase, decided.exit_code, decided.message, decided.reason)
        elif known.force is None:
            self.end(known, _GRACE_SECONDS)

    def resolve(self, known: Attempt, decided: Verdict) -> None:
        """End the attempt because of how it is: written down first, so that whoever goes on here ends it the same."""
        with suppress(OSError):
            write_verdict(self._layout.record(known.run, known.number, ""), decided)
        known.decided = decided
        self.settle(known)

    def end(self, known: Attempt, grace_seconds: float) -> None:
        """Ask what runs to end, and end it after the grace."""
        self.terminate(known)
        if known.force:
            known.force.cancel()
        known.force = self._loop.call_later(grace_seconds, self._force, known)

    def terminate(self, known: Attempt) -> None:
        """Ask what runs to end."""
        for running in known.running.values():
            if running.ticket:
                self._keeper.signal(running.ticket, signal.SIGTERM)
            elif running.pid:
                signal_group(running.pid, signal.SIGTERM)

    def tell(
        self, known: Attempt, phase: Phase, exit_code: int | None = None, message: str = "", reason: str = ""
    ) -> None:
        """Tell the end of the attempt and let go of it."""
        known.is_told = True
        known.let_go()
        if known.is_lined_up:
            self._keeper.withdraw(known.place)
        elif known.place and not known.is_alone:
            self._keeper.leave(known.place)
        self._strays.expect(known.run, known.number)
        self._attempts.pop(known.key, None)
        if known.has_context and phase is Phase.SUCCEEDED:
            context = self._layout.places(known.run).context
            self._jobs.do(asyncio.to_thread(remove_tree, context))
        warnings = (*known.warnings, *left_warnings(self._layout, known.run))
        at = known.ended_at or datetime.now(UTC)
        began = known.take_beginning()
        self._telling.end(Observation(*known.key, phase, at, exit_code, message, warnings, reason, began=began))

    def _force(self, known: Attempt) -> None:
        signal_program(known, signal.SIGKILL)
        for name, running in list(known.running.items()):
            self._kill_session(known, name, running)
            if running.ticket:
                self._keeper.signal(running.ticket, signal.SIGKILL)
            elif running.pid:
                signal_group(running.pid, signal.SIGKILL)

    def _kill_session(self, known: Attempt, name: str, running: Running) -> None:
        stem = self._layout.record(known.run, known.number, name)
        pid = claim.read_pid(stem) if running.ticket else running.pid
        for member in session_members(pid) if pid else ():
            kill(member)
