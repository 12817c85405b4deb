"""When is a failed attempt tried again? Exponential backoff whose jitter follows from the attempt itself; what its exit
code means is the file's to say (`termination.podFailurePolicy`).

The delay is a function of (run, attempt): replaying a history waits for the same moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from polyaxon.engine.world import Defaults
from polyaxon.model.failure import FailureAction
from polyaxon.model.ids import RunId

__all__ = ["FATAL", "backoff_seconds", "may_retry", "weigh"]


FATAL = frozenset({FailureAction.FAIL_JOB, FailureAction.FAIL_INDEX})
"""Failures after which there is no other attempt."""


def weigh(policy: Mapping[str, Any] | None, exit_code: int | None) -> FailureAction:
    """Return what the first rule that fits the exit code says. Rules about the conditions of pods fit nothing here."""
    for rule in (policy or {}).get("rules") or ():
        wanted = rule.get("onExitCodes")
        if wanted is None or not exit_code:
            continue
        if (exit_code in wanted["values"]) is (wanted["operator"] == "In"):
            return FailureAction(rule["action"])
    return FailureAction.COUNT


def may_retry(attempts_used: int, max_retries: int) -> bool:
    """Whether another attempt is allowed after `attempts_used` of them failed."""
    return attempts_used <= max_retries


def backoff_seconds(run: RunId, attempt: int, failures: int, defaults: Defaults) -> float:
    """How long to wait before the attempt after `attempt`, the `failures`-th to fail: doubled each time, ± 25 %."""
    # Past 2^32 the cap has long won; the bound keeps the power finite.
    delay = min(defaults.retry_cap_seconds, defaults.retry_seconds * 2.0 ** min(failures - 1, 32))
    return delay * (0.75 + 0.5 * _unit(run, attempt))


def _unit(run: RunId, attempt: int) -> float:
    digest = blake2b(f"{run}/retry/{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
