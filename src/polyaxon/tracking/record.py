"""Where a run of user code is entered: the home's database or a server, or files when offline.

A managed run has no record here: whoever runs it reads its journal. Trouble is said once and does not stop training.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from typing import Any, Callable, Mapping

from polyaxon.client.transport import Transport, open_transport
from polyaxon.errors import PolyaxonError
from polyaxon.tracking.artifacts import place_of
from polyaxon.tracking.journal import Journal, JournalArtifact
from polyaxon.tracking.layout import encode
from polyaxon.tracking.place import Place

__all__ = ["OfflineRecord", "UserRecord"]

# `Any` throughout: bodies are JSON.


class UserRecord:
    """The row of a run in the local home or in a server."""

    def __init__(self, place: Place, transport: Transport | None = None) -> None:
        self._place = place
        self._transport = transport or open_transport()
        self._said = False

    def begin(self, name: str | None, description: str | None, tags: list[str]) -> str:
        """Enter a new run; return its uuid, which a server chooses. Raises when it cannot be entered."""
        body = {
            "uuid": self._place.uuid,
            "name": name,
            "description": description,
            "tags": tags,
            "is_managed": False,
            "managed_by": "user",
        }
        given = {key: value for key, value in body.items() if value is not None}
        created = self._transport.create_run(self._place.owner, self._place.project, given)
        self._place.uuid = str(created["uuid"]).replace("-", "")
        return self._place.uuid

    def save(self, journal: Journal, directory: str) -> None:
        """Write what the run said so far."""
        body = _fields(journal)
        artifacts = [_lineage(artifact, directory) for artifact in journal.artifacts]
        if body:
            self._try(lambda: self._transport.update_run(*self._names(), {**body, "merge": True}))
        if artifacts:
            self._try(lambda: self._transport.add_artifacts(*self._names(), artifacts))

    def add_status(self, status: str, reason: str, message: str) -> None:
        """Add a condition."""
        self._try(lambda: self._transport.add_status(*self._names(), _condition(status, reason, message)))

    def _names(self) -> tuple[str, str, str]:
        return self._place.owner, self._place.project, self._place.uuid

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (PolyaxonError, OSError) as error:
            if not self._said:
                self._said = True
                sys.stderr.write(f"polyaxon: run {self._place.uuid} cannot be updated: {error}\n")


class OfflineRecord:
    """The files of an offline run: `run.plx.json` and `lineages.plx.json` in its directory."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._path = os.path.join(place.directory, "run.plx.json")
        self._run: dict[str, Any] = _read(self._path) or {
            "uuid": place.uuid,
            "owner": place.owner,
            "project": place.project,
            "created_at": _now(),
            "is_managed": False,
            "managed_by": "user",
            "kind": "job",
            "status_conditions": [],
        }
        if not self._run["status_conditions"]:
            self.add_status("created", "OfflineOperation", "")

    def begin(self, name: str | None, description: str | None, tags: list[str]) -> str:
        """Enter what a new run is called."""
        given = {"name": name, "description": description, "tags": tags or None}
        self._run.update((key, value) for key, value in given.items() if value is not None)
        self._write()
        return self._place.uuid

    def save(self, journal: Journal, directory: str) -> None:
        """Write what the run said so far."""
        self._run.update(_fields(journal))
        self._write()
        lineage = [_lineage(artifact, directory) for artifact in journal.artifacts]
        _replace(os.path.join(directory, "lineages.plx.json"), lineage)

    def add_status(self, status: str, reason: str, message: str) -> None:
        """Add a condition."""
        now = _now()
        times = {"succeeded": "finished_at", "failed": "finished_at", "stopped": "finished_at", "running": "started_at"}
        if status in times:
            self._run.setdefault(times[status], now)
        self._run["status"] = status
        self._run["status_conditions"].append(_condition(status, reason, message))
        self._write()

    def _write(self) -> None:
        self._run["updated_at"] = _now()
        _replace(self._path, self._run)


def _fields(journal: Journal) -> dict[str, Any]:
    fields = {
        "inputs": journal.inputs,
        "outputs": journal.outputs,
        "meta_info": journal.meta,
        "tags": list(journal.tags),
        "name": journal.name,
        "description": journal.description,
        "readme": journal.readme,
    }
    return {key: value for key, value in fields.items() if value}


def _lineage(artifact: JournalArtifact, directory: str) -> dict[str, Any]:
    is_file = artifact.path and "://" not in artifact.path
    path = place_of(os.path.join(directory, artifact.path), directory) if is_file else artifact.path
    return {
        "name": artifact.name,
        "kind": artifact.kind,
        "path": path,
        "summary": dict(artifact.summary),
        "is_input": artifact.is_input,
    }


def _condition(status: str, reason: str, message: str) -> dict[str, Any]:
    now = _now()
    return {
        "type": status,
        "status": True,
        "reason": reason,
        "message": message,
        "last_update_time": now,
        "last_transition_time": now,
    }


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _replace(path: str, value: Mapping[str, Any] | list[dict[str, Any]]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(encode(value))
    os.replace(path + ".part", path)
