"""At what times does a schedule run? Pure arithmetic over cron expressions, intervals and single moments.

Cron times are wall-clock times of the schedule's zone (an hour that a clock change skips or repeats runs as cron does);
everything returned is UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from polyaxon.errors import UsageError
from polyaxon.spec.moments import CastError, read_cron, to_datetime, to_duration

__all__ = ["Timetable", "timetable"]


_MINUTE = timedelta(minutes=1)


class Timetable:
    """The ticks of one schedule. `first` is the time of the first run where the file fixes it (`startAt`)."""

    __slots__ = ("_cron", "_every", "_zone", "depends_on_past", "end", "first", "max_runs", "single")

    def __init__(self, schedule: Mapping[str, Any], zone: tzinfo) -> None:
        name = schedule.get("timezone")
        try:
            self._zone = ZoneInfo(str(name)) if name else zone
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise UsageError(f"unknown time zone `{name}`", "use a name such as Europe/Paris") from error
        self.single = schedule["kind"] == "datetime"
        self.first = self._moment(schedule, "startAt")
        self.end = self._moment(schedule, "endAt")
        self.max_runs: int | None = 1 if self.single else schedule.get("maxRuns")
        self.depends_on_past = bool(schedule.get("dependsOnPast"))
        self._cron = str(schedule["cron"]) if schedule["kind"] == "cron" else None
        self._every = _frequency(schedule) if schedule["kind"] == "interval" else None
        if self._cron is not None:
            self._cron_after(datetime(2000, 1, 1, tzinfo=UTC))  # a bad expression fails here, not later

    def after(self, moment: datetime, anchor: datetime) -> datetime | None:
        """The first tick strictly after `moment`; intervals count from `anchor`. None when there is none."""
        if self.first is not None and moment < self.first:
            tick: datetime | None = self.first
        elif self._every is not None:
            start = self.first or anchor
            tick = start + ((moment - start) // self._every + 1) * self._every
        elif self._cron is not None:
            tick = self._cron_after(moment)
        else:
            tick = None
        if tick is None or (self.end is not None and tick > self.end):
            return None
        return tick

    def between(self, start: datetime, end: datetime, limit: int = 10_000) -> list[datetime]:
        """The ticks from `start` to `end`, both included, at most `limit`: what a backfill runs."""
        return list(islice(self._ticks(start, end), limit))

    def _ticks(self, start: datetime, end: datetime) -> Iterator[datetime]:
        tick = self.after(start - timedelta(microseconds=1), start)
        while tick is not None and tick <= end:
            yield tick
            tick = self.after(tick, start)

    def _cron_after(self, moment: datetime) -> datetime | None:
        tick = self._read_cron(moment)
        if tick is None:
            return None
        # The reader counts in hours, and loses its place where the clock changes by a part of one (Lord Howe): ask it
        # again from where every time of the clock comes once.
        change = abs(self._offset(tick) - self._offset(moment))
        if not change % timedelta(hours=1):
            return tick
        changed = self._changes_at(moment, tick)
        unclear = (changed + number * _MINUTE for number in range(change // _MINUTE + 1))
        found = [minute for minute in unclear if minute > moment and self._matches(minute)]
        after = self._read_cron(changed + change)
        return min([tick, *found[:1], *([after] if after is not None else [])])

    def _matches(self, moment: datetime) -> bool:
        """Whether cron runs when the clock shows this: a job at fixed times does not when it shows it again."""
        wall = moment.astimezone(self._zone)
        expression, clock = read_cron(str(self._cron)), wall.replace(tzinfo=UTC, fold=0)
        if wall.fold and not any(text.startswith("*") for text in expression.split()[:2]):
            return False
        return next(CronSim(expression, clock - _MINUTE)) == clock

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self._zone).utcoffset() or timedelta(0)

    def _changes_at(self, before: datetime, after: datetime) -> datetime:
        """The minute from which on the clock is as it is at `after`."""
        while after - before > _MINUTE:
            middle = before + (after - before) / 2
            if self._offset(middle) == self._offset(after):
                after = middle
            else:
                before = middle
        return after.replace(second=0, microsecond=0)

    def _read_cron(self, moment: datetime) -> datetime | None:
        try:
            found = CronSim(read_cron(str(self._cron)), moment.astimezone(self._zone))
        except (CronSimError, CastError) as error:
            message = f"`{self._cron}` is not a cron expression: {str(error).lower()}"
            raise UsageError(message, "write five fields: minute, hour, day, month, weekday") from error
        return next((utc for tick in found if (utc := tick.astimezone(UTC)) > moment), None)

    def _moment(self, schedule: Mapping[str, Any], key: str) -> datetime | None:
        value = schedule.get(key)
        if value is None:
            return None
        try:
            moment = to_datetime(value)
        except CastError as error:
            raise UsageError(f"`{key}`: {error}") from error
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)).astimezone(UTC)


def timetable(schedule: Mapping[str, Any], zone: tzinfo) -> Timetable:
    """Read a schedule section, its templates rendered; raises `UsageError` when it makes no sense."""
    return Timetable(schedule, zone)


def _frequency(schedule: Mapping[str, Any]) -> timedelta:
    try:
        every = to_duration(schedule["frequency"])
    except CastError as error:
        raise UsageError(f"`frequency`: {error}") from error
    if every <= timedelta(0):
        raise UsageError("`frequency` must be longer than nothing")
    return every
