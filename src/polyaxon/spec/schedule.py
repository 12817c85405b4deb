"""When does an operation run by itself? Cron, interval and datetime schedules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import Before, BoolOrRef, Kinded, PositiveIntOrRef, has_template, wrong
from polyaxon.spec.hints import seconds_hint
from polyaxon.spec.moments import CastError, to_datetime, to_duration

__all__ = ["CronSchedule", "DateTimeSchedule", "IntervalSchedule", "Moment", "Schedule"]


def _checked(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value is None or has_template(value):
            return value
        try:
            read(value)
        except CastError as error:
            raise wrong(SpecCode.BAD_TIME, str(error), suggestion=seconds_hint(value)) from error
        if isinstance(value, date | datetime):
            return value.isoformat()
        return value.total_seconds() if isinstance(value, timedelta) else value

    return check


def _positive(value: Any) -> timedelta:
    length = to_duration(value)
    if length <= timedelta(0):
        raise CastError(f"the frequency must be longer than nothing, got `{value}`")
    return length


_TIME_JSON = {"anyOf": [{"type": "string"}, {"type": "number"}]}
Moment: TypeAlias = Annotated[str | int | float, Before(_checked(to_datetime), "an ISO 8601 time", _TIME_JSON)]
"""A time, kept as written: ISO 8601 text or seconds since 1970; `moments.to_datetime` reads it."""
Duration: TypeAlias = Annotated[
    str | int | float, Before(_checked(_positive), "seconds or an ISO 8601 duration", _TIME_JSON)
]


def _zone(value: Any) -> Any:
    import zoneinfo  # slow to import, rarely written

    try:
        zoneinfo.ZoneInfo(str(value))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise CastError(f"unknown time zone `{value}`; write a name such as Europe/Paris") from None
    return value


ZoneName: TypeAlias = Annotated[str, Before(_checked(_zone), "the name of a time zone", {"type": "string"})]


class CronSchedule(Kinded):
    """Runs at the times of a cron expression."""

    kind: Literal["cron"] = "cron"
    """`cron`."""
    cron: str
    """Five fields (minute, hour, day, month, weekday), or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`."""
    timezone: ZoneName | None = None
    """Of its cron times, and of times written without a zone; the installation's when absent."""
    start_at: Moment | None = None
    """Time of the first run."""
    end_at: Moment | None = None
    """Time after which there are no more runs."""
    max_runs: PositiveIntOrRef | None = None
    """How many runs at most."""
    depends_on_past: BoolOrRef | None = None
    """Whether a run waits for the end of the one before."""


class IntervalSchedule(Kinded):
    """Runs again and again after a fixed time."""

    kind: Literal["interval"] = "interval"
    """`interval`."""
    frequency: Duration
    """Time between two runs: seconds or an ISO 8601 duration."""
    timezone: ZoneName | None = None
    """Of times written without a zone; the installation's when absent."""
    start_at: Moment | None = None
    """Time of the first run."""
    end_at: Moment | None = None
    """Time after which there are no more runs."""
    max_runs: PositiveIntOrRef | None = None
    """How many runs at most."""
    depends_on_past: BoolOrRef | None = None
    """Whether a run waits for the end of the one before."""


class DateTimeSchedule(Kinded):
    """Runs once at a given time."""

    kind: Literal["datetime"] = "datetime"
    """`datetime`."""
    start_at: Moment
    """Time of the run."""
    timezone: ZoneName | None = None
    """Of times written without a zone; the installation's when absent."""


Schedule: TypeAlias = CronSchedule | IntervalSchedule | DateTimeSchedule
