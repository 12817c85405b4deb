"""One attempt while this process watches it: its tasks, what has begun, what has ended."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import field
from datetime import datetime

from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process.health import Patient
from polyaxon.runtimes.process.ports import Ports
from polyaxon.runtimes.process.read import Ending, Verdict, verdict
from polyaxon.runtimes.process.render import Duty, Task

__all__ = ["Attempt"]


@dataclass(slots=True, eq=False)
class Attempt:
    """Owned by the event loop; only `is_cancelled` and `program` are shared with the thread that prepares."""

    run: RunId
    number: int
    plan: LaunchPlan | None = None
    """None for an attempt that is only known from its files, to be stopped."""
    duties: dict[str, Duty] = field(default_factory=dict)
    waiting: list[Task] = field(default_factory=list)
    """Tasks that are not spawned for want of a device."""
    pids: dict[str, int] = field(default_factory=dict)
    """Tasks that run."""
    endings: dict[str, Ending] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    has_context: bool = False
    is_beginning: bool = False
    """Whether some tasks are not begun yet: nothing is decided before."""
    is_preparing: bool = False
    is_stopping: bool = False
    is_told: bool = False
    """Whether the final observation was made."""
    decided: Verdict | None = None
    ended_at: datetime | None = None
    force: asyncio.TimerHandle | None = None
    ports: Ports | None = None
    """Of a service or distributed run."""
    urls: tuple[str, ...] = ()
    patient: Patient | None = None
    """What is asked of its processes while they run, where there is anything."""
    health: asyncio.Task[None] | None = None
    is_cancelled: bool = False
    program: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> tuple[RunId, int]:
        """What everything is keyed by."""
        return (self.run, self.number)

    def decide(self) -> Verdict | None:
        """Return what the attempt comes to; once decided it stays, but for a stop asked meanwhile."""
        if self.decided is None or self.is_stopping:
            self.decided = verdict(self.duties, self.endings, self.is_stopping) or self.decided
        return self.decided
