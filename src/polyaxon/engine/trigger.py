"""Does a run start, now that this is known of its upstreams? One counter per fact, one rule per trigger.

A verdict only grows: once the counters say `START` or `FAIL` no further upstream changes it, so each upstream is
counted once, when it becomes final, and never looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from polyaxon.model.record import dataclass
from polyaxon.model.status import FINAL, WELL, Status
from polyaxon.model.trigger import Trigger, Unmet

__all__ = [
    "WANTED",
    "Tally",
    "Trigger",
    "Unmet",
    "Verdict",
    "evaluate",
    "matching_statuses",
    "why_unmet",
]


class Verdict(Enum):
    """What follows for the run."""

    WAIT = "wait"
    START = "start"
    SKIP = "skip"
    """An upstream was skipped, which this run hands on."""
    MISS = "miss"
    """No event can come any more, and nobody is to blame."""
    FAIL = "fail"


@dataclass(slots=True)
class Tally:
    """How the upstreams of one run ended so far; `left` have not. `stopped` counts those that ended by a stop,
    their own or an upstream's."""

    left: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    stopped: int = 0
    other: int = 0

    def count(self, status: Status, by_stop: bool, by: int = 1) -> None:
        """Take one upstream's ending in, or out again (-1) when it is resumed."""
        self.left -= by
        if by_stop or status is Status.STOPPED:
            self.stopped += by
        elif status is Status.SUCCEEDED:
            self.succeeded += by
        elif status is Status.FAILED:
            self.failed += by
        elif status is Status.SKIPPED:
            self.skipped += by
        else:
            self.other += by

    @property
    def done(self) -> int:
        return self.succeeded + self.failed + self.skipped + self.stopped + self.other

    @property
    def only_stops(self) -> bool:
        """Whether nothing but stops kept the upstreams from succeeding."""
        return self.stopped > 0 and self.failed == 0 and self.other == 0

    def describe(self) -> dict[str, int]:
        """The counters that are not zero, for an explanation."""
        names = ("left", "succeeded", "failed", "skipped", "stopped", "other")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def evaluate(trigger: Trigger, tally: Tally, skip_on_upstream_skip: bool) -> Verdict:
    """Return what the upstreams' endings so far mean for the run."""
    if skip_on_upstream_skip and tally.skipped:
        return Verdict.SKIP
    return _RULES[trigger](tally)


def why_unmet(trigger: Trigger, tally: Tally) -> Unmet:
    """Return what left the trigger unsatisfied, now that the verdict is `FAIL`."""
    if trigger in _FAILURES and tally.succeeded + tally.skipped:
        return Unmet.TRIGGER_MISSED
    if tally.failed + tally.other:
        return Unmet.UPSTREAM_FAILED
    return Unmet.UPSTREAM_STOPPED if tally.stopped else Unmet.TRIGGER_MISSED


def _when_all(satisfied: Callable[[Tally], bool]) -> Callable[[Tally], Verdict]:
    def rule(tally: Tally) -> Verdict:
        if tally.left:
            return Verdict.WAIT
        return Verdict.START if satisfied(tally) else Verdict.FAIL

    return rule


def _when_one(satisfied: Callable[[Tally], bool]) -> Callable[[Tally], Verdict]:
    # Waits until one satisfies or none can: the first to finish does not decide for the others.
    def rule(tally: Tally) -> Verdict:
        if satisfied(tally):
            return Verdict.START
        return Verdict.WAIT if tally.left else Verdict.FAIL

    return rule


# A skipped upstream is a neutral success; `failed` is exactly failed, never upstream_failed.
_RULES: dict[Trigger, Callable[[Tally], Verdict]] = {
    Trigger.ALL_SUCCEEDED: _when_all(lambda tally: tally.succeeded + tally.skipped == tally.done),
    Trigger.ALL_FAILED: _when_all(lambda tally: tally.failed == tally.done),
    Trigger.ALL_DONE: _when_all(lambda _tally: True),
    Trigger.ONE_SUCCEEDED: _when_one(lambda tally: tally.succeeded > 0),
    Trigger.ONE_FAILED: _when_one(lambda tally: tally.failed > 0),
    Trigger.ONE_DONE: _when_one(lambda tally: tally.done > 0),
}

_FAILURES = frozenset({Trigger.ALL_FAILED, Trigger.ONE_FAILED})
WANTED: dict[Trigger, frozenset[Status]] = {
    Trigger.ALL_SUCCEEDED: WELL,
    Trigger.ALL_FAILED: frozenset({Status.FAILED}),
    Trigger.ALL_DONE: FINAL,
    Trigger.ONE_SUCCEEDED: frozenset({Status.SUCCEEDED}),
    Trigger.ONE_FAILED: frozenset({Status.FAILED}),
    Trigger.ONE_DONE: FINAL,
}
"""The endings of upstreams that a trigger waits for; the others stand in its way."""


def matching_statuses(events: frozenset[str]) -> frozenset[Status]:
    """The statuses that events of an upstream wait for; `done` is any final one, events of other groups match none."""
    return frozenset().union(*(_EVENTS.get(event, frozenset()) for event in events))


_EVENTS: dict[str, frozenset[Status]] = {status.value: frozenset({status}) for status in Status} | {"done": FINAL}
