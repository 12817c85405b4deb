"""The rows of a tree as they change, for those who watch: kept from the commits, without asking the store again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from polyaxon.engine.commands import Change, Created, Moved, Updated
from polyaxon.model.ids import RunId
from polyaxon.model.run import Run

__all__ = ["Rows"]


class Rows:
    """The latest row of every run below some roots; each new one is told."""

    def __init__(self, tell: Callable[[Run], None]) -> None:
        self._tell = tell
        self._rows: dict[RunId, Run] = {}
        self._roots: set[RunId] = set()

    def begin(self, root: RunId, rows: Iterable[Run]) -> None:
        """Watch a root, whose rows are these now; those already told as they are stay untold."""
        self._roots.add(root)
        for row in rows:
            if self._rows.get(row.uuid) != row:
                self._rows[row.uuid] = row
                self._tell(row)

    def take(self, changes: Iterable[Change]) -> None:
        """Apply committed changes; several of one run in a commit are told once per status."""
        for change in changes:
            if isinstance(change, Created):
                if change.run.root in self._roots and change.run.uuid not in self._rows:
                    self._rows[change.run.uuid] = change.run
                    self._tell(change.run)
            elif isinstance(change, Moved):
                condition = change.condition
                self._change(change.run, {"status": condition.type, "updated_at": condition.at, **change.fields})
            elif isinstance(change, Updated):
                self._change(change.run, dict(change.fields))

    def _change(self, run: RunId, fields: dict[str, object]) -> None:
        row = self._rows.get(run)
        if row is not None:
            # `Any` in spirit: the fields are attributes of a run by the contract of `Moved` and `Updated`.
            self._rows[run] = replace(row, **fields)  # type: ignore[arg-type]
            self._tell(self._rows[run])
