"""Reading and writing single runs and lists of them: the queries on `runs` and the tables around it.

Functions on a `Connection`; the transaction belongs to the caller.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

from polyaxon.errors import ConflictError, NotFoundError
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, ManagedBy, Run, RunFacts
from polyaxon.model.status import FINAL, Status
from polyaxon.store import history
from polyaxon.store.base import Artifact, Edge, Explanation, Page
from polyaxon.store.conditions import conditions_of
from polyaxon.store.database import Connection, Row
from polyaxon.store.dialects import Dialect
from polyaxon.store.rows import (
    RUN_COLUMNS,
    condition_from_row,
    condition_to_line,
    insertion,
    run_from_row,
    updates,
)
from polyaxon.store.values import clean_text, from_json, from_micros, to_json

__all__ = [
    "INSERT_CONTENTS",
    "REUSABLE",
    "SELECT",
    "UPSERT_ARTIFACT",
    "add_artifacts",
    "artifact_row",
    "artifacts",
    "cache_candidates",
    "cache_parts",
    "children",
    "conditions",
    "create",
    "delete",
    "earlier",
    "edges",
    "explanations",
    "facts",
    "get",
    "list_runs",
    "numbers",
    "record",
    "tree",
    "update",
]

_FROM = "FROM runs LEFT JOIN contents c ON c.run = runs.id"
SELECT = f"SELECT {RUN_COLUMNS} {_FROM}"

INSERT_CONTENTS = (
    "INSERT INTO contents (run, raw_content, content) SELECT id, ?, ? FROM runs WHERE uuid = ? ON CONFLICT DO NOTHING"
)

REUSABLE = (
    "SELECT id, uuid, status, name, outputs, finished_at, state FROM runs "
    "WHERE project = ? AND state IN ({}) AND live_state = 1 "
    "AND COALESCE(cloning_kind, '') <> 'cache' AND COALESCE(pending, '') <> 'cache'"
)
"""Who may serve those that ask for these cache keys: without order, which would cost more than the look itself."""

Value = TypeVar("Value")
_MANY = 500
"""How many parameters one statement carries."""


def create(connection: Connection, run: Run, condition: Condition) -> bool:
    """Add a run with its first condition; a known uuid changes nothing and gives False."""
    if connection.run(*insertion(run, condition_to_line(condition))) != 1:
        return False
    if run.raw_content is not None or run.content is not None:
        connection.run(INSERT_CONTENTS, (run.raw_content, run.content, run.uuid))
    return True


def get(connection: Connection, uuid: str) -> Run:
    """Return the run of a uuid or of the beginning of one."""
    digits = uuid.replace("-", "").lower()
    if not re.fullmatch(r"[0-9a-f]{4,32}", digits):
        raise NotFoundError(f"`{uuid}` is not the uuid of a run", hint="give at least 4 of its hexadecimal digits")
    rows = connection.all(f"{SELECT} WHERE runs.uuid >= ? AND runs.uuid < ? LIMIT 3", (digits, digits + "g"))
    if not rows:
        raise NotFoundError(f"no run `{uuid}`", hint="`polyaxon ops ls` lists the runs")
    if len(rows) > 1:
        raise NotFoundError(f"`{uuid}` is the beginning of several uuids", hint="give more digits")
    return run_from_row(rows[0])


def tree(connection: Connection, root: RunId) -> Sequence[Run]:
    """Return the root and all below it, parents before children, siblings by `index`."""
    below: dict[RunId | None, list[Run]] = defaultdict(list)
    for row in connection.all(f"{SELECT} WHERE runs.root = ? ORDER BY runs.id", (root,)):
        run = run_from_row(row)
        below[run.pipeline if run.uuid != root else None].append(run)
    ordered = below[None]
    for run in ordered:
        ordered.extend(sorted(below.get(run.uuid, ()), key=lambda child: child.index))
    return ordered


def children(connection: Connection, pipeline: RunId) -> Sequence[Run]:
    """Return the runs right below a pipeline, by `index`."""
    return [
        run_from_row(row) for row in connection.all(f"{SELECT} WHERE runs.pipeline = ? ORDER BY position", (pipeline,))
    ]


def list_runs(
    connection: Connection,
    dialect: Dialect,
    project: str | None,
    query: str,
    sort: str,
    limit: int,
    offset: int,
    now: datetime,
) -> Page:
    """Return one page of the runs that match."""
    from polyaxon.query import parse_sort  # here, and nobody who only drives runs waits for it
    from polyaxon.store.search import live_filter, order_by, page, where

    condition, values = where(live_filter(query, now), dialect)
    if project is not None:
        condition, values = f"runs.project = ? AND {condition}", [project, *values]
    counted = connection.one(f"SELECT COUNT(*) FROM runs WHERE {condition}", values)
    order = order_by(parse_sort(sort), dialect)
    rows = connection.all(f"{SELECT} WHERE {page(condition, order)}", (*values, limit, offset))
    return Page(counted[0] if counted else 0, [run_from_row(row) for row in rows])


def update(connection: Connection, uuid: RunId, fields: Mapping[str, Any]) -> None:
    """Change attributes of a run."""
    for statement, rows in updates({uuid: fields}).items():
        connection.run_many(statement, rows)


def record(connection: Connection, uuid: RunId, condition: Condition, fields: Mapping[str, Any]) -> None:
    """Add a status to a run that its own process manages."""
    run = get(connection, uuid)
    if run.managed_by is not ManagedBy.USER:
        raise ConflictError(f"run `{uuid}` is driven by a scheduler", hint="ask it: `polyaxon ops stop|approve|resume`")
    moved = {"status": condition.type, "updated_at": condition.at, "conditions": condition_to_line(condition)}
    update(connection, uuid, {**moved, **fields})


_ID = "(SELECT id FROM runs WHERE uuid = ?)"


def conditions(connection: Connection, uuid: RunId) -> Sequence[Condition]:
    """Return the status history, oldest first."""
    row = connection.one("SELECT conditions FROM runs WHERE uuid = ?", (uuid,))
    return [] if row is None else [condition_from_row(each) for each in conditions_of(row[0])]


def explanations(connection: Connection, uuid: RunId) -> Sequence[Explanation]:
    """Return what decisions about the run were based on, oldest first."""
    statement = f"SELECT topic, at, facts FROM explanations WHERE run = {_ID} ORDER BY sequence"
    return [
        Explanation(uuid, topic, _time(at), from_json(text)) for topic, at, text in connection.all(statement, (uuid,))
    ]


def edges(connection: Connection, uuid: RunId) -> Sequence[Edge]:
    """Return the edges that begin or end at the run."""
    statement = (
        "SELECT up.uuid, down.uuid, e.kind, e.details FROM edges e "
        "JOIN runs up ON up.id = e.upstream JOIN runs down ON down.id = e.downstream WHERE e.{side} = " + _ID
    )
    rows: dict[tuple[Any, ...], Row] = {}
    for side in ("downstream", "upstream"):
        rows.update((tuple(row), row) for row in connection.all(statement.format(side=side), (uuid,)))
    return [Edge(RunId(up), RunId(down), kind, from_json(text)) for up, down, kind, text in rows.values()]


def artifacts(connection: Connection, uuid: RunId) -> Sequence[Artifact]:
    """Return the run's lineage by name."""
    statement = f"SELECT name, kind, path, summary, is_input FROM artifacts WHERE run = {_ID} ORDER BY name, kind"
    return [
        Artifact(uuid, name, kind, path, from_json(summary), bool(is_input))
        for name, kind, path, summary, is_input in connection.all(statement, (uuid,))
    ]


UPSERT_ARTIFACT = (
    "INSERT INTO artifacts (run, name, kind, path, summary, is_input) "
    "SELECT id, ?, ?, ?, ?, ? FROM runs WHERE uuid = ? ON CONFLICT (run, name, kind) "
    "DO UPDATE SET path = excluded.path, summary = excluded.summary, is_input = excluded.is_input"
)


def artifact_row(item: Artifact) -> tuple[Any, ...]:
    """Return the parameters of `UPSERT_ARTIFACT`."""
    name, path = clean_text(item.name), clean_text(item.path)
    return (name, item.kind, path, to_json(item.summary), int(item.is_input), item.run)


def add_artifacts(connection: Connection, found: Sequence[Artifact]) -> None:
    """Insert or update by (run, name, kind)."""
    connection.run_many(UPSERT_ARTIFACT, map(artifact_row, found))


def delete(connection: Connection, uuid: RunId) -> None:
    """Remove a final run and all below it, with everything that refers to them."""
    doomed = _below(connection, uuid)
    if not doomed:
        raise NotFoundError(f"no run `{uuid}`", hint="`polyaxon ops ls` lists the runs")
    unfinished = [run for _, run, status in doomed if Status(status) not in FINAL]
    if unfinished:
        raise ConflictError(
            f"run `{unfinished[0]}` is not over, so `{uuid}` cannot be deleted",
            hint=f"stop it first: `polyaxon ops stop {uuid}`",
        )
    ids = [(number,) for number, _, _ in doomed]
    for statement in (
        "DELETE FROM contents WHERE run = ?",
        "DELETE FROM explanations WHERE run = ?",
        "DELETE FROM artifacts WHERE run = ?",
        "DELETE FROM edges WHERE downstream = ?",
        "DELETE FROM edges WHERE upstream = ?",
        "DELETE FROM runs WHERE id = ?",
    ):
        connection.run_many(statement, ids)
    history.forget(connection, next(number for number, run, _ in doomed if run == uuid))
    for table in ("leases", "requests"):
        connection.run(f"DELETE FROM {table} WHERE root = ?", (uuid,))


def _below(connection: Connection, uuid: RunId) -> Sequence[Row]:
    return connection.all(
        "WITH RECURSIVE doomed(id, uuid, status) AS ("
        "SELECT id, uuid, status FROM runs WHERE uuid = ? UNION "
        "SELECT runs.id, runs.uuid, runs.status FROM runs JOIN doomed ON runs.pipeline = doomed.uuid"
        ") SELECT id, uuid, status FROM doomed",
        (uuid,),
    )


def numbers(connection: Connection, uuids: Iterable[str]) -> Mapping[str, int]:
    """Return the numbers of the runs; unknown ones are absent."""
    found: dict[str, int] = {}
    for some in _slices([*uuids]):
        marks = ", ".join("?" * len(some))
        rows: Iterable[Any] = connection.all(f"SELECT uuid, id FROM runs WHERE uuid IN ({marks})", some)
        found.update(rows)
    return found


def facts(connection: Connection, uuids: Sequence[str]) -> Mapping[str, RunFacts]:
    """Return what templates may see of the runs; unknown ones are absent."""
    found: dict[str, RunFacts] = {}
    for some in _slices(uuids):
        marks = ", ".join("?" * len(some))
        lineage: dict[str, dict[str, str]] = defaultdict(dict)
        for uuid, name, path in connection.all(
            "SELECT runs.uuid, a.name, a.path FROM artifacts a JOIN runs ON runs.id = a.run "
            f"WHERE runs.uuid IN ({marks})",
            some,
        ):
            lineage[uuid][name] = path
        for *row, lines in connection.all(
            f"SELECT {RUN_COLUMNS}, runs.conditions {_FROM} WHERE runs.uuid IN ({marks})", some
        ):
            run = run_from_row(row)
            found[run.uuid] = _facts(run, lineage.get(run.uuid, {}), _compiled_at(lines))
    return found


def _compiled_at(lines: str) -> datetime | None:
    """Return when the run was compiled last."""
    times = [at for status, _, _, at in conditions_of(lines) if status == Status.COMPILED]
    return from_micros(max(times, default=None))


def _facts(run: Run, lineage: Mapping[str, str], compiled_at: datetime | None) -> RunFacts:
    return RunFacts(
        uuid=run.uuid,
        name=run.name,
        project=run.project,
        status=run.status,
        inputs=run.inputs,
        outputs=run.outputs,
        artifacts=lineage,
        user=run.user,
        namespace=run.namespace,
        created_at=run.created_at,
        compiled_at=compiled_at,
        schedule_at=run.schedule_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        duration=run.duration,
        cloning_kind=run.cloning_kind,
        original_uuid=run.original,
        is_independent=run.pipeline is None,
        artifacts_owner=run.original if run.cloning_kind == "cache" else None,
    )


def cache_candidates(connection: Connection, project: str, asks: Mapping[RunId, str]) -> Mapping[RunId, RunFacts]:
    """Return, per asking run, the best run with its cache key: see `Store.cache_candidates`."""
    by_key: dict[str, list[Row]] = defaultdict(list)
    for some in _slices(sorted(set(asks.values()))):
        for row in connection.all(REUSABLE.format(", ".join("?" * len(some))), (project, *some)):
            by_key[row[-1]].append(row)
    best = {asker: _best(by_key.get(key, ()), asker) for asker, key in asks.items()}
    chosen = {asker: row for asker, row in best.items() if row is not None}
    lineage = _lineage(connection, sorted({row[0] for row in chosen.values()}))
    # One value for all that ask for the same.
    known = {row[0]: _reusable(project, row, lineage.get(row[0], {})) for row in chosen.values()}
    return {asker: known[row[0]] for asker, row in chosen.items()}


def _lineage(connection: Connection, runs: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    """Return the paths of the artifacts of the runs with these numbers."""
    lineage: dict[int, dict[str, str]] = defaultdict(dict)
    for some in _slices(runs):
        marks = ", ".join("?" * len(some))
        for run, name, path in connection.all(f"SELECT run, name, path FROM artifacts WHERE run IN ({marks})", some):
            lineage[run][name] = path
    return lineage


def _reusable(project: str, row: Row, lineage: Mapping[str, str]) -> RunFacts:
    _, uuid, status, name, outputs, finished_at, _ = row
    return RunFacts(
        RunId(uuid),
        name,
        project,
        status=Status(status),
        outputs=from_json(outputs),
        artifacts=lineage,
        finished_at=from_micros(finished_at),
    )


def cache_parts(connection: Connection, uuid: RunId) -> str | None:
    """Return the parts of the run's cache key."""
    row = connection.one(f"SELECT cache_parts FROM contents WHERE run = {_ID}", (uuid,))
    return row[0] if row is not None else None


def earlier(connection: Connection, uuid: RunId, limit: int) -> Sequence[tuple[Run, str]]:
    """Return older runs of the same project and name with the parts of their cache keys, the latest first."""
    rows = connection.all(
        f"SELECT {RUN_COLUMNS}, c.cache_parts FROM runs this JOIN runs ON runs.project = this.project "
        "AND runs.created_at <= this.created_at AND runs.id < this.id "
        "AND COALESCE(runs.name, '') = COALESCE(this.name, '') "
        "JOIN contents c ON c.run = runs.id WHERE this.uuid = ? AND c.cache_parts IS NOT NULL "
        "ORDER BY runs.created_at DESC, runs.id DESC LIMIT ?",
        (uuid, limit),
    )
    return [(run_from_row(row[:-1]), row[-1]) for row in rows]


_GOING_ON = frozenset(status.value for status in Status) - {status.value for status in FINAL} - {Status.STOPPING.value}


def _best(candidates: Sequence[Row], asker: RunId) -> Row | None:
    """Latest succeeded; else the latest going on that is older than the asker: two never wait for each other."""
    latest = sorted(candidates, key=itemgetter(0), reverse=True)
    own = next((row[0] for row in latest if row[1] == asker), None)
    others = [row for row in latest if row[1] != asker]
    for row in others:
        if row[2] == Status.SUCCEEDED:
            return row
    for row in others:
        if row[2] in _GOING_ON and (own is None or row[0] < own):
            return row
    return None


def _slices(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    return (values[start : start + _MANY] for start in range(0, len(values), _MANY))


def _time(value: int) -> datetime:
    at = from_micros(value)
    assert at is not None
    return at
