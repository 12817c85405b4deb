"""Text to tree: the grammar of a query, and the errors of a wrong one.

    query     := or_expr
    or_expr   := and_expr ( ("OR" | "|") and_expr )*
    and_expr  := primary ( ("," | "AND") primary )*
    primary   := "(" or_expr ")" | field ":" operation
    field     := NAME [ "." KEY ]

A `|` joins conditions only where a condition follows (`(` or `name:`), else it separates the values of a list. Every
regular expression here looks at each character a bounded number of times: reading is linear in the text.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Iterator, NoReturn

from polyaxon.errors import QueryError
from polyaxon.query import fields, values
from polyaxon.query.fields import ENTITIES, OPERATIONS, Entity, FieldClass, ValueType
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

__all__ = ["check", "mentions", "parse", "read_field", "with_defaults"]

# Keys are wider than the names of fields: metrics keep their dashes.
_FIELD = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)(?:\.([A-Za-z0-9_][A-Za-z0-9_-]*))?\s*:")
_WORD = re.compile(r"\s*([^\s,():|]*)")
_JOINER = re.compile(r"\s*(?:(?P<and>,|AND(?=[\s(]|$))|(?P<or>\||OR(?=[\s(]|$)))", re.IGNORECASE)
_END_OF_VALUE = re.compile(
    r"[,()]|\s(?:AND|OR)(?=[\s(]|$)|\|(?=\s*(?:\(|[A-Z_][A-Z0-9_]*(?:\.[A-Z0-9_-]+)?\s*:))",
    re.IGNORECASE,
)
_COMPARISON = re.compile(r"(>=|=>|<=|=<|>|<)\s*(.*)", re.DOTALL)
_OPERATORS = {"=>": ">=", "=<": "<="}
_RANGE = re.compile(r"(?:(?<=\s)|^)\.\.(?=\s|$)")
_DEPTH = 50
_CONDITIONS = 500  # databases bound the depth of an expression (SQLite: 1000)


def parse(query: str, *, now: datetime, entity: str = "run") -> Filter:
    """Return the filter that `query` stands for; raise `QueryError` with the place and the way out.

    `now` is what `last_month` counts from; its zone is that of dates without one. An empty query matches everything.
    """
    return _Parser(query, ENTITIES[entity], now).parse()


def check(query: str, *, entity: str = "run") -> None:
    """Raise `QueryError` if `query` is wrong, whenever it is asked."""
    parse(query, now=datetime(2000, 1, 1), entity=entity)  # noqa: DTZ001 - any moment will do


def mentions(tree: Filter, name: str) -> bool:
    """Whether some condition is about the field of this canonical name."""
    if isinstance(tree, (And, Or)):
        return any(mentions(part, name) for part in tree.parts)
    return isinstance(tree, Condition) and tree.field.name == name


def asked_values(query: str, name: str) -> Iterator[str]:
    """Yield the texts that the query compares the field of this canonical name with."""
    yield from _asked(parse(query, now=datetime(2000, 1, 1)), name)  # noqa: DTZ001 - any moment will do


def _asked(tree: Filter, name: str) -> Iterator[str]:
    if isinstance(tree, (And, Or)):
        for part in tree.parts:
            yield from _asked(part, name)
    elif isinstance(tree, Condition) and tree.field.name == name:
        if isinstance(tree.operation, Equals):
            yield str(tree.operation.value)
        elif isinstance(tree.operation, In):
            yield from map(str, tree.operation.values)


def with_defaults(tree: Filter, *, now: datetime, entity: str = "run") -> Filter:
    """Return the filter with the conditions that hold unless mentioned: live entities, runs of the last 30 days.

    They hold for the whole query, whatever it joins with OR.
    """
    implied = [
        parse(f"{name}:{operation}", now=now, entity=entity)
        for name, operation in ENTITIES[entity].defaults.items()
        if not mentions(tree, name)
    ]
    return _and([tree, *implied])


class _Parser:
    """Reads one query from left to right; `at` is how far it got."""

    def __init__(self, text: str, entity: Entity, now: datetime) -> None:
        self.text = text
        self.entity = entity
        self.now = now
        self.at = 0
        self.count = 0

    def parse(self) -> Filter:
        if not self.text.strip():
            return And()
        tree = self.any_of(0)
        if self.at < len(self.text.rstrip()):
            self.fail(self.at, "a parenthesis closes that none opened", "remove it, or open one before")
        return tree

    def any_of(self, depth: int) -> Filter:
        parts = [self.all_of(depth)]
        while self.take("or"):
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(_flat(parts, Or)))

    def all_of(self, depth: int) -> Filter:
        parts = [self.primary(depth)]
        while self.take("and"):
            parts.append(self.primary(depth))
        return _and(parts)

    def take(self, joiner: str) -> bool:
        match = _JOINER.match(self.text, self.at)
        if match is None or match.group(joiner) is None:
            return False
        self.at = match.end()
        return True

    def primary(self, depth: int) -> Filter:
        start = self.skip_blanks()
        if not self.text.startswith("(", start):
            return self.condition()
        if depth == _DEPTH:
            self.fail(start, f"parentheses are nested more than {_DEPTH} deep", None)
        self.at = start + 1
        tree = self.any_of(depth + 1)
        if not self.text.startswith(")", self.skip_blanks()):
            self.fail(start, "a parenthesis is not closed", "add `)`")
        self.at += 1
        after = self.skip_blanks()
        if after < len(self.text) and self.text[after] != ")" and not _JOINER.match(self.text, after):
            self.fail(after, "two conditions follow each other", "join them with `,` or ` OR `")
        return tree

    def condition(self) -> Condition:
        self.count += 1
        if self.count > _CONDITIONS:
            self.fail(self.at, f"a query has at most {_CONDITIONS} conditions", "use a list of values: `name:a|b|c`")
        match = _FIELD.match(self.text, self.at)
        if match is None:
            self.fail_field()
        field = self.field(match.start(1), match.group(1), match.group(2))
        start = match.end()
        end = _END_OF_VALUE.search(self.text, start)
        self.at = end.start() if end else len(self.text)
        raw = self.text[start : self.at]
        place = start + len(raw) - len(raw.lstrip())
        text = raw.strip()
        negated = False
        while text.startswith("~"):
            negated = not negated
            text = text[1:].lstrip()
        if not text:
            self.fail(place, f"`{field}:` has no value", f"write `{field}:value`, or `{field}:nil` for a missing one")
        try:
            operation = _read(field, text, self.now)
        except _Refusal as refusal:
            self.fail(place, str(refusal), refusal.hint)
        if isinstance(operation, Anything) and negated:
            self.fail(place, "`~_any_` matches nothing", f"write `{field}:nil` for a missing value")
        return Condition(field, operation, negated)

    def field(self, place: int, name: str, key: str | None) -> Field:
        try:
            return read_field(self.entity, name, key)
        except _Refusal as refusal:
            self.fail(place, str(refusal), refusal.hint)

    def skip_blanks(self) -> int:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at

    def fail_field(self) -> NoReturn:
        start = self.skip_blanks()
        match = _WORD.match(self.text, start)
        word = match.group(1) if match else ""
        if not word:
            found = f"`{self.text[start]}`" if start < len(self.text) else "the end of the query"
            self.fail(start, f"a condition is missing before {found}", "write `field:value`")
        if self.text.startswith(":", start + len(word)):
            self.fail(start, f"`{word}` is not the name of a field", "a name is `field` or `field.key`")
        self.fail(start, f"`{word}` is not a condition", f"write `field:value`, such as `name:{word}`")

    def fail(self, place: int, message: str, hint: str | None) -> NoReturn:
        raise QueryError(f"Failed to parse query `{self.text}`: column {place + 1}: {message}", hint)


class _Refusal(Exception):
    """Why a part of the query is wrong; the parser adds where."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def read_field(entity: Entity, name: str, key: str | None) -> Field:
    """Return the field of that name or alias, checked against the entity's table."""
    spec = entity.fields.get(name)
    if spec is None:
        raise _Refusal(
            f"key `{name}` is not supported by the query manager `{entity.name}`", did_you_mean(name, entity.fields)
        )
    if spec.keyed and key is None:
        raise _Refusal(f"`{name}` needs a key", f"write `{name}.NAME`")
    if spec.related and key in (None, "id", "uuid", "name"):
        own_key = "name" if spec.type is ValueType.TEXT else "uuid"
        key = None if key in (None, "id", own_key) else key
    elif key is not None and not spec.keyed:
        raise _Refusal(f"`{name}` has no keys", f"write `{name}`")
    named = spec.related and key == "name"
    return Field(spec.of or name, key, spec.kind, ValueType.TEXT if named else spec.type)


def did_you_mean(name: str, known: object) -> str:
    """The nearest known name, or all of them."""
    from difflib import get_close_matches  # only errors pay for it

    names = sorted(known)  # type: ignore[call-overload]
    nearest = get_close_matches(name, names, n=1)
    return f"did you mean `{nearest[0]}`?" if nearest else "known are " + ", ".join(f"`{item}`" for item in names)


def _read(field: Field, text: str, now: datetime) -> Operation:
    """Return the operation that `text`, without negation, asks of the field."""
    if text == "_any_":
        return Anything()
    if text == "nil":
        return Missing()
    if values.is_quoted(text):
        return _equality(field, text, now)
    if _is_range(field, text):
        return _range(field, text, now)
    comparison = _COMPARISON.fullmatch(text)
    if comparison:
        return _comparison(field, _OPERATORS.get(comparison.group(1), comparison.group(1)), comparison.group(2), now)
    if "|" in text:
        return _in(field, text)
    if len(text) > 1 and (text.startswith("%") or text.endswith("%")):
        return _like(field, text)
    return _equality(field, text, now)


def _allow(field: Field, operation: str) -> None:
    if operation in OPERATIONS[field.kind]:
        return
    known = "possible: " + ", ".join(item for item in _SHOWN if item in OPERATIONS[field.kind])
    quote = "; quote the value to take it as text" if field.type in (ValueType.TEXT, ValueType.JSON) else ""
    raise _Refusal(f"`{field}` cannot be asked for {operation}", known + quote)


_SHOWN = (fields.EQUALS, fields.NIL, fields.IN, fields.COMPARE, fields.RANGE, fields.LIKE)


def _value(field: Field, text: str) -> str | int | float | bool | None:
    try:
        return values.read(field.type, text)
    except ValueError as error:
        raise _Refusal(f"`{text}` is not a value of `{field}`, which takes {error}") from None


def _some_value(field: Field, text: str) -> str | int | float | bool:
    value = _value(field, text)
    if value is None:
        raise _Refusal("null has no place here", f"write `({field}:nil OR {field}:…)`")
    return value


def _instant(field: Field, text: str, now: datetime) -> datetime:
    try:
        return values.instant(text, now)
    except ValueError as error:
        raise _Refusal(f"`{text}` is not a value of `{field}`, which takes {error}") from None


def _is_range(field: Field, text: str) -> bool:
    return bool(_RANGE.search(text)) or (field.kind is FieldClass.DATETIME and ".." in text)


def _range(field: Field, text: str, now: datetime) -> Operation:
    _allow(field, fields.RANGE)
    ends = [end.strip() for end in text.split("..")]
    if len(ends) != 2 or not all(ends):
        raise _Refusal("a range has two ends", f"write `{field}:2026-03-01 .. 2026-04-01`")
    return Between(_instant(field, ends[0], now), _instant(field, ends[1], now))


def _comparison(field: Field, operator: str, text: str, now: datetime) -> Operation:
    _allow(field, fields.COMPARE)
    if not text:
        raise _Refusal(f"`{operator}` compares with nothing", f"write `{field}:{operator}VALUE`")
    if field.kind is FieldClass.DATETIME:
        return Compare(operator, _instant(field, text, now))
    return Compare(operator, _some_value(field, text))


def _in(field: Field, text: str) -> Operation:
    _allow(field, fields.IN)
    parts = [part.strip() for part in text.split("|")]
    if not all(parts):
        raise _Refusal("a list has an empty value", f"write `{field}:a|b`")
    if "nil" in parts:
        raise _Refusal("`nil` has no place in a list", f"write `({field}:nil OR {field}:…)`")
    return In(tuple(_some_value(field, part) for part in parts))


def _like(field: Field, text: str) -> Operation:
    _allow(field, fields.LIKE)
    starts, ends = text.startswith("%"), text.endswith("%")
    inner = text[1 if starts else 0 : -1 if ends else len(text)]
    if not inner:
        raise _Refusal("`%` has no text to look for", f"write `{field}:%text%`")
    if field.type is ValueType.UUID:
        inner = inner.replace("-", "").lower()
    return Like(inner, "contains" if starts and ends else "endswith" if starts else "startswith")


def _equality(field: Field, text: str, now: datetime) -> Operation:
    if field.kind is FieldClass.DATETIME:
        return _date(text, now)
    value = _value(field, text)
    return Missing() if value is None else Equals(value)


def _date(text: str, now: datetime) -> Operation:
    if text == "last_month":
        return Compare(">=", values.days_ago(30, now))
    try:
        return Within(*values.calendar_span(text, now))
    except ValueError as error:
        raise _Refusal(f"`{text}` is not {error}", "or `last_month`") from None


def _and(parts: list[Filter]) -> Filter:
    flat = _flat(parts, And)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def _flat(parts: list[Filter], kind: type[And] | type[Or]) -> list[Filter]:
    return [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
