"""How the text of a value is read, by the type of its field. A reader raises `ValueError` with what it wanted."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta, timezone
from typing import Callable, Mapping

from polyaxon.query.fields import ValueType

__all__ = ["calendar_span", "days_ago", "instant", "is_quoted", "read"]

# `datetime.timezone.utc` by another spelling: Python 3.8 has no `datetime.UTC`, which linters of later ones ask for.
_UTC = timezone(timedelta(0))
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_QUANTITY = re.compile(rf"({_NUMBER.pattern})\s*([A-Za-z]*)")
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ]\s*(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?"
)
_CPU_UNITS = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3}
_BYTE_UNITS = {
    "": 1.0,
    "m": 1e-3,
    **{unit: 1000.0**power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    "K": 1000.0,
    **{unit: 1024.0**power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}
_BIGGEST = 2**63


def read(type: ValueType, text: str) -> str | int | float | bool | None:  # noqa: A002 - the field's own word
    """Return the value that `text` stands for; None for JSON's null."""
    return _READERS[type](text)


def instant(text: str, now: datetime) -> datetime:
    """Return the moment, in UTC, that a date or a time stands for; a date is its midnight in the zone of `now`."""
    moment, _ = _moment(text, now)
    return _to_utc(moment)


def calendar_span(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Return the day (of a date) or the minute (of a time) in UTC: from its start to the start of the next."""
    moment, is_date = _moment(text, now)
    start = moment if is_date else moment.replace(second=0, microsecond=0)
    try:
        end = start + (timedelta(days=1) if is_date else timedelta(minutes=1))
    except OverflowError:
        raise ValueError("a date before the end of the year 9999") from None
    return _to_utc(start), _to_utc(end)


def days_ago(days: int, now: datetime) -> datetime:
    """Return the moment, in UTC, so many days before `now`."""
    return _to_utc((now if now.tzinfo else now.replace(tzinfo=_UTC)) - timedelta(days=days))


def is_quoted(text: str) -> bool:
    """Whether the text is a JSON string: taken as it is, whatever characters it has."""
    return text.startswith('"') and _unquoted(text) is not text


def _moment(text: str, now: datetime) -> tuple[datetime, bool]:
    match = _INSTANT.fullmatch(_unquoted(text).strip())
    if match is None:
        raise ValueError("a date such as `2026-03-01`, `2026-03-01 10:30` or `2026-03-01T10:30:00Z`")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
            tzinfo=_zone(zone) if zone else now.tzinfo or _UTC,
        )
    except ValueError as error:
        raise ValueError(f"an existing date ({error})") from None
    return moment, hour is None


def _zone(text: str) -> timezone:
    if text in "Zz":
        return _UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(_UTC)
    except OverflowError:
        raise ValueError("a date between the years 1 and 9999") from None


def _unquoted(text: str) -> str:
    """What a JSON string stands for, else the text itself."""
    if not text.startswith('"'):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def _text(text: str) -> str | None:
    if text == "null":
        return None
    value = _unquoted(text)
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("text without null characters and lone surrogates")
    return value


def _uuid(text: str) -> str | None:
    value = _text(text)
    return None if value is None else value.replace("-", "").lower()


def _number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise ValueError("a number")
    return _bounded(float(text)) if not text.lstrip("+-").isdigit() else _whole(text)


def _whole(text: str) -> int | float:
    """An integer, as a float where databases' 64 bits do not hold it."""
    if len(text) < 19:
        return int(text)
    value = float(text)
    return int(text) if -_BIGGEST < value < _BIGGEST else _bounded(value)


def _bounded(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a number below 1e308")
    return value


def _integer(text: str) -> int:
    value = _number(text)
    if value != int(value) or abs(value) >= _BIGGEST:
        raise ValueError("an integer")
    return int(value)


def _cpu(text: str) -> float:
    return _quantity(text, _CPU_UNITS, "an amount of CPU such as `2` or `500m`")


def _bytes(text: str) -> float:
    return _quantity(text, _BYTE_UNITS, "a number of bytes such as `1048576`, `512Mi` or `1Gi`")


def _quantity(text: str, units: Mapping[str, float], wanted: str) -> float:
    match = _QUANTITY.fullmatch(_unquoted(text))
    if match is None or match.group(2) not in units:
        raise ValueError(wanted)
    return _bounded(float(match.group(1)) * units[match.group(2)])


def _bool(text: str) -> bool:
    value = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if value is None:
        raise ValueError("`true` or `false`")
    return value


def _json(text: str) -> str | int | float | bool | None:
    if _NUMBER.fullmatch(text):
        return _number(text)
    scalars = {"true": True, "false": False, "null": None}
    if text in scalars:
        return scalars[text]
    if text[0] in "[{":
        raise ValueError("a number, a text, `true` or `false`; lists and mappings are not compared")
    return _text(text)


_READERS: Mapping[ValueType, Callable[[str], str | int | float | bool | None]] = {
    ValueType.TEXT: _text,
    ValueType.UUID: _uuid,
    ValueType.INTEGER: _integer,
    ValueType.NUMBER: _number,
    ValueType.CPU: _cpu,
    ValueType.BYTES: _bytes,
    ValueType.BOOL: _bool,
    ValueType.JSON: _json,
}
