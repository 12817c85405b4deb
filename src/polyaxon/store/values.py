"""How values look in columns: times are microseconds since 1970 (UTC), mappings and lists are JSON text.

JSON has no NaN or infinity and databases refuse them, yet a diverging loss is a fact worth keeping: such a number is
written as `{"$float": "nan"}`, which no number comparison matches, and read back as the number.
Read inside training processes too: standard library only, Python 3.8.
"""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from polyaxon.model.json_text import encoder

__all__ = ["clean_text", "from_json", "from_micros", "micros", "micros_again", "to_json"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_MARK = "$float"

_dump = encoder(str, ascii_only=False, nan=False)


def micros(at: datetime | None) -> int | None:
    """Return the time as it is stored."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


micros_again = lru_cache(64)(micros)
"""The same for times that many rows share, such as that of a decision; the first time it takes four times as long."""


def from_micros(value: int | None) -> datetime | None:
    """Return a stored time, timezone-aware."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def to_json(value: Any) -> str:
    """Return compact JSON text, whatever numbers are inside."""
    if value == {}:
        return "{}"
    try:
        text = _dump(value)
    except ValueError:
        text = _dump(_marked(value))
    return text if text.isascii() else _storable(text)


def from_json(text: str | None) -> Any:
    """Return the value that `to_json` wrote."""
    if text is None:
        return None
    if text == "{}":
        return {}
    if _MARK in text:
        return json.loads(text, object_hook=_unmarked)
    return json.loads(text)


def _storable(text: str) -> str:
    # Lone surrogates (undecodable file names) cannot be encoded: escaped they can, and they come back equal.
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), separators=(",", ":"))
    return text


def _marked(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_MARK: repr(value)}
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_marked(item) for item in value]
    return value


def _unmarked(value: dict[str, Any]) -> Any:
    if len(value) == 1 and value.get(_MARK) in ("nan", "inf", "-inf"):
        return float(value[_MARK])
    return value


def clean_text(text: str) -> str:
    """Return the text without what no database keeps: NUL and halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\x00", "\ufffd") if "\x00" in text else text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
