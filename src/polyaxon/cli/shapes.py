"""Runs, conditions and the rest as the plain documents that `--output json` prints: the REST API's field names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from polyaxon.model.run import Condition, ManagedBy, Run
from polyaxon.store.base import Artifact, Project

__all__ = ["artifact_item", "condition_item", "moment", "project_item", "run_detail", "run_item", "statuses_of"]


def moment(at: datetime | None) -> str | None:
    """Write a time as the API does: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None


def run_item(run: Run, related: Mapping[str, Run] | None = None) -> dict[str, Any]:
    """Return the run as a list holds it; `related` gives names to its pipeline and original."""
    related = related or {}
    return {
        "uuid": run.uuid,
        "name": run.name,
        "created_at": moment(run.created_at),
        "updated_at": moment(run.updated_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "schedule_at": moment(run.schedule_at),
        "wait_time": run.wait_time,
        "duration": run.duration,
        "kind": run.kind,
        "runtime": run.runtime,
        "meta_info": {key: value for key, value in run.meta.items() if key != "engine"},
        "status": run.status,
        "pipeline": _reference(run.pipeline, related),
        "original": _reference(run.original, related, kind=run.cloning_kind),
        "is_managed": run.managed_by != ManagedBy.USER,
        "managed_by": run.managed_by,
        "pending": run.pending,
        "inputs": dict(run.inputs),
        "outputs": dict(run.outputs),
        "tags": list(run.tags),
        "settings": {"namespace": run.namespace, "component": None, "queue": run.queue},
        "user": run.user,
        "bookmarked": False,
    }


def run_detail(run: Run, related: Mapping[str, Run] | None = None) -> dict[str, Any]:
    """Return the run with its specification and description."""
    return {
        **run_item(run, related),
        "owner": "default",
        "project": run.project,
        "description": run.description,
        "raw_content": run.raw_content,
        "content": run.content,
        "live_state": run.live_state,
    }


def _reference(uuid: str | None, related: Mapping[str, Run], kind: str | None = None) -> dict[str, Any] | None:
    if uuid is None:
        return None
    other = related.get(uuid)
    return {"uuid": uuid, "name": other.name if other else None, "kind": kind or (other.kind if other else None)}


def condition_item(condition: Condition) -> dict[str, Any]:
    """Return one line of a status history."""
    at = moment(condition.at)
    return {
        "type": condition.type,
        "status": True,
        "reason": condition.reason,
        "message": condition.message,
        "last_update_time": at,
        "last_transition_time": at,
    }


def statuses_of(run: Run, conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return the status document of a run, oldest condition first."""
    return {
        "uuid": run.uuid,
        "status": run.status,
        "status_conditions": [condition_item(condition) for condition in conditions],
        "meta_info": {},
    }


def artifact_item(artifact: Artifact) -> dict[str, Any]:
    """Return one line of a run's lineage."""
    return {
        "name": artifact.name,
        "kind": artifact.kind,
        "path": artifact.path,
        "summary": dict(artifact.summary),
        "is_input": artifact.is_input,
        "run": artifact.run,
    }


def project_item(project: Project) -> dict[str, Any]:
    """Return a project."""
    return {
        "uuid": project.uuid,
        "name": project.name,
        "owner": project.owner,
        "description": project.description,
        "tags": list(project.tags),
        "created_at": moment(project.created_at),
        "updated_at": moment(project.updated_at),
    }
