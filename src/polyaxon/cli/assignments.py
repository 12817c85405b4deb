"""`NAME=VALUE` on the command line: `-P`, `-HP`, `--env`, `--mirror`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polyaxon.errors import UsageError

__all__ = ["read_assignments", "read_bool", "read_hparams", "read_list"]

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


def read_hparams(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read `NAME=KIND:VALUE`; the value is JSON or YAML flow text, or numbers between colons."""
    return {name: _read_hparam(name, text) for name, text in read_assignments("-HP", texts).items()}


def _read_hparam(name: str, text: str) -> dict[str, Any]:
    kind, colon, value = text.partition(":")
    if not colon or not kind.strip() or not value.strip():
        raise UsageError(
            f"`-HP {name}={text}` does not say what kind of values to try",
            hint=f"write `-HP {name}=choice:[1,2,3]`, `-HP {name}=linspace:0:1:5` or another kind",
        )
    if value.lstrip()[0] not in "[{":
        return {"kind": kind.strip(), "value": value.strip()}
    import yaml

    try:
        return {"kind": kind.strip(), "value": yaml.safe_load(value)}
    except yaml.YAMLError as error:
        raise UsageError(f"`-HP {name}={text}`: the value cannot be read: {error}") from error


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
