"""What a run's directory looks like: names of files, headers, times and values of event files. Pure.

    events/<kind>/<name>.plx    assets/<kind>/<name>[_<step>].<ext>    outputs/…    journal.jsonl

Event files only grow. CSV kinds have the header `step|timestamp|<kind>` and one row per event, JSON kinds a newline
before each record. A `|` inside a JSON value is written as an escape, so that it never splits a row.
"""

from __future__ import annotations

import json
import os
import re
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` and `datetime` cost milliseconds of every training script's start
    from datetime import datetime
    from typing import Any

__all__ = [
    "JOURNAL",
    "JSON_KINDS",
    "asset_path",
    "csv_row",
    "encode",
    "event_path",
    "header",
    "json_record",
    "metric_rows",
    "safe_name",
    "seconds",
    "timestamp",
    "value_text",
]

JOURNAL = "journal.jsonl"
JSON_KINDS = frozenset({"html", "text", "chart", "span"})


def safe_name(name: str) -> str:
    """Return the name under which things are stored: `train/loss:1` → `train__loss1`, `a b` → `a-b`."""
    text = str(name)
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    text = re.sub(r"/+", "/", text).strip()
    text = re.sub(r"[^\w\s./-]", "", text)
    text = re.sub(r"[-\s.]+", "-", text.replace("/", "__"))
    return text or "unnamed"


def event_path(kind: str, name: str) -> str:
    """Return the event file of a (safe) name, relative to the run's directory."""
    return f"events/{kind}/{name}.plx"


def asset_path(kind: str, name: str, extension: str, step: int | None = None) -> str:
    """Return where the file that an event refers to goes, relative to the run's directory."""
    suffix = "" if step is None else f"_{step}"
    return f"assets/{kind}/{name}{suffix}.{extension}" if extension else f"assets/{kind}/{name}{suffix}"


def header(kind: str) -> str:
    """Return the first line of an event file; JSON kinds have none."""
    return "" if kind in JSON_KINDS else f"step|timestamp|{kind}\n"


def seconds(moment: datetime | float | str | None) -> float:
    """Return a moment, as users give it, in seconds since the epoch; now when there is none."""
    if moment is None:
        return time.time()
    if isinstance(moment, (int, float)):
        return float(moment)
    from datetime import datetime, timezone

    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def timestamp(at: float) -> str:
    """Return the moment as event files write it: `2026-03-01 10:30:00.000000+00:00`."""
    micros = round(at * 1e6)
    return _second(micros // 1_000_000) + f".{micros % 1_000_000:06d}+00:00"


def metric_rows(rows: list[tuple[str, int | None, float, float]]) -> dict[str, list[str]]:
    """Return the lines of many metric events by name; events close in time share the text of their second."""
    lines: dict[str, list[str]] = {}
    second, prefix = -1, ""
    for name, step, at, value in rows:
        micros = int(at * 1e6 + 0.5)
        whole = micros // 1_000_000
        if whole != second:
            second, prefix = whole, _second(whole)
        line = f"{'' if step is None else step}|{prefix}.{micros % 1_000_000:06d}+00:00|{value!r}\n"
        known = lines.get(name)
        if known is None:
            lines[name] = [line]
        else:
            known.append(line)
    return lines


def csv_row(step: int | None, at: float, value: Any) -> str:
    """Return one row of a CSV kind other than metric."""
    return "{}|{}|{}\n".format("" if step is None else step, timestamp(at), encode(value).replace("|", "\\u007c"))


def json_record(kind: str, step: int | None, at: float, value: Any) -> str:
    """Return one record of a JSON kind, with the newline that comes before it."""
    record: dict[str, Any] = {"timestamp": timestamp(at)}
    if step is not None:
        record["step"] = step
    record[kind] = value
    return "\n" + encode(record)


def encode(value: Any) -> str:
    """Return compact JSON on one line, of whatever users hand over: NaN as text, numpy as lists, objects as text."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, default=_plain)
    except (ValueError, TypeError, RecursionError):
        return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False, default=str)


def value_text(value: Any) -> Any:
    """Return a plain value that JSON holds: a float that is no number becomes its text."""
    return json.loads(encode(value))


def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(whole))


def _plain(value: Any) -> Any:
    """numpy scalars and arrays, dates, paths, sets: by what they can do, since none may be imported here."""
    for method in ("tolist", "isoformat"):
        convert = getattr(value, method, None)
        if callable(convert):
            return convert()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return str(value)


def _finite(value: Any, holders: tuple[int, ...] = ()) -> Any:
    """The value with floats that are no numbers as text, and what holds itself or lies very deep as text."""
    if isinstance(value, float):
        number = float(value)  # a subclass, such as numpy's, has a text of its own
        return number if number - number == 0 else repr(number)
    if id(value) in holders or len(holders) > 50:
        return "…"
    inside = (*holders, id(value))
    if isinstance(value, dict):
        return {str(key): _finite(item, inside) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item, inside) for item in value]
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return _finite(_plain(value), inside)
