"""What a run wants of those before it, and why it does not get it: the words of `trigger` and of its failing."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Trigger", "Unmet"]


class Trigger(StrEnum):
    """When a run starts, by what became of its upstreams."""

    ALL_SUCCEEDED = "all_succeeded"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ONE_SUCCEEDED = "one_succeeded"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"


class Unmet(StrEnum):
    """Why a run cannot start any more: the reason of its last condition."""

    UPSTREAM_FAILED = "UpstreamFailed"
    """Something before it failed."""
    UPSTREAM_STOPPED = "UpstreamStopped"
    """Nothing before it failed, something was stopped."""
    TRIGGER_MISSED = "TriggerMissed"
    """All went well before it, or well enough: what its trigger waits for did not happen."""
