"""What is said when nothing has changed for a while and nothing but services goes on: why the rest waits.

Once for each reason: nobody is to take a run in the foreground for hung. What waits for somebody, or for its next
attempt, was told already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from polyaxon.model.run import Run, RunKind
from polyaxon.model.status import ON_CLUSTER, Status, is_final

__all__ = ["Quiet", "who_waits"]

QUIET_SECONDS = 5.0
_NOT_WORK = frozenset({RunKind.DAG, RunKind.MATRIX, RunKind.SCHEDULE, RunKind.SERVICE})
_BUSY = ON_CLUSTER | {Status.STOPPING}
_WAITING = frozenset({Status.CREATED, Status.QUEUED, Status.RESUMING})


def who_waits(rows: Sequence[Run]) -> Run | None:
    """Return the first run of the tree that waits while none of them works; a pipeline when only services are left."""
    going = [row for row in rows if not is_final(row.status)]
    if any(_is_at_work(row) or row.pending is not None or row.status is Status.RETRYING for row in going):
        return None
    waiting = [row for row in going if row.status in _WAITING and row.pipeline is not None]
    serving = [row for row in going if row.kind is RunKind.SERVICE and row.pipeline is not None]
    if waiting:
        return waiting[0]
    return next((row for row in going if serving and row.uuid == serving[0].pipeline), None)


def _is_at_work(row: Run) -> bool:
    return row.kind not in _NOT_WORK and row.status in _BUSY


class Quiet:
    """Looks at the runs whenever nobody has called `changed` for a while, on a thread of its own."""

    def __init__(self, look: Callable[[], str | None], tell: Callable[[str], None]) -> None:
        """`look` returns what is to be told, if anything."""
        self._look = look
        self._tell = tell
        self._changed = True
        self._told: set[str] = set()
        self._ended = Event()

    def changed(self) -> None:
        """Note that something happened."""
        self._changed = True

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look for as long as the block lasts."""
        thread = Thread(target=self._watch, name="quiet", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(QUIET_SECONDS):
            if self._changed:
                self._changed = False
                continue
            self._changed = True  # looks again when it has been quiet for as long once more
            text = self._look()
            if text is not None and text not in self._told:
                self._told.add(text)
                self._tell(text)
