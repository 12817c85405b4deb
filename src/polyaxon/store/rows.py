"""Rows to values and back: which column holds which attribute of a run, and how it is written there.

`COLUMNS` is the one table; the order of its keys is the order of every `SELECT` of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import compress
from operator import attrgetter, itemgetter
from types import NoneType
from typing import Any, NamedTuple

from polyaxon.model.ids import RunId
from polyaxon.model.run import Cloning, Condition, ManagedBy, Run, RunKind
from polyaxon.model.status import Pending, Status
from polyaxon.store.conditions import condition_line
from polyaxon.store.database import Row
from polyaxon.store.values import clean_text, from_json, from_micros, micros_again, to_json

__all__ = [
    "COLUMNS",
    "CONTENTS",
    "RUN_COLUMNS",
    "condition_from_row",
    "condition_to_line",
    "insertion",
    "run_from_row",
    "updates",
]


class _Column(NamedTuple):
    name: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _optional(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(value)


# An enum's text: drivers know `str`, and adapt a subclass more slowly or not at all. `_value_` is `value` without the
# descriptor, which costs as much as the rest of a row.
_word = attrgetter("_value_")


def _members(kind: type[Enum]) -> Callable[[Any], Any]:
    return {member.value: member for member in kind}.__getitem__


_TEXT = (_optional(clean_text), _same)
_TIME = (micros_again, from_micros)
_JSON = (to_json, from_json)
_PLAIN = (_same, _same)

COLUMNS: Mapping[str, _Column] = {
    "uuid": _Column("uuid", *_PLAIN),
    "project": _Column("project", *_TEXT),
    "name": _Column("name", *_TEXT),
    "kind": _Column("kind", _word, _members(RunKind)),
    "runtime": _Column("runtime", *_TEXT),
    "status": _Column("status", _word, _members(Status)),
    "created_at": _Column("created_at", *_TIME),
    "updated_at": _Column("updated_at", *_TIME),
    "root": _Column("root", *_PLAIN),
    "pipeline": _Column("pipeline", *_PLAIN),
    "controller": _Column("controller", *_PLAIN),
    "original": _Column("original", *_PLAIN),
    "cloning_kind": _Column("cloning_kind", _optional(_word), _optional(Cloning)),
    "index": _Column("position", *_PLAIN),
    "attempt": _Column("attempt", *_PLAIN),
    "description": _Column("description", *_TEXT),
    "tags": _Column("tags", lambda tags: to_json(list(tags)) if tags else "[]", lambda text: tuple(from_json(text))),
    "pending": _Column("pending", _optional(_word), _optional(Pending)),
    "managed_by": _Column("managed_by", _word, _members(ManagedBy)),
    "user": _Column("username", *_TEXT),
    "started_at": _Column("started_at", *_TIME),
    "finished_at": _Column("finished_at", *_TIME),
    "schedule_at": _Column("schedule_at", *_TIME),
    "clean_at": _Column("clean_at", *_TIME),
    "wait_time": _Column("wait_time", *_PLAIN),
    "duration": _Column("duration", *_PLAIN),
    "inputs": _Column("inputs", *_JSON),
    "outputs": _Column("outputs", *_JSON),
    "meta": _Column("meta", *_JSON),
    "queue": _Column("queue", *_TEXT),
    "namespace": _Column("namespace", *_TEXT),
    "state": _Column("state", *_PLAIN),
    "live_state": _Column("live_state", *_PLAIN),
}
_SETTINGS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    **{name: (f"{column.name} = ?", column.encode) for name, column in COLUMNS.items()},
    "conditions": ("conditions = conditions || ?", _same),
}
"""How an update sets an attribute; to the conditions it adds."""
CONTENTS = ("raw_content", "content")
"""Attributes that lie in the table `contents`."""
_CONTENTS_WRITTEN = (*CONTENTS, "cache_parts")
"""Those, and what is only read to explain why a run was not reused."""

RUN_COLUMNS = ", ".join([f"runs.{column.name}" for column in COLUMNS.values()] + [f"c.{name}" for name in CONTENTS])
"""What `run_from_row` reads, from `runs LEFT JOIN contents c ON c.run = runs.id`."""

_FIELDS = tuple(COLUMNS)
_VALUES = attrgetter(*_FIELDS)
_DECODERS = tuple(column.decode for column in COLUMNS.values())


def run_from_row(row: Row) -> Run:
    """Return the run of a row of `RUN_COLUMNS`."""
    known = {field: decode(value) for field, decode, value in zip(_FIELDS, _DECODERS, row, strict=False)}
    return Run(**known, raw_content=row[-2], content=row[-1])


def insertion(run: Run, line: str) -> tuple[str, Sequence[Any]]:
    """Return the statement that adds a run with the line of its first condition, and its parameters.

    What is None is left out: drivers take several times as long for it as for a value, and half of a new run is None.
    """
    values = _VALUES(run)
    statement, present, encoders = _insertion(tuple(map(type, values)))
    row = [*compress(values, present)]
    for place, encode in encoders:
        row[place] = encode(row[place])
    row.append(line)
    return statement, row


@lru_cache(64)
def _insertion(types: tuple[type, ...]) -> tuple[str, Sequence[bool], Sequence[tuple[int, Callable[[Any], Any]]]]:
    """Return the statement, which values are its parameters, and how those of these places are written."""
    present = [kind is not NoneType for kind in types]
    columns = [*compress(COLUMNS.values(), present)]
    names = ", ".join(column.name for column in columns)
    statement = f"INSERT INTO runs ({names}, conditions) VALUES ({'?, ' * len(columns)}?) ON CONFLICT DO NOTHING"
    encoders = [(place, column.encode) for place, column in enumerate(columns) if column.encode is not _same]
    return statement, present, encoders


def updates(fields_by_run: Mapping[RunId, Mapping[str, Any]]) -> Mapping[str, list[Sequence[Any]]]:
    """Return, by statement, the rows that set attributes of runs: one row per run and table."""
    grouped: dict[str, list[Sequence[Any]]] = {}
    for run, fields in fields_by_run.items():
        values = (*fields.values(), run)
        for statement, take, encoders in _plan(tuple(fields)):
            row = [*take(values)]
            for place, encode in encoders:
                row[place] = encode(row[place])
            if statement in grouped:
                grouped[statement].append(row)
            else:
                grouped[statement] = [row]
    return grouped


class _Update(NamedTuple):
    statement: str
    take: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    """The statement's parameters among the values that change, of which the last is the run."""
    encoders: Sequence[tuple[int, Callable[[Any], Any]]]
    """Which parameters are not written as they are, and how."""


@lru_cache(512)
def _plan(names: tuple[str, ...]) -> tuple[_Update, ...]:
    """Return the statements that set these attributes: there are few sets of attributes that change together."""
    unknown = [name for name in names if name not in _SETTINGS and name not in _CONTENTS_WRITTEN]
    if unknown:
        raise TypeError(f"a run has no attribute `{unknown[0]}`")
    plan = []
    own = [(place, *_SETTINGS[name]) for place, name in enumerate(names) if name in _SETTINGS]
    if own:
        settings = ", ".join(setting for _, setting, _ in own)
        encoders = [(place, encode) for place, (_, _, encode) in enumerate(own) if encode is not _same]
        take = itemgetter(*[place for place, _, _ in own], len(names))
        plan.append(_Update(f"UPDATE runs SET {settings} WHERE uuid = ?", take, encoders))
    apart = [(place, name) for place, name in enumerate(names) if name in _CONTENTS_WRITTEN]
    if apart:
        settings = ", ".join(f"{name} = excluded.{name}" for _, name in apart)
        statement = (
            f"INSERT INTO contents (run, {', '.join(name for _, name in apart)}) "
            f"SELECT id, {', '.join('?' * len(apart))} FROM runs WHERE uuid = ? "
            f"ON CONFLICT (run) DO UPDATE SET {settings}"
        )
        plan.append(_Update(statement, itemgetter(*[place for place, _ in apart], len(names)), ()))
    return tuple(plan)


def condition_to_line(condition: Condition) -> str:
    """Return the line of a condition in its run's history."""
    return condition_line(condition.type._value_, condition.reason, condition.message, micros_again(condition.at))


def condition_from_row(row: Row) -> Condition:
    """Return the condition of a row (type, reason, message, at)."""
    at = from_micros(row[3])
    assert at is not None
    return Condition(Status(row[0]), row[1], row[2], at)
