"""From what a runtime saw to what is decided on: when an attempt ends, what the run said of itself is read.

Runs speak through the journal in their directory (`polyaxon.tracking.journal`). Reading it again gives the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from polyaxon.engine.events import Observed
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation
from polyaxon.model.record import dataclass
from polyaxon.model.status import FINAL, Status
from polyaxon.store.base import Artifact

if TYPE_CHECKING:
    from polyaxon.tracking.journal import Journal, JournalArtifact

__all__ = ["Ingested", "ingest"]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one observation means: the event, the lineage to store, and attributes that the run set for itself."""

    event: Observed
    artifacts: Sequence[Artifact] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


def ingest(
    seen: Observation, run_directory: str, store_directory: str, began_at: Callable[[RunId], datetime | None]
) -> Ingested:
    """Read the run's directory if its attempt is over.

    `began_at` tells when the current attempt of a run was started, if it is not the first: what an earlier one said
    of its status does not count.
    """
    if not seen.is_final or not _has_spoken(run_directory):
        return Ingested(Observed(seen))
    from polyaxon.tracking.journal import read_journal  # only when a run has spoken

    try:
        journal = read_journal(run_directory)
    except OSError as error:
        unread = f"what the run said of itself cannot be read: {error}"
        return Ingested(Observed(replace(seen, warnings=(*seen.warnings, unread))))
    if journal.warnings:
        seen = replace(seen, warnings=(*seen.warnings, *journal.warnings))
    artifacts = [_artifact(seen.run, item, run_directory, store_directory) for item in journal.artifacts]
    reported = _reported(journal, began_at(seen.run) if seen.attempt > 1 else None)
    if reported is not None and journal.status is not None and journal.status.message:
        # The code knows better than the runtime why it ended as it did.
        seen = replace(seen, message=journal.status.message)
    event = Observed(
        seen,
        outputs=journal.outputs,
        artifacts={item.name: item.path for item in artifacts},
        reported_status=reported,
    )
    return Ingested(event, artifacts, _fields(journal))


def _has_spoken(run_directory: str) -> bool:
    # Most runs of a large flow track nothing: two lookups, and no directory is read.
    return os.access(f"{run_directory}/journal.jsonl", os.F_OK) or os.access(f"{run_directory}/events", os.F_OK)


def _reported(journal: Journal, began_at: datetime | None) -> Status | None:
    if journal.status is None:
        return None
    if began_at is not None and datetime.fromtimestamp(journal.status.at, UTC) < began_at:
        return None
    try:
        status = Status(journal.status.status)
    except ValueError:
        return None
    return status if status in FINAL else None


def _artifact(run: RunId, item: JournalArtifact, run_directory: str, store_directory: str) -> Artifact:
    if "://" in item.path:  # it lies elsewhere: an object store, a web page
        return Artifact(run, item.name, item.kind, item.path, item.summary, item.is_input)
    path = os.path.join(run_directory, item.path)
    inside = os.path.relpath(path, store_directory)
    return Artifact(run, item.name, item.kind, path if inside.startswith("..") else inside, item.summary, item.is_input)


def _fields(journal: Journal) -> Mapping[str, Any]:
    said = {
        "inputs": journal.inputs,
        "meta": journal.meta,
        "tags": journal.tags,
        "name": journal.name,
        "description": journal.description,
    }
    return {name: value for name, value in said.items() if value}
