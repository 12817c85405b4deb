"""The local home without a server: rows through `polyaxon.store.reader`, files from the runs' directories.

Runs that a scheduler drives are only asked (`act` leaves a request); runs of user code are written directly.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import Any, Iterator, Mapping, Sequence

from polyaxon.client.failures import PolyaxonClientException, ServerOnlyException
from polyaxon.errors import ConflictError, NotFoundError
from polyaxon.store.reader import LocalStore, open_home

__all__ = ["LocalTransport"]

# `Any` throughout: rows are decoded JSON.

_REQUESTS = frozenset({"stop", "skip", "approve", "resume", "invalidate"})


class LocalTransport:
    """The home in a directory. The owner is always `default`."""

    is_local = True

    def __init__(self, home: str) -> None:
        self.home = home
        self._store: LocalStore = open_home(home)

    # Runs

    def list_runs(
        self, owner: str, project: str | None, query: str, sort: str, limit: int, offset: int
    ) -> Mapping[str, Any]:
        del owner
        count, results = self._store.list_runs(project, query, sort, limit, offset)
        return {"count": count, "next": None, "previous": None, "results": results}

    def get_run(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]:
        del owner, project  # a uuid is enough
        return self._store.get_run(uuid)

    def create_run(self, owner: str, project: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if body.get("content"):
            raise ServerOnlyException("Creating a run from a specification")
        return self._store.get_run(self._store.create_user_run({**body, "owner": owner, "project": project}))

    def update_run(self, owner: str, project: str, uuid: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        fields = {key: value for key, value in body.items() if key != "merge"}
        if body.get("merge"):
            before = self.get_run(owner, project, uuid)
            fields = {key: _merged(before.get(key), value) for key, value in fields.items()}
        try:
            self._store.update_run(uuid, **fields)
        except ConflictError as error:
            raise PolyaxonClientException(error.message, "inside the run itself, use `polyaxon.tracking`") from None
        return self.get_run(owner, project, uuid)

    def delete_run(self, owner: str, project: str, uuid: str) -> None:
        del owner, project
        raise PolyaxonClientException(
            f"run `{uuid}` is not deleted from here", f"run `polyaxon ops delete -uid {uuid}`"
        )

    def statuses(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]:
        run = self.get_run(owner, project, uuid)
        return {
            "uuid": run["uuid"],
            "status": run["status"],
            "status_conditions": list(self._store.conditions(run["uuid"])),
            "meta_info": run.get("meta_info"),
        }

    def add_status(self, owner: str, project: str, uuid: str, condition: Mapping[str, Any]) -> None:
        del owner, project
        self._store.add_condition(
            uuid, condition["type"], condition.get("reason") or "PolyaxonClient", condition.get("message") or ""
        )

    def act(self, owner: str, project: str, uuid: str, action: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if action not in _REQUESTS:
            raise ServerOnlyException(f"`{action}`")
        run = self.get_run(owner, project, uuid)
        if action == "stop" and not run["is_managed"]:  # nobody would answer
            self._store.add_condition(run["uuid"], "stopped", "PolyaxonClient", "")
        else:
            self._store.request(run["uuid"], action, dict(body))
        return {}

    def list_artifacts(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]:
        run = self.get_run(owner, project, uuid)
        # The home's paths are relative to the store of all runs, those of the API to the run's directory.
        prefix = run["uuid"] + "/"
        results = [
            {**line, "path": line["path"][len(prefix) :] if line["path"].startswith(prefix) else line["path"]}
            for line in self._store.artifacts(run["uuid"])
        ]
        return {"count": len(results), "results": results}

    def add_artifacts(self, owner: str, project: str, uuid: str, artifacts: Sequence[Mapping[str, Any]]) -> None:
        run = self.get_run(owner, project, uuid)
        lines = [{**line, "path": _in_store(run["uuid"], str(line.get("path") or ""))} for line in artifacts]
        self._store.add_artifacts(run["uuid"], lines)

    # Files

    def logs(self, owner: str, project: str, uuid: str) -> Iterator[str]:
        directory = os.path.join(self._directory(owner, project, uuid), "plxlogs")
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                for line in file:
                    yield _log_text(line) if name.endswith(".jsonl") else line.rstrip("\n")

    def tree(self, owner: str, project: str, uuid: str, path: str) -> Mapping[str, Any]:
        files, directories = {}, []
        with os.scandir(self._inside(owner, project, uuid, path)) as entries:
            for entry in entries:
                if entry.is_dir():
                    directories.append(entry.name)
                else:
                    files[entry.name] = entry.stat().st_size
        return {"files": dict(sorted(files.items())), "dirs": sorted(directories)}

    def fetch(self, owner: str, project: str, uuid: str, path: str, target: str) -> str:
        source = self._inside(owner, project, uuid, path)
        os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        if os.path.isfile(source):
            return shutil.copy2(source, target)
        for directory, _, names in os.walk(source):
            inside = os.path.join(target, os.path.relpath(directory, source))
            os.makedirs(inside, exist_ok=True)
            for name in names:
                shutil.copy2(os.path.join(directory, name), os.path.join(inside, name))
        return target

    # Projects

    def list_projects(self, owner: str, query: str, sort: str, limit: int, offset: int) -> Mapping[str, Any]:
        if query or sort:
            raise ServerOnlyException("Searching projects")
        projects = [project for project in self._store.projects() if project.get("owner", owner) == owner]
        return {"count": len(projects), "results": projects[offset : offset + limit] if limit > 0 else projects}

    def get_project(self, owner: str, name: str) -> Mapping[str, Any]:
        for project in self._store.projects():
            if project["name"] == name and project.get("owner", owner) == owner:
                return project
        raise NotFoundError(f"there is no project `{name}`", "run `polyaxon project ls` to see them")

    def create_project(self, owner: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        del owner
        raise PolyaxonClientException(
            f"project `{body.get('name')}` is not created from here",
            "it is created by its first run, or by `polyaxon project create`",
        )

    def update_project(self, owner: str, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        del owner, body
        raise ServerOnlyException(f"Changing project `{name}`")

    def delete_project(self, owner: str, name: str) -> None:
        del owner
        raise ServerOnlyException(f"Deleting project `{name}`")

    # Private

    def _directory(self, owner: str, project: str, uuid: str) -> str:
        run = self.get_run(owner, project, uuid)
        original = run["original"] or {}
        # What was served from the cache has its files with the run that did the work.
        holder = original["uuid"] if original.get("kind") == "cache" else run["uuid"]
        return os.path.join(self.home, "artifacts", str(holder))

    def _inside(self, owner: str, project: str, uuid: str, path: str) -> str:
        """The path in the run's directory, which nothing that a caller passes leaves."""
        root = os.path.realpath(self._directory(owner, project, uuid))
        place = os.path.realpath(os.path.join(root, path.lstrip("/")))
        if place != root and not place.startswith(root + os.sep):
            raise PolyaxonClientException(f"`{path}` is outside the run's directory", "give a path relative to it")
        if not os.path.exists(place):
            raise NotFoundError(f"run `{uuid}` has no `{path}`", "list what it has with `get_artifacts_tree`")
        return place


def _in_store(uuid: str, path: str) -> str:
    elsewhere = not path or os.path.isabs(path) or "://" in path or path.startswith(uuid + "/")
    return path if elsewhere else f"{uuid}/{path}"


def _merged(before: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {**(before or {}), **value}
    if isinstance(value, (list, tuple)):
        return list(dict.fromkeys([*(before or ()), *value]))
    return value


def _log_text(line: str) -> str:
    try:
        return str(json.loads(line)["value"])
    except (ValueError, KeyError, TypeError):
        return line.rstrip("\n")
