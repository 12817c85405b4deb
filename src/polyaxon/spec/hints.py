"""What should be written instead? The suggestion for a value of the wrong sort, from what was expected of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from polyaxon.spec.moments import CastError, to_duration

__all__ = ["TYPE_HINTS", "seconds_hint", "value_hint", "written"]

Hint = Callable[[Any], str | None]


def value_hint(label: str, value: Any) -> str | None:
    """Return what to write where `label` was expected and `value` stands; None when nothing sensible can be said."""
    quoting = _quoting(label, value)
    if quoting is not None:
        return quoting
    return next((hint(value) for part, hint in _HINTS if part in label), None)


def written(value: Any) -> str:
    """Return a scalar as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoting(label: str, value: Any) -> str | None:
    if isinstance(value, bool | int | float) and "number" not in label and ("text" in label or "name" in label):
        return f'put it in quotes: `"{written(value)}"`'
    if isinstance(value, str) and "number" in label and value.strip().lstrip("-").isdigit():
        return f"write it without quotes: `{value.strip()}`"
    return None


def _name(value: Any) -> str | None:
    found = re.sub(r"[^-a-zA-Z0-9_]+", "-", value).strip("-") if isinstance(value, str) else ""
    return f"write `{found}`, for example" if found else "write letters, digits, `-` and `_`"


def _queue(value: Any) -> str | None:
    parts = [part for part in re.split(r"[/.\s]+", value) if part] if isinstance(value, str) else []
    return f"write `{'/'.join(parts[:2])}`, for example" if parts else "leave it out for the default queue"


def seconds_hint(value: Any) -> str | None:
    """People write `1h` where seconds are wanted."""
    found = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    return f"write the number of seconds: `{int(found['count']) * _SECONDS[found['unit'][0].lower()]}`"


def _whole(value: Any) -> str:
    if (hint := seconds_hint(value)) is not None:
        return hint
    if isinstance(value, float) and 1 <= value < _BIGGEST:
        return f"write `{round(value)}`"
    if isinstance(value, str):
        try:
            return f"write the number of seconds: `{round(to_duration(value).total_seconds())}`"
        except CastError:
            pass
    return "write a whole number, such as `1`"


_DURATION = re.compile(
    r"^(?P<count>\d{1,9})\s*(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$", re.I
)
_BIGGEST = 1e15
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _listing(value: Any) -> str:
    items = [written(part) for pair in value.items() for part in pair] if isinstance(value, dict) else []
    plain = items and all(len(item) < 20 for item in items)
    return f"write a list: `[{', '.join(items)}]`" if plain else "write a list, such as `[python, train.py]`"


_HINTS: tuple[tuple[str, Hint], ...] = (
    ("a number such as 1.1", lambda _: "write `version: 1.1`, or leave it out"),
    ("a name of letters", _name),
    ("`queue` or", _queue),
    ("whole number", _whole),
    ("a number above 1", lambda _: "write `3`, for example"),
    ("a number", lambda _: "write a number, such as `0.5`"),
    ("true or false", lambda _: "write `true` or `false`"),
    ("a list of texts", _listing),
    ("a port number", lambda _: "write its number, such as `8080`"),
    ("a path, or", lambda _: "write `path`, or `[from, to]`"),
    ("a URL", lambda _: "write an address with its scheme, such as `https://example.org/file.yaml`"),
    ("name of an image", lambda _: "write an image, such as `python:3.12`"),
    ("text", lambda _: "write one text, in quotes"),
)
"""By a part of what was expected; the first that fits counts."""

TYPE_HINTS = {
    "int": "write a whole number, such as `10`",
    "float": "write a number, such as `0.1`",
    "metric": "write a number, such as `0.1`",
    "bool": "write `true` or `false`",
    "str": "write a text, in quotes",
    "path": "write a path, in quotes",
    "dict": "write a mapping, such as `{key: value}`",
    "list": "write a list, such as `[first, second]`",
    "date": "write a date, such as `2030-01-31`",
    "datetime": "write a time, such as `2030-01-31T12:00:00`",
    "timedelta": "write seconds, or a duration such as `P1DT2H`",
    "uri": "write an address with its scheme, such as `https://example.org/x`",
    "image": "write the name of an image, such as `python:3.12`",
    "s3": "write an address, such as `s3://bucket/path`",
    "gcs": "write an address, such as `gs://bucket/path`",
    "uuid": "write the 32 hexadecimal digits of a UUID",
    "email": "write an address, such as `name@example.org`",
}
"""By the type of an input, what its values look like."""
