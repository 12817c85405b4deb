"""Did YAML read a text as something else? The forms of YAML 1.1 that surprise people.

`trap_at` looks at one value; `find_traps` warns about defaults of text inputs, which would silently become another
text (`no` → `false`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from polyaxon.errors import Problem
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.types import describe
from polyaxon.spec.values import read_scalar

if TYPE_CHECKING:
    from polyaxon.spec.load import Document

__all__ = ["find_traps", "trap_at"]

_WORDS = "yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
_TRAP = re.compile(
    rf"^({_WORDS}|[-+]?0[0-7_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?0[xb][0-9a-fA-F_]+|[0-9]+_[0-9_.]+)$"
)
_SOMEWHERE = re.compile(rf"value: *({_WORDS}|0[0-7]+|[1-9][0-9]*(:[0-5]?[0-9])+) *([,}}#\r\n]|$)")
_TEXT_TYPES = ("str", "path")


def trap_at(document: Document, path: tuple[str | int, ...], value: Any) -> str | None:
    """Return the text at `path` as it was written, when YAML made something unexpected of it."""
    if isinstance(value, str | dict | list) or value is None:
        return None
    raw = document.raw(path)
    if raw is None or document.is_quoted(path) or not _TRAP.match(raw) or read_scalar(raw) != value:
        return None
    return raw


def find_traps(document: Document) -> Iterator[Problem]:
    """Warn about the defaults of text inputs that YAML reads as booleans and numbers."""
    if _SOMEWHERE.search(document.text):
        yield from _find(document, document.value, ())


def _find(document: Document, value: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _find(document, item, (*path, place))
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("inputs", "outputs") and isinstance(item, list):
                yield from _find_defaults(document, item, (*path, name))
            else:
                yield from _find(document, item, (*path, name))


def _find_defaults(document: Document, items: list[Any], path: tuple[str | int, ...]) -> Iterator[Problem]:
    for place, item in enumerate(items):
        if not isinstance(item, dict) or item.get("type") not in _TEXT_TYPES:
            continue
        where = (*path, place, "value")
        raw = trap_at(document, where, item.get("value"))
        if raw is not None:
            yield document.problem(
                SpecCode.UNQUOTED,
                f"YAML reads the unquoted `{raw}` as {describe(item['value'])}, not as text",
                where,
                suggestion=f'put it in quotes: `"{raw}"`',
                severity="warning",
            )
