"""What a parsed query is.

A filter is a tree of `And` and `Or` whose leaves are `Condition`s: one field, one operation, possibly negated.

What a missing value (no such key, or null) does is the same everywhere:

- `Missing` asks for it;
- a `Compare` or a `Between` never matches it, negated or not: `~<1` is `>=1`;
- any other operation does not match it, so its negation does: `~succeeded` includes runs without a status.

Values of inputs, outputs and meta are compared within their JSON type only: `1` equals `1.0`, but neither `true`
nor `"1"`; a number is never less than a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from polyaxon.query.fields import FieldClass, ValueType

__all__ = [
    "And",
    "Anything",
    "Between",
    "Compare",
    "Condition",
    "Equals",
    "Field",
    "Filter",
    "In",
    "Like",
    "Missing",
    "Operation",
    "Or",
    "Within",
]


class Filter:
    """A node: `And`, `Or` or `Condition`."""


class Operation:
    """What is asked of a field: one of the classes below."""


@dataclass(frozen=True)
class Field:
    """A field by its canonical name (`uuid` for `id`, `inputs` for `params`), with the key of a keyed one.

    `metrics.loss` is `Field("metrics", "loss", …)`: the key `loss` of the outputs, where it is a number.
    A related run's name is `Field("pipeline", "name", …)`; without a key it is its uuid.
    """

    name: str
    key: str | None
    kind: FieldClass
    type: ValueType

    def __str__(self) -> str:
        return self.name if self.key is None else f"{self.name}.{self.key}"


@dataclass(frozen=True)
class And(Filter):
    """All parts match; with no parts, everything does. At least two parts otherwise, none of them an `And`."""

    parts: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Or(Filter):
    """Some part matches; at least two parts, none of them an `Or`."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Condition(Filter):
    """The field fulfils the operation, or does not when `negated`."""

    field: Field
    operation: Operation
    negated: bool = False


@dataclass(frozen=True)
class Equals(Operation):
    """The value is this one; an array contains it. `value` is a str, int, float or bool, by the field's type."""

    value: str | int | float | bool


@dataclass(frozen=True)
class In(Operation):
    """The value is one of these, of which there are at least two; an array contains at least one of them."""

    values: tuple[str | int | float | bool, ...]


@dataclass(frozen=True)
class Compare(Operation):
    """The value is `<`, `<=`, `>` or `>=` this one: a number, a text (keys of inputs and outputs) or an instant."""

    operator: str
    value: str | int | float | bool | datetime


@dataclass(frozen=True)
class Between(Operation):
    """The instant lies between two others, both included. Instants are in UTC."""

    low: datetime
    high: datetime


@dataclass(frozen=True)
class Within(Operation):
    """Equality of an instant with a day or a minute: `start <= instant < end`. Instants are in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Like(Operation):
    """The text contains, starts with or ends with `text`, in any case of letters.

    `place` is `contains`, `startswith` or `endswith`; `text` is literal: `_` and `%` in it are themselves.
    """

    text: str
    place: str


@dataclass(frozen=True)
class Missing(Operation):
    """The field has no value; an array has no element."""


@dataclass(frozen=True)
class Anything(Operation):
    """No condition at all; its mention turns the default filter of the field off. Never negated."""
