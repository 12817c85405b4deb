"""`NAME=VALUE` on the command line: `-P`, `-HP`, `--env`, `--mirror`."""

from __future__ import annotations

import os
from collections.abc import Sequence

from polyaxon.errors import UsageError

__all__ = ["read_assignments", "read_bool", "read_list", "read_mirrors"]

TRUE = {"yes", "y", "true", "t", "1", "on"}
FALSE = {"no", "n", "false", "f", "0", "off"}


def read_assignments(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Split each text at its first `=`; a name given twice, or a text without `=`, is an error."""
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"`{option} {text}` has no `=`", hint=f"write it as `{option} NAME=VALUE`")
        if name in values:
            raise UsageError(f"`{option} {name}=…` is given twice", hint="keep one of them")
        values[name] = value
    return values


def read_bool(option: str, text: str | None) -> bool | None:
    """Read `yes`/`no` in any of the usual spellings; None stays None."""
    if text is None:
        return None
    word = text.strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise UsageError(f"`{option} {text}` is neither yes nor no", hint=f"write `{option} yes` or `{option} no`")


def read_list(text: str | None) -> tuple[str, ...]:
    """Split at commas; blanks and empty parts are dropped."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def read_mirrors(texts: Sequence[str]) -> dict[str, str]:
    """Read `PREFIX=TARGET`; an address may hold `=` itself, so the last one separates."""
    mirrors = {}
    for text in texts:
        prefix, equals, target = text.rpartition("=")
        if not equals or not prefix or not target:
            raise UsageError(f"`--mirror {text}` has no prefix and target", hint="write `--mirror PREFIX=TARGET`")
        # A relative directory means the one seen from here, also for the background scheduler.
        mirrors[prefix] = os.path.abspath(target) if os.path.exists(target) else target
    return mirrors
