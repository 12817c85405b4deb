"""The meaning of a filter on one plain mapping: the reference that compiled filters are tested against.

Runs have the field names of the REST API; keys that are missing are missing values. Meant for small lists in memory.
"""

from __future__ import annotations

import operator
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Mapping, Sequence

from polyaxon.query.fields import FieldClass, ValueType
from polyaxon.query.tree import (
    And,
    Anything,
    Between,
    Compare,
    Condition,
    Equals,
    Field,
    Filter,
    In,
    Like,
    Missing,
    Operation,
    Or,
    Within,
)

__all__ = ["matches"]

# `Any` throughout: rows are decoded JSON.


def matches(tree: Filter, row: Mapping[str, Any]) -> bool:
    """Whether the row (a run as the REST API shows it) fulfils the filter."""
    if isinstance(tree, And):
        return all(matches(part, row) for part in tree.parts)
    if isinstance(tree, Or):
        return any(matches(part, row) for part in tree.parts)
    assert isinstance(tree, Condition)
    return _condition(tree, row)


def _condition(condition: Condition, row: Mapping[str, Any]) -> bool:
    asked = condition.operation
    if isinstance(asked, Anything) or condition.field.name == "mine":  # a home has one user
        return True
    value = _value(condition.field, row)
    if isinstance(asked, Missing):
        return (value is None or value == []) != condition.negated
    if isinstance(asked, (Compare, Between)) and not _comparable(asked, value):
        return False
    return _holds(asked, value) != condition.negated


def _holds(asked: Operation, value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds(asked, item) for item in value)
    if value is None:
        return False
    return _TESTS[type(asked)](asked, value)


def _comparable(asked: Compare | Between, value: Any) -> bool:
    if isinstance(asked, Between):
        return isinstance(value, datetime)
    return _family(asked.value) == _family(value)


def _family(value: Any) -> str:
    """Values are compared within their JSON type."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    return type(value).__name__


def _same(left: Any, right: Any) -> bool:
    return _family(left) == _family(right) and left == right


_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_LIKE: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda value, text: text in value,
    "startswith": lambda value, text: value.startswith(text),
    "endswith": lambda value, text: value.endswith(text),
}
_TESTS: Mapping[type[Operation], Callable[[Any, Any], bool]] = {
    Equals: lambda asked, value: _same(asked.value, value),
    In: lambda asked, value: any(_same(item, value) for item in asked.values),
    Compare: lambda asked, value: _COMPARE[asked.operator](value, asked.value),
    Between: lambda asked, value: asked.low <= value <= asked.high,
    Within: lambda asked, value: asked.start <= value < asked.end,
    Like: lambda asked, value: _LIKE[asked.place](str(value).lower(), asked.text.lower()),
}


def _value(field: Field, row: Mapping[str, Any]) -> Any:
    if field.name in _SPECIAL:
        return _SPECIAL[field.name](row)
    if field.name == "metrics":
        value = _keyed(row.get("outputs"), field.key)
        return value if _family(value) == "number" else None
    if field.name in ("meta_values", "meta_flags"):
        return _keyed(row.get("meta_info"), field.key)
    if field.kind is FieldClass.SCALAR and field.name not in row:
        return _keyed(row.get("resources"), field.name)
    value = row.get(field.name)
    if field.type is ValueType.INSTANT:
        return _moment(value)
    if isinstance(value, Mapping):
        return _keyed(value, field.key or ("uuid" if field.type is ValueType.UUID else "name"))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return value


def _keyed(value: Any, key: str | None) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone(timedelta(0)))


def _lineage(row: Mapping[str, Any], wanted: Callable[[Mapping[str, Any]], bool], part: str) -> list[Any]:
    return [item.get(part) for item in row.get("artifacts") or () if wanted(item)]


_SPECIAL: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "is_managed": lambda row: row.get("managed_by") != "user",
    "namespace": lambda row: row.get("namespace") or _keyed(row.get("settings"), "namespace"),
    "live_state": lambda row: row.get("live_state", 1),
    "artifacts": lambda row: _lineage(row, lambda item: bool(item), "state"),
    "commit": lambda row: _lineage(row, lambda item: item.get("kind") == "coderef", "name"),
    "in_artifact_kind": lambda row: _lineage(row, lambda item: bool(item.get("is_input")), "kind"),
    "out_artifact_kind": lambda row: _lineage(row, lambda item: not item.get("is_input"), "kind"),
}
