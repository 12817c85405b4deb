"""Following a run that another process drives: rows read again until it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator

from polyaxon.model.run import Run
from polyaxon.model.status import is_final
from polyaxon.store.base import Store

__all__ = ["until_final"]

SECONDS_BETWEEN_READS = 0.2


def until_final(store: Store, uuid: str, timeout_seconds: float | None = None) -> Iterator[Run]:
    """Yield the run now and after every change; the last one is final unless the time is up first."""
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    seen = None
    while True:
        run = store.get(uuid)
        mark = (run.status, run.updated_at)
        if mark != seen:
            seen = mark
            yield run
        if is_final(run.status) or (deadline is not None and time.monotonic() >= deadline):
            return
        time.sleep(SECONDS_BETWEEN_READS)
