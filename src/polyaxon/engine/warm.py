"""Which earlier runs does a search begin with? Those its `warmStart` found, as trials with negative numbers.

They are looked up once, before the first suggestion, and kept with the search: runs that end later, its own among
them, would match the query too, and the suggestions after a crash must be those that would have been made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyaxon.engine.flow import Node
from polyaxon.engine.lifecycle import remember
from polyaxon.engine.stopping import metric_value
from polyaxon.engine.turn import Turn, work
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Status
from polyaxon.search import Space, Trial, TrialStatus

__all__ = ["known_trials", "recalled"]

_ENDED = {Status.SUCCEEDED: TrialStatus.SUCCEEDED, Status.FAILED: TrialStatus.FAILED}


def recalled(turn: Turn, node: Node, matrix: Mapping[str, Any], space: Space | None, names: Sequence[str]) -> None:
    """Note what the search begins with, the first time it opens. `names` are those of its objectives."""
    if space is None or matrix.get("warmStart") is None or "known" in node.notes:
        return
    joins = work(node).joins
    runs = joins[-1] if joins else ()
    known = [list(entry) for entry in _usable(runs, space, names, _resource_of(matrix))]
    turn.update(node, **remember(node, known=known))
    turn.explain(node, "warm start", query=matrix["warmStart"]["query"], found=len(runs), used=len(known))


def known_trials(node: Node) -> list[Trial]:
    """The trials that were noted, the first one latest: searches take higher numbers for newer."""
    found = []
    for place, (status, params, values, resource) in enumerate(node.notes.get("known") or ()):
        first = values[0] if values else None
        several = tuple(values) if len(values) > 1 else ()
        trial = Trial(-1 - place, params, TrialStatus(status), first, resource=resource, values=several)
        found.append(trial)
    return found


def _usable(
    runs: Iterable[RunFacts], space: Space, names: Sequence[str], resource: str | None
) -> Iterable[tuple[str, dict[str, Any], list[float], float | None]]:
    """Runs that ended somewhere in the space: with all the objectives, or as failed."""
    for run in runs:
        status = _ENDED.get(run.status)
        params = space.active({name: value for name, value in run.inputs.items() if value is not None})
        found = [metric_value(run.outputs, name) for name in names]
        values = [value for value in found if value is not None]
        if status is None or not space.covers(params) or (status is TrialStatus.SUCCEEDED and len(values) < len(names)):
            continue
        spent = run.inputs.get(resource) if resource is not None else None
        granted = float(spent) if isinstance(spent, int | float) else None
        yield status.value, params, values if status is TrialStatus.SUCCEEDED else [], granted


def _resource_of(matrix: Mapping[str, Any]) -> str | None:
    resource = matrix.get("resource")
    return str(resource["name"]) if isinstance(resource, Mapping) else None
