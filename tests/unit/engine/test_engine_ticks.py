"""Cron times against two other readers: one that looks at every minute, and one that others wrote.

Ours must agree with the first over clock changes in several zones, and with the second over years with leap days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon.engine import timetable

MINUTE = timedelta(minutes=1)
LOWEST_AND_HIGHEST = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
CHANGES = {
    "UTC": ["2024-02-28"],
    "Europe/Paris": ["2024-03-30", "2024-10-26"],
    "America/New_York": ["2023-03-11", "2023-11-04"],
    "Australia/Lord_Howe": ["2024-04-06", "2024-10-05"],  # half an hour
    "Asia/Kolkata": ["2024-02-28"],
}


@st.composite
def fields(draw: st.DrawFn, place: int, steps: bool = True) -> str:
    low, high = LOWEST_AND_HIGHEST[place]
    numbers = st.integers(low, high)
    kind = draw(st.sampled_from(["*", "number", "range", "list"] + ["step", "range/step"] * steps))
    if kind == "*":
        return "*"
    if kind == "number":
        return str(draw(numbers))
    if kind == "list":
        return ",".join(map(str, sorted(draw(st.sets(numbers, min_size=2, max_size=4)))))
    if kind == "step":
        return f"*/{draw(st.integers(2, max(2, (high - low) // 2)))}"
    first, last = sorted(draw(st.sets(numbers, min_size=2, max_size=2)))
    return f"{first}-{last}" + (f"/{draw(st.integers(1, 5))}" if kind == "range/step" else "")


def expressions(steps_in_days: bool = True) -> st.SearchStrategy[str]:
    """Expressions that tick at least now and then: the month is mostly left open."""
    days = [fields(2, steps_in_days), st.just("*"), fields(4, steps_in_days)]
    return st.tuples(fields(0), fields(1), *days).map(" ".join)


# The first reader: every minute is looked at.


def chosen(text: str, place: int) -> set[int]:
    low, high = LOWEST_AND_HIGHEST[place]
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = (str(low), "-", str(high)) if span == "*" else span.partition("-")
        found.update(range(int(first), int(last if dash else first) + 1, int(step or 1)))
    return found


def matches(expression: str, wall: datetime) -> bool:
    texts = expression.split()
    minute, hour, day, month, weekday = (chosen(text, place) for place, text in enumerate(texts))
    if wall.minute not in minute or wall.hour not in hour or wall.month not in month:
        return False
    on_day, on_weekday = wall.day in day, wall.isoweekday() % 7 in weekday
    if texts[2].startswith("*") or texts[4].startswith("*"):
        return on_day and on_weekday
    return on_day or on_weekday


def minute_by_minute(expression: str, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Cron's own rules: a job at fixed times runs once when an hour comes twice, and right after an hour that is left
    out; one with a `*` in its minutes or hours goes by the clock."""
    goes_by_clock = any(text.startswith("*") for text in expression.split()[:2])
    at = start
    while at <= end:
        wall = at.astimezone(zone).replace(tzinfo=None)
        before = (at - MINUTE).astimezone(zone).replace(tzinfo=None)
        left_out = (before + number * MINUTE for number in range(1, int((wall - before) / MINUTE)))
        is_repeated = at.astimezone(zone).fold == 1
        if matches(expression, wall):
            wanted = goes_by_clock or not is_repeated
        else:
            wanted = not goes_by_clock and any(matches(expression, minute) for minute in left_out)
        if wanted:
            yield at
        at += MINUTE


@given(expressions(), st.sampled_from([(name, day) for name, days in CHANGES.items() for day in days]))
@settings(max_examples=20, deadline=None)
def test_ticks_are_those_of_looking_at_every_minute(expression: str, where: tuple[str, str]) -> None:
    zone, start = ZoneInfo(where[0]), datetime.fromisoformat(where[1]).replace(tzinfo=UTC)
    end = start + timedelta(hours=60)
    found = timetable({"kind": "cron", "cron": expression}, zone).between(start, end)
    assert found == list(minute_by_minute(expression, start, end, zone))


@pytest.mark.parametrize(
    ("expression", "zone", "day", "expected"),
    [
        ("30 2 * * *", "Europe/Paris", "2024-03-31", ["01:00"]),  # there is no half past two that night
        ("30 2 * * *", "Europe/Paris", "2024-10-27", ["00:30"]),  # there are two of them
        ("*/30 2 * * *", "Europe/Paris", "2024-03-31", []),
        ("*/30 2 * * *", "Europe/Paris", "2024-10-27", ["00:00", "00:30", "01:00", "01:30"]),
        ("0 12 29 2 *", "UTC", "2024-02-29", ["12:00"]),
        (
            "*/15 0 * * *",
            "Australia/Lord_Howe",
            "2024-04-08",
            ["13:30", "13:45", "14:00", "14:15"],
        ),  # after half an hour
    ],
)
def test_jobs_at_fixed_times_run_once_a_day_whatever_the_clocks_do(
    expression: str, zone: str, day: str, expected: list[str]
) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = start + timedelta(hours=23)
    found = timetable({"kind": "cron", "cron": expression}, ZoneInfo(zone)).between(start, end)
    assert [tick.strftime("%H:%M") for tick in found] == expected


# The second reader: somebody else's.


@given(expressions(steps_in_days=False), st.integers(0, 100 * 365 * 24 * 60))
@settings(max_examples=100, deadline=None)
def test_ticks_are_those_of_another_parser(expression: str, minutes: int) -> None:
    croniter = pytest.importorskip("croniter").croniter
    start = datetime(1999, 1, 1, tzinfo=UTC) + minutes * MINUTE
    table, other = timetable({"kind": "cron", "cron": expression}, UTC), croniter(expression, start)
    at = start
    for _ in range(5):
        found = table.after(at, start)
        assert found == other.get_next(datetime)
        assert found is not None
        at = found


def test_leap_days_come_every_four_years_but_not_in_2100() -> None:
    croniter = pytest.importorskip("croniter").croniter
    start = datetime(2090, 1, 1, tzinfo=UTC)
    table, other = timetable({"kind": "cron", "cron": "0 0 29 2 *"}, UTC), croniter("0 0 29 2 *", start)
    years = []
    at: datetime | None = start
    for _ in range(4):
        at = table.after(at, start) if at is not None else None
        assert at == other.get_next(datetime)
        years.append(at.year if at is not None else None)
    assert years == [2092, 2096, 2104, 2108]
