"""What a failed attempt means for those after it: the words of `termination.podFailurePolicy`."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FailureAction"]


class FailureAction(StrEnum):
    """What a rule says of the failures it fits."""

    FAIL_JOB = "FailJob"
    """They are final."""
    IGNORE = "Ignore"
    """They do not count among the retries."""
    COUNT = "Count"
    """They count, as those that no rule fits."""
    FAIL_INDEX = "FailIndex"
    """They are final for one index of an indexed job; a run is one index."""
