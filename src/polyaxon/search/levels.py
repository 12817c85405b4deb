"""Which values can a discrete parameter take? Sequences that are computed, not stored.

A range of a billion values costs as much as one of three. `position` is the inverse of indexing: the number of
the nearest level, or None when the value is no number (or date) at all.
"""

from __future__ import annotations

import math
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from polyaxon.model.record import dataclass

__all__ = [
    "Arithmetic",
    "Days",
    "Geometric",
    "Levels",
    "Linear",
    "Listed",
    "Powers",
    "Seconds",
    "as_date",
    "as_datetime",
    "key_of",
]


class Levels(Protocol):
    """Values in order; `level[i]` for 0 <= i < len."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Any: ...  # Any: a choice may hold whatever YAML can say
    def position(self, value: Any) -> int | None:
        """The index of the level nearest to `value`."""
        ...


def key_of(value: Any) -> Any:
    """What makes two values the same: 1 and 1.0 are, 1 and true are not, mappings by content."""
    if isinstance(value, bool) or value is None:
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        return float(value) if abs(value) < 2**53 else value
    if isinstance(value, datetime | date):
        return ("text", value.isoformat())
    if isinstance(value, str):
        return ("text", value)
    if isinstance(value, dict):
        return ("mapping", tuple(sorted((str(name), key_of(item)) for name, item in value.items())))
    if isinstance(value, list | tuple):
        return ("list", tuple(key_of(item) for item in value))
    return ("other", repr(value))


@dataclass(frozen=True, slots=True)
class Listed:
    """The values as written, duplicates included."""

    values: tuple[Any, ...]
    index: dict[Any, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[Any, int] = {}
        for place, value in enumerate(self.values):
            index.setdefault(key_of(value), place)
        object.__setattr__(self, "index", index)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Any:
        return self.values[index]

    def position(self, value: Any) -> int | None:
        return self.index.get(key_of(value))


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """start, start + step, … : `range`."""

    start: float
    step: float
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> float:
        return self.start + index * self.step

    def position(self, value: Any) -> int | None:
        number = _number(value)
        return None if number is None else _clipped((number - self.start) / self.step, self.count)


@dataclass(frozen=True, slots=True)
class Linear:
    """`count` points from start to stop, both included: `linspace`."""

    start: float
    stop: float
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> float:
        if index and index == self.count - 1:
            return self.stop
        return self.start + index * self.step

    @property
    def step(self) -> float:
        return (self.stop - self.start) / max(1, self.count - 1)

    def position(self, value: Any) -> int | None:
        number = _number(value)
        return None if number is None else _clipped((number - self.start) / self.step, self.count)


@dataclass(frozen=True, slots=True)
class Powers:
    """base to the power of a linear sequence: `logspace`."""

    base: float
    exponents: Linear

    def __len__(self) -> int:
        return self.exponents.count

    def __getitem__(self, index: int) -> float:
        return float(self.base ** self.exponents[index])

    def position(self, value: Any) -> int | None:
        number = _number(value)
        if number is None:
            return None
        return self.exponents.position(math.log(number, self.base)) if number > 0 else 0


@dataclass(frozen=True, slots=True)
class Geometric:
    """`count` points of constant ratio from start to stop, both included: `geomspace`."""

    start: float
    stop: float
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> float:
        if index == 0:
            return self.start
        if index == self.count - 1:
            return self.stop
        return math.copysign(10.0 ** self._logarithms()[index], self.start)

    def _logarithms(self) -> Linear:
        return Linear(math.log10(abs(self.start)), math.log10(abs(self.stop)), self.count)

    def position(self, value: Any) -> int | None:
        number = _number(value)
        if number is None:
            return None
        return self._logarithms().position(math.log10(abs(number))) if number else 0


@dataclass(frozen=True, slots=True)
class Days:
    """Dates `step` days apart: `daterange`."""

    start: date
    step: int
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> date:
        return self.start + timedelta(days=index * self.step)

    def position(self, value: Any) -> int | None:
        moment = as_date(value)
        return None if moment is None else _clipped((moment - self.start).days / self.step, self.count)


@dataclass(frozen=True, slots=True)
class Seconds:
    """Naive UTC datetimes `step` seconds apart: `datetimerange`."""

    start: datetime
    step: float
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> datetime:
        return self.start + timedelta(seconds=index * self.step)

    def position(self, value: Any) -> int | None:
        moment = as_datetime(value)
        if moment is None:
            return None
        return _clipped((moment - self.start).total_seconds() / self.step, self.count)


def as_date(value: Any) -> date | None:
    """A date from a date, a datetime or ISO text; None when it is none of them."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def as_datetime(value: Any) -> datetime | None:
    """A naive UTC datetime from a datetime, a date or ISO text; None when it is none of them."""
    moment: datetime | None = None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive UTC, as the format says
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    if moment is not None and moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _clipped(place: float, count: int) -> int:
    return min(count - 1, max(0, round(place)))
