"""What a run wants of those before it: the words of `trigger`."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Trigger"]


class Trigger(StrEnum):
    """When a run starts, by what became of its upstreams."""

    ALL_SUCCEEDED = "all_succeeded"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ONE_SUCCEEDED = "one_succeeded"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"
