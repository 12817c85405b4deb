"""Which fields a query may name, and what may be asked of each: two tables, one per question.

`OPERATIONS` says what each class of field allows; an operation that is not listed is refused. `ENTITIES` says which
fields each kind of entity has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Mapping

__all__ = ["ENTITIES", "OPERATIONS", "Entity", "FieldClass", "FieldSpec", "ValueType"]


class FieldClass(Enum):
    """How a field can be searched."""

    SEARCH = "search"
    VALUE = "value"
    COMPARISON = "comparison"
    SCALAR = "scalar"
    DATETIME = "datetime"
    ARRAY = "array"
    BOOL = "bool"
    CALLBACK = "callback"


class ValueType(Enum):
    """How the text of a value is read."""

    TEXT = "text"
    UUID = "uuid"
    INTEGER = "integer"
    NUMBER = "number"
    CPU = "cpu"
    BYTES = "bytes"
    BOOL = "bool"
    JSON = "json"
    INSTANT = "instant"


EQUALS, NIL, IN, COMPARE, RANGE, LIKE = "equality", "nil", "a list", "a comparison", "a range", "a `%` pattern"

OPERATIONS: Mapping[FieldClass, frozenset[str]] = {
    FieldClass.SEARCH: frozenset({EQUALS, NIL, IN, LIKE}),
    FieldClass.VALUE: frozenset({EQUALS, NIL, IN}),
    FieldClass.COMPARISON: frozenset({EQUALS, NIL, IN, COMPARE}),
    FieldClass.SCALAR: frozenset({EQUALS, NIL, COMPARE}),
    FieldClass.DATETIME: frozenset({EQUALS, NIL, COMPARE, RANGE}),
    FieldClass.ARRAY: frozenset({EQUALS, NIL, IN}),
    FieldClass.BOOL: frozenset({EQUALS, NIL}),
    FieldClass.CALLBACK: frozenset({EQUALS, NIL, IN}),
}


@dataclass(frozen=True)
class FieldSpec:
    """A field: its class and type; `keyed` when it is only asked by key (`inputs.lr`); `related` when it names
    another entity, whose `name` can be asked instead of the default; `of` is the canonical name of an alias."""

    kind: FieldClass
    type: ValueType = ValueType.TEXT
    keyed: bool = False
    related: bool = False
    of: str | None = None


@dataclass(frozen=True)
class Entity:
    """What can be listed: its fields, what it can be sorted by, and its order when nothing is asked."""

    name: str
    fields: Mapping[str, FieldSpec]
    sortable: frozenset[str]
    sortable_keyed: frozenset[str] = frozenset()
    default_sort: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Conditions that hold unless the query mentions the field."""


_SEARCH = FieldSpec(FieldClass.SEARCH)
_VALUE = FieldSpec(FieldClass.VALUE)
_INSTANT = FieldSpec(FieldClass.DATETIME, ValueType.INSTANT)
_NUMBER = FieldSpec(FieldClass.SCALAR, ValueType.NUMBER)
_TAGS = FieldSpec(FieldClass.ARRAY)
_STATE = FieldSpec(FieldClass.VALUE, ValueType.INTEGER)
_RUN = FieldSpec(FieldClass.VALUE, ValueType.UUID, related=True)
_NAMED = FieldSpec(FieldClass.VALUE, related=True)
_CALLBACK = FieldSpec(FieldClass.CALLBACK)
_SWITCH = FieldSpec(FieldClass.BOOL, ValueType.BOOL)

_UUID = {
    "uuid": FieldSpec(FieldClass.SEARCH, ValueType.UUID),
    "id": FieldSpec(FieldClass.SEARCH, ValueType.UUID, of="uuid"),
    "uid": FieldSpec(FieldClass.SEARCH, ValueType.UUID, of="uuid"),
}
_NAMES = {"name": _SEARCH, "description": _SEARCH}
_TIMES = {"created_at": _INSTANT, "updated_at": _INSTANT}


def _keyed(kind: FieldClass, type: ValueType, of: str | None = None) -> FieldSpec:  # noqa: A002 - as in FieldSpec
    return FieldSpec(kind, type, keyed=True, of=of)


_RUN_FIELDS: Mapping[str, FieldSpec] = {
    **_UUID,
    **_NAMES,
    **_TIMES,
    **dict.fromkeys(("started_at", "finished_at", "schedule_at"), _INSTANT),
    **dict.fromkeys(
        (
            "status",
            "runtime",
            "kind",
            "namespace",
            "backend",
            "framework",
            "managed_by",
            "pending",
            "cloning_kind",
            "state",
            "component_state",
            "artifacts",
            "user",
            "contributors",
            "teams",
        ),
        _VALUE,
    ),
    **dict.fromkeys(("project", "agent", "queue", "artifacts_store", "connections"), _NAMED),
    **dict.fromkeys(("original", "pipeline", "controller", "upstream", "downstream"), _RUN),
    "tags": _TAGS,
    "live_state": _STATE,
    "inputs": _keyed(FieldClass.COMPARISON, ValueType.JSON),
    "in": _keyed(FieldClass.COMPARISON, ValueType.JSON, of="inputs"),
    "params": _keyed(FieldClass.COMPARISON, ValueType.JSON, of="inputs"),
    "outputs": _keyed(FieldClass.COMPARISON, ValueType.JSON),
    "out": _keyed(FieldClass.COMPARISON, ValueType.JSON, of="outputs"),
    "metrics": _keyed(FieldClass.COMPARISON, ValueType.NUMBER),
    "meta_info": _keyed(FieldClass.VALUE, ValueType.JSON),
    "meta_values": _keyed(FieldClass.VALUE, ValueType.JSON),
    "meta_flags": _keyed(FieldClass.BOOL, ValueType.BOOL),
    **dict.fromkeys(("duration", "wait_time", "cost", "gpu", "custom"), _NUMBER),
    "cpu": FieldSpec(FieldClass.SCALAR, ValueType.CPU),
    "memory": FieldSpec(FieldClass.SCALAR, ValueType.BYTES),
    "is_managed": _SWITCH,
    "mine": _SWITCH,
    **dict.fromkeys(("commit", "in_artifact_kind", "out_artifact_kind"), _CALLBACK),
}

ENTITIES: Mapping[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity(
            "run",
            _RUN_FIELDS,
            sortable=frozenset(
                [
                    "created_at",
                    "updated_at",
                    "started_at",
                    "finished_at",
                    "schedule_at",
                    "name",
                    "kind",
                    "namespace",
                    "runtime",
                    "uuid",
                    "duration",
                    "wait_time",
                    "status",
                    "cost",
                    "cpu",
                    "memory",
                    "gpu",
                    "custom",
                    "state",
                    "component_state",
                    "user",
                ]
            ),
            sortable_keyed=frozenset(["metrics", "outputs", "inputs", "meta_info", "meta_values", "meta_flags"]),
            default_sort="-updated_at",
            defaults={"created_at": "last_month", "live_state": "1"},
        ),
        Entity(
            "project",
            {
                **_UUID,
                **_NAMES,
                **_TIMES,
                "tags": _TAGS,
                "live_state": _STATE,
                "contributors": _VALUE,
                "teams": _VALUE,
                "kind": _CALLBACK,
            },
            sortable=frozenset({"created_at", "updated_at", "name"}),
            default_sort="created_at",
            defaults={"live_state": "1"},
        ),
        Entity(
            "version",
            {
                **_UUID,
                **_NAMES,
                **_TIMES,
                "tags": _TAGS,
                **dict.fromkeys(("kind", "state", "stage"), _VALUE),
                "run": _RUN,
                "project": _NAMED,
            },
            sortable=frozenset(["created_at", "updated_at", "name", "uuid", "state", "stage", "kind"]),
            default_sort="-updated_at",
        ),
        Entity(
            "artifact",
            {
                "name": _SEARCH,
                "id": FieldSpec(FieldClass.SEARCH, of="name"),
                "run": _RUN,
                "is_input": _SWITCH,
                **dict.fromkeys(("kind", "path", "state"), _VALUE),
            },
            sortable=frozenset({"name", "kind", "path", "is_input"}),
            default_sort="name",
        ),
        Entity(
            "edge",
            {
                "upstream": _RUN,
                "downstream": _RUN,
                "kind": _VALUE,
                "statuses": _TAGS,
                "values": _keyed(FieldClass.VALUE, ValueType.JSON),
            },
            sortable=frozenset({"kind", "upstream", "downstream"}),
            sortable_keyed=frozenset({"values"}),
        ),
    )
}
