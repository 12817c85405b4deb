"""Projects: the names under which runs are kept."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from polyaxon.errors import InternalError, NotFoundError
from polyaxon.store.base import Project
from polyaxon.store.database import Connection, Row
from polyaxon.store.values import clean_text, from_json, from_micros, micros, to_json

__all__ = ["ensure_project", "list_projects", "project"]

_SELECT = "SELECT uuid, owner, name, description, tags, created_at, updated_at FROM projects"


def project(connection: Connection, name: str, owner: str) -> Project:
    """Return the project of that name."""
    row = connection.one(f"{_SELECT} WHERE owner = ? AND name = ?", (owner, name))
    if row is None:
        names = [known.name for known in list_projects(connection)]
        near = get_close_matches(name, names, n=1)
        raise NotFoundError(
            f"no project `{name}`",
            hint=f"did you mean `{near[0]}`?" if near else f"create it: `polyaxon project create --name {name}`",
        )
    return _project(row)


def ensure_project(connection: Connection, wanted: Project) -> Project:
    """Return the project of that name, created when there is none."""
    connection.run(
        "INSERT INTO projects (uuid, owner, name, description, tags, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            wanted.uuid,
            wanted.owner,
            clean_text(wanted.name),
            wanted.description,
            to_json(list(wanted.tags)),
            micros(wanted.created_at),
            micros(wanted.updated_at),
        ),
    )
    return project(connection, wanted.name, wanted.owner)


def list_projects(connection: Connection) -> Sequence[Project]:
    """Return all projects by name."""
    return [_project(row) for row in connection.all(f"{_SELECT} ORDER BY name, owner")]


def _project(row: Row) -> Project:
    uuid, owner, name, description, tags, created, updated = row
    created_at, updated_at = from_micros(created), from_micros(updated)
    if created_at is None or updated_at is None:
        raise InternalError(f"project `{name}` has no times")
    return Project(uuid, name, created_at, updated_at, owner, description, tuple(from_json(tags)))
