"""What a runtime says it saw of an attempt."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass

__all__ = ["Observation", "Phase"]


class Phase(StrEnum):
    """How far an attempt is, in the words every runtime can say."""

    STARTING = "starting"
    RUNNING = "running"
    WARNING = "warning"
    UNSCHEDULABLE = "unschedulable"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    """Ended because it was asked to."""
    LOST = "lost"
    """Gone without an exit code: counts as a failure whose cause is unknown."""


_ENDINGS = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.STOPPED, Phase.LOST})


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing seen of `(run, attempt)`. Seeing it twice, late or out of order must do no harm."""

    run: RunId
    attempt: int
    phase: Phase
    at: datetime
    exit_code: int | None = None
    message: str = ""
    warnings: tuple[str, ...] = field(default=())
    """What the runtime could not honour (an image, a user, a mount): shown on the run."""
    reason: str = ""
    """A word for the status history, where the phase does not say it all (`Culled`)."""
    urls: tuple[str, ...] = field(default=())
    """Where a service can be reached, by replica and port."""
    began: datetime | None = None
    """Of an ending: when the attempt was seen running, where that is not an observation of its own."""

    @property
    def is_final(self) -> bool:
        """Whether the attempt is over."""
        return self.phase in _ENDINGS
