"""How does a tree begin? The row of a new root, from an operation that was loaded and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from polyaxon.engine import compilation
from polyaxon.errors import ConflictError
from polyaxon.model.ids import RunId
from polyaxon.model.run import Cloning, Condition, ManagedBy, Run
from polyaxon.model.status import Pending, Status
from polyaxon.spec.dump import dump
from polyaxon.spec.operation import Operation

__all__ = ["submit", "submit_copy", "submit_restart"]

_NOTHING: Mapping[str, Any] = {}


def submit(
    operation: Operation | Mapping[str, Any],
    uuid: RunId,
    project: str,
    now: datetime,
    *,
    name: str | None = None,
    tags: tuple[str, ...] = (),
    description: str | None = None,
    managed_by: ManagedBy = ManagedBy.CLI,
    user: str | None = None,
    pending: Pending | None = None,
    original: RunId | None = None,
    cloning_kind: Cloning | None = None,
    meta: Mapping[str, Any] = _NOTHING,
) -> tuple[Run, Condition]:
    """Return the row of a new root run and its first condition. Its scheduler goes on when it adopts the root.

    `meta["components"]` (name → component) is where hooks and builds find theirs; `meta["digests"]` names what else the
    runs read and goes into cache keys.
    """
    raw = operation if isinstance(operation, Mapping) else dump(operation)
    if not isinstance(operation, Operation):
        operation = compilation.load_operation(raw)
    kind, runtime = compilation.shape_of(operation)
    run = Run(
        uuid=uuid,
        project=project,
        name=name or operation.name,
        kind=kind,
        runtime=runtime,
        status=Status.CREATED,
        created_at=now,
        updated_at=now,
        root=uuid,
        original=original,
        cloning_kind=cloning_kind,
        description=description or operation.description,
        tags=tags or tuple(operation.tags or ()),
        pending=pending or compilation.held_by(operation),
        managed_by=managed_by,
        user=user,
        meta=meta,
        raw_content=json.dumps(raw, separators=(",", ":"), ensure_ascii=False, default=str),
    )
    return run, Condition(Status.CREATED, "OperationCreated", "", now)


def submit_restart(
    original: Run,
    operation: Operation | Mapping[str, Any],
    uuid: RunId,
    now: datetime,
    *,
    name: str | None = None,
    tags: tuple[str, ...] = (),
    description: str | None = None,
    user: str | None = None,
) -> tuple[Run, Condition]:
    """Return a new run that does again what `original` did. `operation` is the original's, overrides applied; the
    restart of a cache hit restarts the run it was served from, and an image that was built is used again."""
    return _clone(original, operation, uuid, now, Cloning.RESTART, name, tags, description, user)


def submit_copy(
    original: Run,
    operation: Operation | Mapping[str, Any],
    uuid: RunId,
    now: datetime,
    *,
    name: str | None = None,
    tags: tuple[str, ...] = (),
    description: str | None = None,
    user: str | None = None,
    files: Sequence[str] = (),
    dirs: Sequence[str] = (),
) -> tuple[Run, Condition]:
    """Like `submit_restart`, and the new run begins with files and directories of the original's artifacts: the chosen
    ones (relative to its directory), else its outputs."""
    chosen = {"files": list(files), "dirs": list(dirs)} if files or dirs else None
    run, condition = _clone(original, operation, uuid, now, Cloning.COPY, name, tags, description, user)
    return (replace(run, meta={**run.meta, "copy_artifacts": chosen}) if chosen else run), condition


def _clone(
    original: Run,
    operation: Operation | Mapping[str, Any],
    uuid: RunId,
    now: datetime,
    kind: Cloning,
    name: str | None,
    tags: tuple[str, ...],
    description: str | None,
    user: str | None,
) -> tuple[Run, Condition]:
    if original.managed_by is ManagedBy.USER:
        raise ConflictError(f"run {original.uuid} was made by its own process: there is nothing to start again")
    source = original.original if original.cloning_kind is Cloning.CACHE and original.original else original.uuid
    notes = original.meta.get("engine", {})
    meta = {key: original.meta[key] for key in ("components", "digests", "upload_artifacts") if key in original.meta}
    if "image" in notes:
        meta["engine"] = {"image": notes["image"]}
    return submit(
        operation,
        uuid,
        original.project,
        now,
        name=name or original.name,
        tags=tags or original.tags,
        description=description or original.description,
        managed_by=original.managed_by,
        user=user or original.user,
        original=source,
        cloning_kind=kind,
        meta=meta,
    )
