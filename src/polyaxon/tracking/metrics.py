"""Reading event files: metrics as they grow, last values, summaries. Every reader takes files that are being written.

Rows that cannot be read (a header written twice, a line that a kill cut off) are passed over.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from polyaxon.tracking import layout

__all__ = ["MetricRead", "Point", "last_metrics", "list_events", "read_metrics", "read_points", "summarise"]

_TAIL = 4096


@dataclass(frozen=True)
class Point:
    """One metric event. `timestamp` is the text of the file."""

    step: int | None
    timestamp: str
    value: float


@dataclass(frozen=True)
class MetricRead:
    """New (step, value) pairs by metric, in the order logged, and how far each file is read.

    An event without a step gets its place in the file, counting from 0.
    """

    points: Mapping[str, list[tuple[int, float]]]
    offsets: Mapping[str, int]


def read_metrics(run_dir: str, since: Mapping[str, int] | None = None) -> MetricRead:
    """Return the metric events after the offsets of an earlier read; costs one `stat` per metric without news."""
    offsets = dict(since or {})
    points: dict[str, list[tuple[int, float]]] = {}
    for name, path, size in _metric_files(run_dir):
        start = offsets.get(name, 0)
        if size < start:  # the file was replaced
            start = 0
        if size == start:
            continue
        data = _complete_lines(path, start)
        offsets[name] = start + len(data)
        rows = _with_steps(path, start, data)
        if rows:
            points[name] = rows
    return MetricRead(points, offsets)


def last_metrics(run_dir: str) -> dict[str, float]:
    """Return the last value of each metric, from the ends of the files."""
    values = {}
    for name, path, size in _metric_files(run_dir):
        point = _last_point(path, size)
        if point is not None:
            values[name] = point.value
    return values


def list_events(run_dir: str) -> list[tuple[str, str]]:
    """Return (kind, name) of all event files."""
    root = os.path.join(run_dir, "events")
    return [
        (kind, name[: -len(".plx")])
        for kind in _names(root)
        for name in _names(os.path.join(root, kind))
        if name.endswith(".plx")
    ]


def read_points(path: str) -> list[Point]:
    """Return all events of a metric file."""
    return [point for point in map(_point, _complete_lines(path, 0).splitlines()) if point is not None]


def summarise(path: str, kind: str) -> dict[str, Any]:
    """Return the lineage summary of an event file: what its steps, times and values span."""
    summary: dict[str, Any] = {"is_event": True}
    if kind in layout.JSON_KINDS:
        return summary
    rows = [line.split(b"|", 2) for line in _complete_lines(path, 0).splitlines()]
    rows = [row for row in rows if len(row) == 3 and row[0] != b"step"]
    steps = [int(row[0]) for row in rows if _is_step(row[0])]
    if steps:
        summary["step"] = {"count": len(steps), "min": min(steps), "max": max(steps)}
    if rows:
        times = [row[1].decode("ascii", "replace") for row in rows]
        summary["timestamp"] = {"min": min(times), "max": max(times)}
    if kind == "metric":
        values = [value for value in (_number(row[2]) for row in rows) if value is not None]
        if values:
            summary["metric"] = layout.value_text(_statistics(values))
    return summary


def _statistics(values: list[float]) -> dict[str, float | None]:
    """Count, mean, sample deviation, quartiles (linear between ranks) and the last; NaN counts only as the last."""
    finite = sorted(value for value in values if value == value)
    count = len(finite)
    if not count:
        return {"count": 0.0, "last": values[-1]}
    mean = sum(finite) / count
    deviation = (sum((value - mean) ** 2 for value in finite) / (count - 1)) ** 0.5 if count > 1 else None
    quartiles = {f"{share}%": _quantile(finite, share / 100) for share in (25, 50, 75)}
    return {
        "count": float(count),
        "mean": mean,
        "std": deviation,
        "min": finite[0],
        **quartiles,
        "max": finite[-1],
        "last": values[-1],
    }


def _quantile(ordered: list[float], share: float) -> float:
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return (
        ordered[low] + (ordered[high] - ordered[low]) * (rank - low) if ordered[low] != ordered[high] else ordered[low]
    )


def _metric_files(run_dir: str) -> Iterator[tuple[str, str, int]]:
    try:
        with os.scandir(os.path.join(run_dir, "events", "metric")) as entries:
            found = [
                (entry.name[: -len(".plx")], entry.path, entry.stat().st_size) for entry in entries if _is_plx(entry)
            ]
    except FileNotFoundError:
        return
    yield from sorted(found)


def _is_plx(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".plx")


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _complete_lines(path: str, start: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read()
    return data[: data.rfind(b"\n") + 1]


def _with_steps(path: str, start: int, data: bytes) -> list[tuple[int, float]]:
    points = [point for point in map(_point, data.splitlines()) if point is not None]
    if all(point.step is not None for point in points):
        return [(point.step or 0, point.value) for point in points]
    first = _rows_before(path, start)
    return [(first + index if point.step is None else point.step, point.value) for index, point in enumerate(points)]


def _rows_before(path: str, end: int) -> int:
    """How many events there are in the first `end` bytes."""
    with open(path, "rb") as file:
        lines = file.read(end).count(b"\n")
    return max(0, lines - 1)  # the header


def _last_point(path: str, size: int) -> Point | None:
    start = size
    while start > 0:
        start = max(0, start - _TAIL)
        lines = _complete_lines(path, start).splitlines()
        for line in reversed(lines if start == 0 else lines[1:]):
            point = _point(line)
            if point is not None:
                return point
    return None


def _point(line: bytes) -> Point | None:
    parts = line.split(b"|")
    if len(parts) != 3 or parts[0] == b"step":
        return None
    value = _number(parts[2])
    if value is None:
        return None
    return Point(int(parts[0]) if _is_step(parts[0]) else None, parts[1].decode("ascii", "replace"), value)


def _is_step(text: bytes) -> bool:
    return text.lstrip(b"-").isdigit()


def _number(text: bytes) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
