"""How durations, moments, values and statuses read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from polyaxon.model.status import Status

__all__ = ["MARKS", "STATUS_COLORS", "age", "clock", "colored_status", "duration", "in_short", "values_in_short"]

STATUS_COLORS: Mapping[Status, str] = {
    Status.SUCCEEDED: "green",
    Status.FAILED: "red",
    Status.UPSTREAM_FAILED: "red",
    Status.STOPPED: "yellow",
    Status.STOPPING: "yellow",
    Status.SKIPPED: "bright_black",
    Status.RUNNING: "blue",
    Status.STARTING: "blue",
    Status.WARNING: "yellow",
    Status.UNSCHEDULABLE: "yellow",
    Status.RETRYING: "yellow",
}

MARKS: Mapping[Status, str] = {
    Status.SUCCEEDED: "✔",
    Status.FAILED: "✘",
    Status.UPSTREAM_FAILED: "✘",
    Status.STOPPED: "■",
    Status.SKIPPED: "○",
    Status.RUNNING: "●",
    Status.STARTING: "●",
    Status.STOPPING: "●",
    Status.PROCESSING: "●",
    Status.WARNING: "!",
    Status.UNSCHEDULABLE: "!",
    Status.RETRYING: "↻",
}

MINUTE, HOUR, DAY = 60, 3600, 86400


def duration(seconds: float | None) -> str:
    """Say how long: `0.4 s`, `2 min 05 s`, `3 h 07 min`, `2 d 4 h`."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def age(moment: datetime | None, now: datetime) -> str:
    """Say how long ago."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(0, int(seconds))} s ago"


def in_short(value: Any, width: int = 40) -> str:
    """Write a value on one short line."""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = " ".join(str(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def values_in_short(values: Mapping[str, Any], width: int = 40) -> str:
    """Write named values on one line: `loss=0.05 accuracy=0.98`."""
    return " ".join(f"{name}={in_short(value, width)}" for name, value in values.items())


def clock(moment: datetime) -> str:
    """Write a time of this machine's zone to the second."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def colored_status(status: Status) -> str:
    """Write a status in its colour; terminals only, as click strips the rest."""
    return click.style(status.value, fg=STATUS_COLORS.get(status, "bright_black"))
