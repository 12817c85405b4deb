"""Filters and sort keys of the search language to SQL.

Every value travels as a parameter; only keys of JSON columns are part of the text, and those are checked. A missing
value follows the rules of `polyaxon.query.tree`. Databases differ in how JSON is read: that is the `Dialect`.
Read inside training processes too: standard library only, Python 3.8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from polyaxon.errors import QueryError
from polyaxon.query import (
    And,
    Anything,
    Between,
    Compare,
    Condition,
    Equals,
    Field,
    FieldClass,
    Filter,
    In,
    Like,
    Missing,
    Or,
    SortKey,
    ValueType,
    Within,
    mentions,
    parse,
)
from polyaxon.store.dialects import Dialect
from polyaxon.store.values import micros

__all__ = ["live_filter", "order_by", "page", "where"]


def live_filter(query: str, now: datetime) -> Filter:
    """Return the filter of a query on runs; archived ones are left out unless it mentions `live_state`."""
    tree = parse(query, now=now)
    if mentions(tree, "live_state"):
        return tree
    return And((tree, parse("live_state:1", now=now)))


def where(tree: Filter, dialect: Dialect) -> tuple[str, list[Any]]:
    """Return the condition on table `runs` that the filter stands for, and its parameters."""
    if isinstance(tree, (And, Or)):
        if not tree.parts:
            return "1 = 1", []
        parts = [where(part, dialect) for part in tree.parts]
        joiner = " AND " if isinstance(tree, And) else " OR "
        return f"({joiner.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]
    if not isinstance(tree, Condition):
        raise TypeError(f"no filter: {tree!r}")
    return _condition(tree, dialect)


def order_by(keys: Sequence[SortKey], dialect: Dialect) -> str:
    """Return what follows ORDER BY; missing values come last, and equal ones in the order of creation."""
    terms = []
    for key in keys:
        direction = "DESC" if key.descending else "ASC"
        for expression in _sort_expressions(key, dialect):
            # Not-null columns can be read in the order of their index, which another term would prevent.
            if expression not in _NOT_NULL:
                terms.append(f"({expression}) IS NULL")
            terms.append(f"{expression} {direction}")
    terms.append("runs.id " + ("DESC" if keys and keys[0].descending else "ASC"))
    return ", ".join(terms)


def page(condition: str, order: str) -> str:
    """Return what follows `… FROM runs … WHERE` for one page: its runs are found first, and only then read whole.

    Parameters: those of the condition, how many runs, and how many to leave out.
    """
    return f"runs.id IN (SELECT runs.id FROM runs WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?) ORDER BY {order}"


# Where a field is found.

_COLUMNS: Mapping[str, str] = {
    **{name: f"runs.{name}" for name in ("uuid", "name", "description", "project", "status", "runtime", "kind")},
    **{name: f"runs.{name}" for name in ("namespace", "queue", "managed_by", "pending", "state", "live_state")},
    **{name: f"runs.{name}" for name in ("created_at", "updated_at", "started_at", "finished_at", "schedule_at")},
    **{name: f"runs.{name}" for name in ("duration", "wait_time", "pipeline", "original", "controller")},
    "cloning_kind": "runs.cloning_kind",
    "user": "runs.username",
}
_NOT_NULL = frozenset({"runs.created_at", "runs.updated_at", "runs.uuid", "runs.status", "runs.kind"})
_JSON_COLUMNS: Mapping[str, str] = {
    "inputs": "runs.inputs",
    "outputs": "runs.outputs",
    "metrics": "runs.outputs",
    "meta_info": "runs.meta",
    "meta_values": "runs.meta",
    "meta_flags": "runs.meta",
}
_RESOURCES = frozenset({"cost", "cpu", "memory", "gpu", "custom"})
"""Reported as 0 by the API; not accounted yet."""

_RELATED: Mapping[str, str] = {
    "upstream": "FROM edges e JOIN runs other ON other.id = e.upstream WHERE e.downstream = runs.id",
    "downstream": "FROM edges e JOIN runs other ON other.id = e.downstream WHERE e.upstream = runs.id",
}
_LINEAGE: Mapping[str, tuple[str, str]] = {
    "commit": ("a.name", "FROM artifacts a WHERE a.run = runs.id AND a.kind = 'coderef'"),
    "in_artifact_kind": ("a.kind", "FROM artifacts a WHERE a.run = runs.id AND a.is_input = 1"),
    "out_artifact_kind": ("a.kind", "FROM artifacts a WHERE a.run = runs.id AND a.is_input = 0"),
}
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


def _condition(condition: Condition, dialect: Dialect) -> tuple[str, list[Any]]:
    field = condition.field
    if isinstance(condition.operation, Anything) or field.name == "mine":  # a home has one user
        return "1 = 1", []
    many = _many(field, dialect)
    if many is not None:
        return _any_of(condition, *many, dialect)
    if isinstance(condition.operation, Missing):
        return _missing(condition, dialect), []
    if isinstance(condition.operation, (Compare, Between)):
        # A comparison never matches what is missing: NULL stays NULL under NOT.
        sql, values = _test(condition, _expression(field, _sample(condition), dialect), dialect)
        return (f"NOT ({sql})" if condition.negated else sql), values
    sql, values = _alternatives(condition, dialect)
    return (f"NOT COALESCE({sql}, 1 = 0)" if condition.negated else sql), values


def _many(field: Field, dialect: Dialect) -> tuple[str, str] | None:
    """Return (expression, FROM … WHERE …) of a field that has several values."""
    if field.kind is FieldClass.ARRAY:
        return f"value{dialect.binary}", f"FROM {dialect.elements(f'runs.{field.name}')} WHERE 1 = 1"
    if field.name in _RELATED:
        return ("other.name" if field.key == "name" else "other.uuid"), _RELATED[field.name]
    return _LINEAGE.get(field.name)


def _any_of(condition: Condition, expression: str, source: str, dialect: Dialect) -> tuple[str, list[Any]]:
    if isinstance(condition.operation, Missing):
        return f"{'' if condition.negated else 'NOT '}EXISTS (SELECT 1 {source})", []
    sql, values = _test(condition, expression, dialect)
    return f"{'NOT ' if condition.negated else ''}EXISTS (SELECT 1 {source} AND {sql})", values


def _alternatives(condition: Condition, dialect: Dialect) -> tuple[str, list[Any]]:
    """Values of different JSON types are found by different expressions: one test per type."""
    operation = condition.operation
    if not isinstance(operation, In):
        return _test(condition, _expression(condition.field, _sample(condition), dialect), dialect)
    groups: dict[str, list[Any]] = {}
    for value in operation.values:
        groups.setdefault(_expression(condition.field, value, dialect), []).append(_parameter(value))
    tests = [f"{expression} IN ({', '.join('?' * len(values))})" for expression, values in groups.items()]
    return f"({' OR '.join(tests)})", [value for values in groups.values() for value in values]


def _test(condition: Condition, expression: str, dialect: Dialect) -> tuple[str, list[Any]]:
    operation = condition.operation
    if isinstance(operation, Equals):
        return f"{expression} = ?", [_parameter(operation.value)]
    if isinstance(operation, In):
        return f"{expression} IN ({', '.join('?' * len(operation.values))})", list(map(_parameter, operation.values))
    if isinstance(operation, Compare):
        if operation.operator not in ("<", "<=", ">", ">="):
            raise TypeError(f"no comparison: {operation.operator}")
        return f"{expression} {operation.operator} ?", [_parameter(operation.value)]
    if isinstance(operation, Between):
        return f"{expression} BETWEEN ? AND ?", [_parameter(operation.low), _parameter(operation.high)]
    if isinstance(operation, Within):
        return f"({expression} >= ? AND {expression} < ?)", [_parameter(operation.start), _parameter(operation.end)]
    if isinstance(operation, Like):
        return f"{dialect.fold(expression)} LIKE ? ESCAPE '!'", [_pattern(operation)]
    raise QueryError(f"`{condition.field}` cannot be asked for {type(operation).__name__.lower()}")


def _sample(condition: Condition) -> Any:
    return getattr(condition.operation, "value", "")


def _expression(field: Field, value: Any, dialect: Dialect) -> str:
    """Return the column, or the part of a JSON column that has the type of `value`."""
    if field.name in _JSON_COLUMNS:
        column, key = _JSON_COLUMNS[field.name], _checked(field.key)
        if field.name == "metrics" or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return dialect.json_number(column, key)
        return (dialect.json_flag if isinstance(value, bool) else dialect.json_text)(column, key)
    if field.name in _RESOURCES:
        return "0.0"
    if field.name == "is_managed":
        return "CASE WHEN runs.managed_by = 'user' THEN 0 ELSE 1 END"
    if field.key == "name" and field.type is ValueType.TEXT and field.name in ("pipeline", "original", "controller"):
        return f"(SELECT other.name FROM runs other WHERE other.uuid = runs.{field.name})"
    return _COLUMNS.get(field.name, dialect.null)


def _missing(condition: Condition, dialect: Dialect) -> str:
    field = condition.field
    if field.name in _JSON_COLUMNS and field.name != "metrics":
        present = dialect.json_present(_JSON_COLUMNS[field.name], _checked(field.key))
        return present if condition.negated else f"NOT ({present})"
    # In the words of the index of runs without a pipeline.
    return f"{_expression(field, '', dialect)} IS {'NOT ' if condition.negated else ''}NULL"


def _sort_expressions(key: SortKey, dialect: Dialect) -> Sequence[str]:
    if key.name in _JSON_COLUMNS:
        column, name = _JSON_COLUMNS[key.name], _checked(key.key)
        if key.name == "metrics":
            return [dialect.json_number(column, name)]
        return [of(column, name) for of in (dialect.json_number, dialect.json_flag, dialect.json_text)]
    if key.name in _COLUMNS:
        return [_COLUMNS[key.name]]
    return []


def _checked(key: str | None) -> str:
    if key is None or not _KEY.fullmatch(key):
        raise QueryError(f"`{key}` is not a key")
    return key


def _parameter(value: Any) -> Any:
    if isinstance(value, datetime):
        return micros(value)
    return int(value) if isinstance(value, bool) else value


def _pattern(operation: Like) -> str:
    text = re.sub(r"([%_!])", r"!\1", operation.text.lower())
    before = "" if operation.place == "startswith" else "%"
    after = "" if operation.place == "endswith" else "%"
    return f"{before}{text}{after}"
