"""The rows of a tree as they change, for those who watch: kept from the commits, without asking the store again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from polyaxon.engine.commands import Change, Created, Moved, Updated
from polyaxon.model.ids import RunId
from polyaxon.model.record import changed
from polyaxon.model.run import Run
from polyaxon.model.status import FINAL, Status

__all__ = ["Rows"]


class Rows:
    """The latest row of every run below some roots; each new one is told.

    Where `told` says which statuses matter to whoever watches, a step from one that does not to another that does not
    is told with the next.
    """

    def __init__(self, tell: Callable[[Run], None], told: Container[Status] | None = None) -> None:
        self._tell = tell
        self._told = told
        self._rows: dict[RunId, Run] = {}
        self._untold: dict[RunId, dict[str, Any]] = {}
        """What changed in rows since they were told."""
        self._roots: set[RunId] = set()

    def begin(self, root: RunId, rows: Iterable[Run]) -> None:
        """Watch a root, whose rows are these now; those already told as they are stay untold."""
        self._roots.add(root)
        for row in rows:
            if self._rows.get(row.uuid) != row:
                self._rows[row.uuid] = row
                self._untold.pop(row.uuid, None)
                self._tell(row)

    def take(self, changes: Iterable[Change]) -> None:
        """Apply committed changes. The steps that one commit takes are told as one: where a run is after it."""
        fields_of: dict[RunId, dict[str, Any]] = {}
        for change in changes:
            if isinstance(change, Created):
                if change.run.root in self._roots and change.run.uuid not in self._rows:
                    self._rows[change.run.uuid] = change.run
                    self._tell(change.run)
            elif isinstance(change, Moved):
                if change.run not in self._rows:
                    continue
                condition = change.condition
                fields = fields_of.setdefault(change.run, {})
                fields |= {"status": condition.type, "updated_at": condition.at, **change.fields}
                if condition.type in FINAL:  # in the order in which runs end
                    self._change(change.run, fields_of.pop(change.run))
            elif isinstance(change, Updated) and change.run in self._rows:
                fields_of.setdefault(change.run, {}).update(change.fields)
        for run, fields in fields_of.items():
            self._change(run, fields)

    def _change(self, run: RunId, fields: dict[str, Any]) -> None:
        before = self._rows[run]
        if self._is_quiet(before, fields):
            self._untold.setdefault(run, {}).update(fields)
            return
        untold = self._untold.pop(run, None)
        row = self._rows[run] = changed(before, {**untold, **fields} if untold else fields)
        self._tell(row)

    def _is_quiet(self, before: Run, fields: Mapping[str, Any]) -> bool:
        if self._told is None or fields.get("pending") is not None or before.pending is not None:
            return False
        status = fields.get("status")
        return status is not None and status not in self._told and before.status not in self._told
