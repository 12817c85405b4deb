"""The runs that a schedule would have made in a range of time: `run --backfill`, `ops backfill`."""

from __future__ import annotations

from datetime import UTC, datetime, time, tzinfo
from typing import Any

from polyaxon.engine import timetable
from polyaxon.errors import UsageError
from polyaxon.settings import Settings
from polyaxon.spec.dump import dump
from polyaxon.spec.moments import CastError, to_datetime
from polyaxon.spec.operation import Operation

__all__ = ["backfill_of"]

MOST_RUNS = 10_000
HOW = "write `FROM..TO`, such as `2024-01-01..2024-01-31` or `2024-01-01T06:00..2024-01-01T18:00`"


def backfill_of(operation: Operation, text: str, concurrency: int | None, settings: Settings) -> dict[str, Any]:
    """Return what the schedule run is to know of its backfill; refuse a range without runs, or with too many."""
    if operation.schedule is None:
        raise UsageError("there is no schedule to make up for", hint="only an operation with `schedule` has times")
    start, end = _range(text, _zone(operation, settings))
    _refuse_wrong_counts(dump(operation)["schedule"], start, end, settings)
    meta: dict[str, Any] = {"from": start.isoformat(), "to": end.isoformat()}
    return meta | ({"concurrency": concurrency} if concurrency is not None else {})


def _range(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    first, dots, last = text.partition("..")
    if not dots:
        raise UsageError(f"`{text}` is no range of time", hint=HOW)
    start, end = _moment(first, zone, time.min), _moment(last, zone, time.max)
    if end < start:
        raise UsageError(f"the range `{text}` ends before it starts", hint=HOW)
    return start, end


def _moment(text: str, zone: tzinfo, of_day: time) -> datetime:
    text = text.strip()
    try:
        moment = to_datetime(text)
    except CastError as error:
        raise UsageError(f"`{text}`: {error}", hint=HOW) from None
    if ":" not in text and "T" not in text:  # a day: from its beginning, or to its end
        moment = datetime.combine(moment.date(), of_day, moment.tzinfo)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def _refuse_wrong_counts(schedule: Any, start: datetime, end: datetime, settings: Settings) -> None:
    if any("{{" in str(value) for value in schedule.values()):
        return  # known when it is compiled
    ticks = timetable(schedule, _named(settings.timezone)).between(start, end, MOST_RUNS + 1)
    if not ticks:
        raise UsageError(
            f"the schedule has no time between {start.isoformat()} and {end.isoformat()}",
            hint="look at its `startAt`, `endAt` and expression",
        )
    if len(ticks) > MOST_RUNS:
        raise UsageError(f"the range has more than {MOST_RUNS} runs", hint="backfill a part of it at a time")


def _zone(operation: Operation, settings: Settings) -> tzinfo:
    return _named(getattr(operation.schedule, "timezone", None) or settings.timezone)


def _named(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    return UTC if name == "UTC" else ZoneInfo(name)
