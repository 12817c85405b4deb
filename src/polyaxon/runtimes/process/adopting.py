"""Attempts that somebody else began: whoever has a process's claim runs it, and its end is waited for here."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import MutableMapping
from functools import partial
from pathlib import Path

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Phase
from polyaxon.runtimes.keeper import make_directory, signal_group
from polyaxon.runtimes.process import claim
from polyaxon.runtimes.process.attempt import Attempt, Running
from polyaxon.runtimes.process.closing import Closing
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.programs import kill_stale_program
from polyaxon.runtimes.process.read import Ending
from polyaxon.runtimes.process.render import Duty
from polyaxon.runtimes.process.telling import Telling
from polyaxon.runtimes.process.watch import Watch

__all__ = ["Adopting"]

_CLAIM_SECONDS = 0.5
"""How long a keeper may take between creating a claim and writing into it."""
_CODE_SECONDS = 0.02
"""How often an exit code is looked for that another scheduler's keeper is about to write."""


class Adopting:
    """Watches processes that are not our keeper's."""

    def __init__(
        self,
        layout: Layout,
        attempts: MutableMapping[tuple[RunId, int], Attempt],
        telling: Telling,
        closing: Closing,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._watch = Watch(self._loop)
        self._layout = layout
        self._attempts = attempts
        self._telling = telling
        self._closing = closing
        self._is_open = True

    def close(self) -> None:
        """Stop watching; the processes go on."""
        self._is_open = False
        self._watch.close()

    def adopt(self, known: Attempt, name: str) -> bool:
        """Watch the task's process if somebody has the claim; False when nobody has."""
        owner = claim.read_identity(self._stem(known, name))
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

    def find(self, run: RunId, attempt: int) -> Attempt | None:
        """Return an attempt that only its files know, with every task claimed: by its process, or forbidden."""
        known = Attempt(run, attempt)
        stem = self._layout.record(run, attempt, "")
        kill_stale_program(stem)
        try:
            names = Path(f"{stem}names").read_text().split()
        except OSError:
            names = ["main"]
        make_directory(self._layout.shelf(run))
        if not (taken := [name for name in names if not claim.forbid(stem + name)]):
            return None
        self._attempts[known.key] = known
        known.duties = dict.fromkeys(names, Duty.DECIDES)
        known.is_stopping = known.is_beginning = True
        for name in taken:
            self.adopt(known, name)
        known.is_beginning = False
        return known

    def _adopt_process(self, known: Attempt, name: str, owner: claim.Identity) -> None:
        if known.patient is None:
            self._telling.progress(known, Phase.RUNNING, at=owner.at)
        known.running[name] = Running(pid=owner.pid)
        ended = partial(self._ended, known, name, owner)
        if not self._watch.other(owner.pid, partial(claim.is_same, owner), ended):
            known.running[name] = Running()  # The pid may be another process's by now.
            self._loop.call_soon(self._code_written, known, name, owner)
        elif known.is_stopping:
            self._closing.terminate(known)

    def _adopt_late(self, known: Attempt, name: str) -> None:
        """Look again at a claim that was being written; one that still says nothing was lost with its keeper."""
        if not self._is_open:
            return
        if isinstance(claim.read_identity(self._stem(known, name)), claim.Identity):
            self.adopt(known, name)
        else:
            self._closing.ended(known, name, None)

    def _ended(self, known: Attempt, name: str, owner: claim.Identity) -> None:
        signal_group(owner.pid, signal.SIGKILL)
        self._code_written(known, name, owner)

    def _code_written(self, known: Attempt, name: str, owner: claim.Identity) -> None:
        """Take the exit code that the process's keeper writes; without a keeper there will be none."""
        if not self._is_open:
            return
        is_kept = claim.is_kept(owner)  # before looking: it may write the code and leave
        end = claim.read_end(self._stem(known, name))
        if end is None and is_kept:
            self._loop.call_later(_CODE_SECONDS, self._code_written, known, name, owner)
        else:
            self._closing.ended(known, name, *(end or (None, None)))

    def _stem(self, known: Attempt, name: str) -> str:
        return self._layout.record(known.run, known.number, name)
