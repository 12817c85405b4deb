"""The status history of a run as it is stored: a line per condition in the run's own row, oldest first.

A status change appends to it with the update that it is anyway. Also written by training processes for runs of their
own: standard library only, Python 3.8.
"""

from __future__ import annotations

import json
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any

from polyaxon.store.values import clean_text

__all__ = ["condition_line", "conditions_of"]


def condition_line(status: str, reason: str, message: str, at: int | None) -> str:
    """Return the line of one condition; `at` is in microseconds."""
    return f"{_told(status, reason, message)}{at}]\n"


@lru_cache(256)
def _told(status: str, reason: str, message: str) -> str:
    # Most conditions say what many said before.
    return f'["{status}",{quoted(clean_text(reason))},{quoted(clean_text(message))},'


def conditions_of(lines: str) -> list[Any]:
    """Return the (status, reason, message, at) of every line."""
    found: list[Any] = json.loads(f"[{','.join(lines.split(chr(10))[:-1])}]")
    return found
