"""How are dates, times and durations written? ISO 8601, and the few other forms that files have always had."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

__all__ = ["CRON_ALIASES", "CastError", "read_cron", "to_date", "to_datetime", "to_duration"]

_ISO = re.compile(
    r"^(?P<sign>[-+]?)P(?=\d|T\d)"
    r"((?P<years>\d+(\.\d+)?)Y)?((?P<months>\d+(\.\d+)?)M)?((?P<weeks>\d+(\.\d+)?)W)?((?P<days>\d+(\.\d+)?)D)?"
    r"(T((?P<hours>\d+(\.\d+)?)H)?((?P<minutes>\d+(\.\d+)?)M)?((?P<seconds>\d+(\.\d+)?)S)?)?$"
)
_CLOCK = re.compile(
    r"^(?P<sign>[-+]?)((?P<days>\d+)\s*(d|days?)?,?\s*)?"
    r"(?P<hours>\d+):(?P<minutes>\d{2})(:(?P<seconds>\d{2}(\.\d{1,6})?))?$"
)
_DAYS = re.compile(r"^(?P<sign>[-+]?)(?P<days>\d+)\s*(d|days?)$")
_YEAR_DAYS, _MONTH_DAYS = 365, 30
_SMALL_NUMBER = 2e10
"""Timestamps above are milliseconds, as every reader of them takes it."""


CRON_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class CastError(ValueError):
    """A value is not of the type it should have."""


def to_date(value: Any) -> date:
    """Return the date: ISO text, a date, a time at midnight, or seconds since 1970 that are a midnight."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    moment = _moment(value)
    if moment is None or moment != moment.replace(hour=0, minute=0, second=0, microsecond=0):
        raise CastError(f"expected a date such as 2024-05-31, got `{_short(value)}`")
    return moment.date()


def to_datetime(value: Any) -> datetime:
    """Return the time: ISO text, a time, a date (its midnight), or seconds since 1970."""
    moment = _moment(value)
    if moment is None:
        raise CastError(f"expected a time such as 2024-05-31T08:00:00Z, got `{_short(value)}`")
    return moment


def to_duration(value: Any) -> timedelta:
    """Return the duration: a number of seconds, an ISO duration, `H:M:S`, or days (`2 days, 3:00:00`)."""
    if isinstance(value, timedelta):
        return value
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return timedelta(seconds=value)
        if isinstance(value, str) and len(value) <= 100:
            for pattern in (_ISO, _CLOCK, _DAYS):
                found = pattern.match(value.strip())
                if found:
                    return _duration(found.groupdict())
    except (OverflowError, ValueError):
        pass
    raise CastError(f"expected a duration in seconds or such as PT1H30M, got `{_short(value)}`")


def _duration(parts: dict[str, str | None]) -> timedelta:
    amounts = {name: float(parts.get(name) or 0) for name in ("weeks", "days", "hours", "minutes", "seconds")}
    days = float(parts.get("years") or 0) * _YEAR_DAYS + float(parts.get("months") or 0) * _MONTH_DAYS
    length = timedelta(days=days) + timedelta(**amounts)
    return -length if parts.get("sign") == "-" else length


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001  (a date has no zone)
        if isinstance(value, str):
            return datetime.fromisoformat(value.strip())
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return datetime.fromtimestamp(value if abs(value) < _SMALL_NUMBER else value / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, str | int | float) else type(value).__name__
    return text if len(text) <= 40 else text[:37] + "…"


def read_cron(text: str) -> str:
    """Return a cron expression in the words of the library that computes its times; raises `CastError`.

    Files say `?` for any day, may give seconds as a sixth field (the library wants them first), and write the last
    Friday as `L5` (there `5L`). Whether the fields themselves make sense is for the library to say.
    """
    bare = text.strip()
    written = CRON_ALIASES.get(bare.lower(), bare)
    if written.startswith("@"):
        raise CastError(f"there is no schedule `{bare}`")
    fields = written.upper().split()
    if len(fields) not in (5, 6):
        raise CastError(f"`{bare}` has {len(fields)} fields; a cron expression has five")
    minute, hour, day, month, weekday, *seconds = (field.replace("?", "*") for field in fields)
    weekday = re.sub(r"\bL([0-7])\b", r"\1L", weekday)
    return " ".join([*seconds, minute, hour, day, month, weekday])
