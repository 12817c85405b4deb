"""What does the row of a child say about its trial? The way from runs to the history that a search looks at.

The rows are all there is: a search that goes on after a crash, a table of trials and a report see the same history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from polyaxon.engine.stopping import metric_value
from polyaxon.model.status import FINAL, Status
from polyaxon.search import Trial, TrialStatus

__all__ = ["TrialRow", "objectives_of", "trial_of"]

_STATUS = {Status.SUCCEEDED: TrialStatus.SUCCEEDED, Status.STOPPED: TrialStatus.STOPPED}


class TrialRow(Protocol):
    """What is looked at: a stored run has it, and so has a node of a flow."""

    @property
    def index(self) -> int: ...
    @property
    def status(self) -> Status: ...
    @property
    def outputs(self) -> Mapping[str, Any]: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...


def trial_of(row: TrialRow, objectives: Sequence[str]) -> Trial:
    """The trial that a child is; it has a value once it is over and its outputs name the first objective."""
    notes: Mapping[str, Any] = row.meta.get("engine", {})
    ended = row.status in FINAL
    values = [metric_value(row.outputs, name) for name in objectives] if ended else []
    known = [value for value in values if value is not None]
    return Trial(
        index=row.index,
        params=notes.get("suggestion", {}),
        status=_STATUS.get(row.status, TrialStatus.FAILED) if ended else TrialStatus.PENDING,
        value=values[0] if values else None,
        resource=notes.get("resource"),
        iteration=int(row.meta.get("iteration", 0)),
        bracket=notes.get("bracket", 0),
        rung=notes.get("rung", 0),
        origin=notes.get("origin"),
        values=tuple(known) if len(known) == len(values) and len(values) > 1 else (),
    )


def objectives_of(matrix: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the metrics that the search is judged by, the most important first."""
    metrics = matrix.get("metrics") or ([matrix["metric"]] if matrix.get("metric") else [])
    return tuple(str(metric["name"]) for metric in metrics)
