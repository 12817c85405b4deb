"""What has a search tried, and what does it ask for next? The values that cross its border.

A search never sees arrival order: `ordered` sorts trials by their index, the only order there is.
Trials of earlier searches (warm start) carry negative indices: they inform, and count for no total.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import Enum
from operator import attrgetter
from typing import Any

from polyaxon.model.record import dataclass

__all__ = ["Suggestion", "Trial", "TrialStatus", "following", "next_index", "ordered", "own"]

_INDEX = attrgetter("index")


class TrialStatus(Enum):
    """PENDING covers queued and running; STOPPED is pruned by a stopping policy."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Trial:
    """One suggestion and what became of it. `value` is raw: the search applies the optimization direction."""

    index: int
    params: Mapping[str, Any]
    status: TrialStatus
    value: float | None
    curve: tuple[tuple[int, float], ...] = ()
    resource: float | None = None
    iteration: int = 0
    bracket: int = 0
    rung: int = 0
    origin: int | None = None
    values: tuple[float, ...] = ()

    @property
    def is_pending(self) -> bool:
        return self.status is TrialStatus.PENDING

    @property
    def last_value(self) -> float | None:
        """The objective or, for a trial that was stopped on the way, the last finite value it reported."""
        if self.value is not None and math.isfinite(self.value):
            return self.value
        if self.values and math.isfinite(self.values[0]):
            return self.values[0]
        if self.status is TrialStatus.STOPPED:
            return next((value for _, value in reversed(self.curve) if math.isfinite(value)), None)
        return None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One trial to run. `origin` is the index of the trial it continues; `reason` is what `explain` shows."""

    params: Mapping[str, Any]
    resource: float | None = None
    iteration: int = 0
    bracket: int = 0
    rung: int = 0
    origin: int | None = None
    reason: Mapping[str, Any] = field(default_factory=dict)

    def pending(self, index: int) -> Trial:
        """The trial that this suggestion becomes."""
        return Trial(
            index=index,
            params=self.params,
            status=TrialStatus.PENDING,
            value=None,
            resource=self.resource,
            iteration=self.iteration,
            bracket=self.bracket,
            rung=self.rung,
            origin=self.origin,
        )


def ordered(history: Iterable[Trial]) -> list[Trial]:
    """All trials by index, warm-start trials first."""
    return sorted(history, key=_INDEX)


def own(history: Iterable[Trial]) -> list[Trial]:
    """The trials this search suggested itself, by index."""
    return [trial for trial in ordered(history) if trial.index >= 0]


def following(trials: Sequence[Trial]) -> int:
    """The index of the next suggestion, after trials that are in order."""
    return max(-1, trials[-1].index) + 1 if trials else 0


def next_index(history: Iterable[Trial]) -> int:
    """The index of the next suggestion."""
    return max(-1, max((trial.index for trial in history), default=-1)) + 1
