"""The home's database for training code: lists, single runs and the runs that such code makes for itself, no server.

Answers are plain dictionaries with the field names of the REST API. Runs that a scheduler drives are only read here;
what is wanted of them is left as a request. Every call opens the file anew, so that threads and forked processes need
no care. Standard library only, Python 3.8.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from polyaxon.errors import ConflictError, NotFoundError, StoreError
from polyaxon.query import parse_sort
from polyaxon.store.conditions import condition_line, conditions_of
from polyaxon.store.dialects import SQLITE
from polyaxon.store.migrate import SQLITE_WORDS, migrate_with, migrations
from polyaxon.store.search import live_filter, order_by, page, where
from polyaxon.store.values import clean_text, from_json, from_micros, micros, to_json
from polyaxon.store.wakeup import wake

__all__ = ["LocalStore", "open_home"]

# `Any` throughout: rows and the users' JSON in them.

_FINAL = frozenset(("succeeded", "failed", "stopped", "skipped", "upstream_failed"))
_RUNNING = frozenset(("scheduled", "starting", "running", "processing"))
_BUSY_SECONDS = 30.0


def open_home(path: str) -> LocalStore:
    """Return the store of the home in this directory, which need not exist yet."""
    return LocalStore(os.path.abspath(os.path.expanduser(path)))


class LocalStore:
    """The runs of one home."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.path = os.path.join(home, "polyaxon.db")

    # Reading

    def list_runs(
        self, project: str | None, query: str = "", sort: str = "", limit: int = 20, offset: int = 0
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many runs match and one page of them; None lists all projects. Archived runs are left out unless
        the query mentions `live_state`."""
        condition, values = where(live_filter(query, _now()), SQLITE)
        if project is not None:
            condition, values = "runs.project = ? AND " + condition, [project, *values]
        order = order_by(parse_sort(sort), SQLITE)
        with self._reading() as connection:
            count = connection.execute("SELECT COUNT(*) FROM runs WHERE " + condition, values).fetchone()[0]
            rows = connection.execute(f"{_SELECT} WHERE {page(condition, order)}", [*values, limit, offset])
            return count, [_item(row) for row in rows]

    def get_run(self, uuid: str) -> dict[str, Any]:
        """Return one run whole; raise `NotFoundError`."""
        with self._reading() as connection:
            row = connection.execute(_SELECT + " WHERE runs.uuid = ?", (_hex(uuid),)).fetchone()
        if row is None:
            raise NotFoundError(f"no run `{uuid}`", hint="`polyaxon ops ls` lists the runs")
        return {
            **_item(row),
            "owner": "default",
            "project": row["project"],
            "description": row["description"],
            "readme": from_json(row["meta"]).get("readme"),
            "raw_content": row["raw_content"],
            "content": row["content"],
            "live_state": row["live_state"],
        }

    def conditions(self, uuid: str) -> list[dict[str, Any]]:
        """Return the status history, oldest first."""
        statement = "SELECT conditions FROM runs WHERE uuid = ?"
        with self._reading() as connection:
            row = connection.execute(statement, (_hex(uuid),)).fetchone()
        return [
            {
                "type": status,
                "status": True,
                "reason": reason,
                "message": message,
                "last_update_time": _moment(at),
                "last_transition_time": _moment(at),
            }
            for status, reason, message, at in (() if row is None else conditions_of(row["conditions"]))
        ]

    def artifacts(self, uuid: str) -> list[dict[str, Any]]:
        """Return the run's lineage by name."""
        statement = f"SELECT name, kind, path, summary, is_input FROM artifacts WHERE run = {_ID} ORDER BY name, kind"
        with self._reading() as connection:
            rows = connection.execute(statement, (_hex(uuid),)).fetchall()
        return [
            {
                "name": row["name"],
                "kind": row["kind"],
                "path": row["path"],
                "summary": from_json(row["summary"]),
                "is_input": bool(row["is_input"]),
                "run": _hex(uuid),
            }
            for row in rows
        ]

    def projects(self) -> list[dict[str, Any]]:
        """Return all projects by name."""
        with self._reading() as connection:
            rows = connection.execute("SELECT * FROM projects ORDER BY name, owner").fetchall()
        return [
            {
                "uuid": row["uuid"],
                "name": row["name"],
                "owner": row["owner"],
                "description": row["description"],
                "tags": from_json(row["tags"]),
                "created_at": _moment(row["created_at"]),
                "updated_at": _moment(row["updated_at"]),
            }
            for row in rows
        ]

    # Runs that user code makes for itself

    def create_user_run(self, run: Mapping[str, Any]) -> str:
        """Add a run that its own process manages, and its project; return its uuid. Keys are those of the REST API:
        `uuid`, `project`, `name`, `description`, `tags`, `inputs`, `meta_info`. A known uuid changes nothing."""
        now = micros(_now())
        uuid = _hex(run.get("uuid") or os.urandom(16).hex())
        project = str(run.get("project") or "default")
        values = {
            "uuid": uuid,
            "project": project,
            "kind": "job",
            "status": "created",
            "created_at": now,
            "updated_at": now,
            "root": uuid,
            "position": 0,
            "attempt": 0,
            "managed_by": "user",
            "live_state": 1,
            "tags": "[]",
            "inputs": "{}",
            "outputs": "{}",
            "meta": "{}",
            "conditions": condition_line("created", "ModelManager", "", now),
        }
        values.update(_columns({key: value for key, value in run.items() if key in _WRITABLE and value is not None}))
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO projects (uuid, owner, name, tags, created_at, updated_at) "
                "VALUES (?, ?, ?, '[]', ?, ?) ON CONFLICT DO NOTHING",
                (os.urandom(16).hex(), "default", clean_text(project), now, now),
            )
            names = ", ".join(values)
            marks = ", ".join("?" * len(values))
            connection.execute(
                f"INSERT INTO runs ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", list(values.values())
            )
        return uuid

    def update_run(self, uuid: str, **fields: Any) -> None:
        """Replace attributes of a run: `name`, `description`, `tags`, `inputs`, `outputs`, `meta_info`, `readme`.

        Of a run that a scheduler drives only what people own can be changed.
        """
        with self._writing() as connection:
            row = self._row(connection, uuid)
            mine = row["managed_by"] == "user"
            refused = sorted(set(fields) - (_WRITABLE if mine else _PEOPLES))
            if refused:
                why = "of a run that a scheduler drives " if not mine and refused[0] in _WRITABLE else ""
                raise ConflictError(f"`{refused[0]}` {why}cannot be changed from here")
            if "readme" in fields:
                meta = fields.get("meta_info", from_json(row["meta"]))
                fields = {**fields, "meta_info": {**meta, "readme": fields["readme"]}}
                del fields["readme"]
            values = {**_columns(fields), "updated_at": micros(_now())}
            _set(connection, row["id"], values)

    def add_condition(self, uuid: str, status: str, reason: str = "PolyaxonClient", message: str = "") -> None:
        """Add a status to a run that its own process manages. Final is final: what comes later is ignored."""
        now = _now()
        at = micros(now)
        with self._writing() as connection:
            row = self._row(connection, uuid)
            if row["managed_by"] != "user":
                raise ConflictError(f"the status of run `{uuid}` is its scheduler's", hint="leave a request instead")
            if status == "created" or row["status"] in _FINAL:
                return
            history = row["conditions"] + condition_line(status, reason, message, at)
            moved = {"status": status, "updated_at": at, "conditions": history}
            _set(connection, row["id"], {**moved, **_times(row, status, at or 0)})

    def add_artifacts(self, uuid: str, artifacts: Iterable[Mapping[str, Any]]) -> None:
        """Insert or update lineage by name and kind. Keys: `name`, `kind`, `path`, `summary`, `is_input`."""
        with self._writing() as connection:
            number = self._row(connection, uuid)["id"]
            connection.executemany(
                "INSERT INTO artifacts (run, name, kind, path, summary, is_input) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (run, name, kind) "
                "DO UPDATE SET path = excluded.path, summary = excluded.summary, is_input = excluded.is_input",
                [
                    (
                        number,
                        clean_text(str(item["name"])),
                        str(item.get("kind") or "artifact"),
                        clean_text(str(item.get("path") or "")),
                        to_json(item.get("summary") or {}),
                        int(bool(item.get("is_input"))),
                    )
                    for item in artifacts
                ],
            )

    # Asking of driven runs

    def request(self, uuid: str, action: str, payload: Mapping[str, Any] | None = None, by: str = "user") -> None:
        """Ask whoever drives the run to `stop`, `skip`, `approve`, `resume` or `invalidate` it, and wake it."""
        uuid = _hex(uuid)
        body = ["requested", {"run": uuid, "action": action, "by": by, "payload": dict(payload or {})}]
        with self._writing() as connection:
            row = self._row(connection, uuid)
            if row["managed_by"] == "user":
                raise ConflictError(f"run `{uuid}` is managed by its own process: nobody would answer")
            connection.execute(
                "INSERT INTO requests (root, at, body) VALUES (?, ?, ?)", (row["root"], micros(_now()), to_json(body))
            )
        wake(self.home)

    # Private

    def _row(self, connection: sqlite3.Connection, uuid: str) -> Any:
        row = connection.execute("SELECT * FROM runs WHERE uuid = ?", (_hex(uuid),)).fetchone()
        if row is None:
            raise NotFoundError(f"no run `{uuid}`", hint="`polyaxon ops ls` lists the runs")
        return row

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            os.makedirs(self.home, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                connection.row_factory = sqlite3.Row
                connection.create_function("lowered", 1, _lowered)
                connection.execute("PRAGMA synchronous = FULL")
                _migrate(connection)
                connection.execute(begin)
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the database `{self.path}` refused: {error}") from error


_ID = "(SELECT id FROM runs WHERE uuid = ?)"
_SELECT = (
    "SELECT runs.*, c.raw_content, c.content, p.name AS pipeline_name, p.kind AS pipeline_kind, "
    "o.name AS original_name, o.kind AS original_kind FROM runs LEFT JOIN contents c ON c.run = runs.id "
    "LEFT JOIN runs p ON p.uuid = runs.pipeline LEFT JOIN runs o ON o.uuid = runs.original"
)
_TEXTS = frozenset(("name", "description"))
_PEOPLES = _TEXTS | {"tags"}
_WRITABLE = _PEOPLES | {"inputs", "outputs", "meta_info", "readme"}


def _migrate(connection: sqlite3.Connection) -> None:
    if _version(connection) == len(migrations()):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = migrate_with(connection.execute, _version(connection), SQLITE_WORDS)
        connection.execute(f"PRAGMA user_version = {version}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _item(row: Any) -> dict[str, Any]:
    meta = from_json(row["meta"])
    meta.pop("engine", None)
    meta.pop("components", None)
    return {
        "uuid": row["uuid"],
        "name": row["name"],
        "created_at": _moment(row["created_at"]),
        "updated_at": _moment(row["updated_at"]),
        "started_at": _moment(row["started_at"]),
        "finished_at": _moment(row["finished_at"]),
        "schedule_at": _moment(row["schedule_at"]),
        "wait_time": row["wait_time"],
        "duration": row["duration"],
        "kind": row["kind"],
        "runtime": row["runtime"],
        "meta_info": meta,
        "status": row["status"],
        "pipeline": _reference(row["pipeline"], row["pipeline_name"], row["pipeline_kind"]),
        "original": _reference(row["original"], row["original_name"], row["cloning_kind"] or row["original_kind"]),
        "is_managed": row["managed_by"] != "user",
        "managed_by": row["managed_by"],
        "pending": row["pending"],
        "inputs": from_json(row["inputs"]),
        "outputs": from_json(row["outputs"]),
        "tags": from_json(row["tags"]),
        "settings": {"namespace": row["namespace"], "component": None, "queue": row["queue"]},
        "user": row["username"],
        "bookmarked": False,
        "resources": {"memory": 0.0, "cpu": 0.0, "gpu": 0.0, "custom": 0.0, "cost": 0.0},
    }


def _reference(uuid: str | None, name: str | None, kind: str | None) -> dict[str, Any] | None:
    return None if uuid is None else {"uuid": uuid, "name": name, "kind": kind}


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of attributes that may be written."""
    values: dict[str, Any] = {}
    for key, value in fields.items():
        if key in _TEXTS:
            values[key] = None if value is None else clean_text(str(value))
        elif key == "tags":
            values[key] = to_json(list(dict.fromkeys(map(str, _listed(value)))))
        else:
            values["meta" if key == "meta_info" else key] = to_json(dict(value or {}))
    return values


def _listed(value: Any) -> Sequence[Any]:
    return value.split(",") if isinstance(value, str) else list(value or ())


def _set(connection: sqlite3.Connection, number: int, values: Mapping[str, Any]) -> None:
    settings = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE runs SET {settings} WHERE id = ?", [*values.values(), number])


def _times(row: Any, status: str, at: int) -> dict[str, Any]:
    """Return what a status says about when the run began and ended."""
    times: dict[str, Any] = {}
    began = row["started_at"]
    if status in _RUNNING and began is None:
        times["started_at"] = at
        times["wait_time"] = round((at - row["created_at"]) / 1e6, 2)
    if status in _FINAL:
        if began is None:
            began = times["started_at"] = row["created_at"]
        times["finished_at"] = at
        times["duration"] = round((at - began) / 1e6, 2)
    return times


def _moment(value: int | None) -> str | None:
    at = from_micros(value)
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _lowered(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _hex(uuid: str) -> str:
    return str(uuid).replace("-", "").lower()


def _now() -> datetime:
    return datetime.now(timezone.utc)
