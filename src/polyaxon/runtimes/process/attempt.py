"""One attempt while this process watches it: its tasks, what has begun, what has ended."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import field
from datetime import datetime

from polyaxon.model.ids import RunId
from polyaxon.model.launch import LaunchPlan
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.runtimes.process.environment import wants_gpus
from polyaxon.runtimes.process.health import Patient
from polyaxon.runtimes.process.ports import Ports
from polyaxon.runtimes.process.read import Ending, Verdict, verdict
from polyaxon.runtimes.process.render import Duty, Task

__all__ = ["Attempt", "Running", "is_alone"]


@dataclass(frozen=True, slots=True)
class Running:
    """A process that runs: one of our keeper's, or an adopted one; neither, while its claim does not say which."""

    ticket: int = 0
    pid: int = 0


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
    running: dict[str, Running] = field(default_factory=dict)
    """By task."""
    place: int = 0
    """Its place in the keeper's line, where it takes one."""
    is_lined_up: bool = False
    """Whether it waits for its place."""
    is_alone: bool = False
    """Whether it is one process and nothing else: that one is started for its place, and gives it back."""
    directories: tuple[str, ...] = ()
    """That the keeper is to make, where this was not done before."""
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
    began_at: datetime | None = None
    """Since when it runs, as long as that is not told: should it end before, its end says so."""
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

    def take_beginning(self) -> datetime | None:
        """Return since when it runs if that is still to be told, which the caller does now."""
        at, self.began_at = self.began_at, None
        return at

    def let_go(self) -> None:
        """Cancel what was planned, and give back what none of its processes took."""
        if self.force:
            self.force.cancel()
        if self.health is not None:
            self.health.cancel()
        if self.ports is not None:
            self.ports.close()


def is_alone(plan: LaunchPlan) -> bool:
    """Whether the attempt is one process that needs nothing but a place."""
    if plan.runtime != RunKind.JOB or len(plan.replicas) != 1:
        return False
    replica = plan.replicas[0]
    container = replica.container
    is_bare = container is None or not (container.extra or wants_gpus(container))  # what is extra may be a probe
    return is_bare and replica.count == 1 and not (replica.init or replica.sidecars or plan.termination.culling_timeout)
