"""What runs have to say: observations of the runtime, and the metrics of those whose metrics are decided on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from polyaxon.engine.commands import Updated
from polyaxon.engine.events import Observed, Reported
from polyaxon.errors import StoreError
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation
from polyaxon.model.run import Run
from polyaxon.model.status import Status
from polyaxon.runtimes.base import Runtime
from polyaxon.scheduler.crash import CrashPoint
from polyaxon.scheduler.driven import Incoming, Roots
from polyaxon.scheduler.ingest import Ingested, ingest
from polyaxon.scheduler.pace import Pace
from polyaxon.store.base import Store

__all__ = ["Listening"]

_METRICS_SECONDS = 0.5
"""Between two readings of the metrics of running trials."""


class _Engine(Protocol):
    """The part of the engine that is asked and told here."""

    @property
    def note(self) -> Callable[[Any, RunId, dict[str, Any]], None]: ...

    @property
    def wants_metrics(self) -> Callable[[Any, RunId], bool]: ...


class Listening:
    """Turns what is seen into events for the roots that are driven here; the rest is nobody's business."""

    def __init__(
        self,
        runtime: Runtime,
        store: Store,
        engine: _Engine,
        roots: Roots,
        crash: CrashPoint,
        pace: Pace,
    ) -> None:
        self._runtime = runtime
        self._store = store
        self._engine = engine
        self._roots = roots
        self._crash = crash
        self._pace = pace
        self._reporting: dict[RunId, Mapping[str, int]] = {}
        """Runs whose metrics are decided on → how far each metric's file is read."""
        self._metrics_at: datetime | None = None

    async def listen(self, take: Callable[[Sequence[Incoming], bool], None]) -> None:
        """Hand over what the runtime sees, as it comes; endings are urgent."""
        async for batch in self._runtime.observations():
            incoming = [item for seen in batch for item in self.ingest(seen)]
            take(incoming, any(seen.is_final for seen in batch))

    def started(self, root: RunId, run: RunId) -> None:
        """An attempt was sent to the runtime: follow its metrics if anything depends on them."""
        self._pace.sent(run)
        driven = self._roots.driven.get(root)
        if driven is not None and self._engine.wants_metrics(driven.flow, run):
            self._reporting.setdefault(run, {})

    def ingest(self, seen: Observation) -> Sequence[Incoming]:
        """Return the events that one observation makes: the last metrics, then the observation."""
        self._pace.observed(seen)
        root = self._roots.root_of.get(seen.run)
        if root is None:
            return []
        if not seen.is_final:
            return [Incoming(root, Observed(seen))]
        places = self._runtime.places(seen.run)
        found = ingest(seen, places.run_artifacts, places.store, self._began_at)
        last = self._metrics_of(root, seen.run)
        self._reporting.pop(seen.run, None)
        self._crash("ingested")
        return [*last, Incoming(root, found.event, artifacts=found.artifacts, before=self._said(root, found))]

    def new_metrics(self, now: datetime) -> Sequence[Incoming]:
        """Return what running runs logged since the last time, if it is time to look."""
        if not self._reporting:
            self._metrics_at = None
            return []
        if self._metrics_at is not None and now < self._metrics_at:
            return []
        self._metrics_at = now + timedelta(seconds=_METRICS_SECONDS)
        for run in [run for run in self._reporting if run not in self._roots.root_of]:
            del self._reporting[run]
        return [item for run in list(self._reporting) for item in self._metrics_of(self._roots.root_of[run], run)]

    def recalled(self, root: RunId, run: RunId) -> Sequence[Incoming]:
        """Return all that an ended run has logged."""
        from polyaxon.tracking.metrics import read_metrics

        read = read_metrics(self._runtime.places(run).run_artifacts)
        return [Incoming(root, Reported(run, read.points))] if read.points else []

    def next_at(self) -> datetime | None:
        """When metrics are to be read next."""
        return self._metrics_at

    def _metrics_of(self, root: RunId, run: RunId) -> Sequence[Incoming]:
        if run not in self._reporting:
            return []
        from polyaxon.tracking.metrics import read_metrics

        read = read_metrics(self._runtime.places(run).run_artifacts, self._reporting[run])
        self._reporting[run] = read.offsets
        return [Incoming(root, Reported(run, read.points))] if read.points else []

    def _began_at(self, run: RunId) -> datetime | None:
        try:
            begun = [each.at for each in self._store.conditions(run) if each.type is Status.SCHEDULED]
        except StoreError:
            return None
        return begun[-1] if begun else None

    def _said(self, root: RunId, found: Ingested) -> Sequence[Updated]:
        """Merge what the run said of itself into its row, and let the flow know."""
        if not found.fields:
            return []
        run = found.event.observation.run
        try:
            row = self._store.get(run)
        except StoreError:
            # The commit of this observation will fail as well; then it is observed again.
            return []
        fields = {name: _merged(row, name, value) for name, value in found.fields.items()}
        self._engine.note(self._roots.driven[root].flow, run, fields)
        return [Updated(run, fields)]


def _merged(row: Run, name: str, value: Any) -> Any:
    before = getattr(row, name)
    if name == "tags":
        return tuple(dict.fromkeys([*before, *value]))
    return {**before, **value} if isinstance(value, Mapping) else value
