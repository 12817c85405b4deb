"""What does the text of a file say? YAML or JSON into plain values, with the place of every one of them.

Values are built from the parser's events in one pass; places are only worked out when somebody asks for one, which is
when something is wrong. Whatever the text, the answer is a `Document` or a `SpecError`, within the limits of `Limits`.
Two liberties: keys are always the text that was written, and dates stay text.
"""

from __future__ import annotations

import json
import re
from typing import Any

from polyaxon.errors import Problem, SpecError
from polyaxon.model.record import dataclass
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.garbage import collector_paused
from polyaxon.spec.places import Places, Position, line_at, path_text
from polyaxon.spec.values import Limits, Refused, build

__all__ = ["Document", "Limits", "Position", "parse"]

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BOMS = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))


@dataclass(slots=True)
class Document:
    """The plain value of a file and where its parts stand. `problems` are the warnings found while loading."""

    file: str
    text: str
    value: dict[str, Any]
    problems: list[Problem]
    _places: Places | None = None
    _written: Document | None = None

    @property
    def places(self) -> Places:
        """Where everything stands; worked out at the first use."""
        if self._places is None:
            twice = any(problem.code == SpecCode.DUPLICATE_KEY for problem in self.problems)
            self._places = Places(self.text, whole=twice) if self._written is None else self._written.places
        return self._places

    @property
    def is_as_written(self) -> bool:
        """Whether the value is what the text says."""
        return self._written is None

    def with_value(self, value: dict[str, Any]) -> Document:
        """Return the document with another value in it, made of its own parts: they stand where they stood."""
        return Document(self.file, self.text, value, [], _written=self)

    def locate(self, path: tuple[str | int, ...]) -> Position:
        """Return where the value at `path` stands, or its nearest ancestor that exists."""
        return self.places.value(path)

    def locate_key(self, path: tuple[str | int, ...]) -> Position:
        """Return where the key of the last part of `path` stands, or the nearest existing place."""
        return self.places.key(path)

    def raw(self, path: tuple[str | int, ...]) -> str | None:
        """Return the text of the scalar at `path` as it was written without its quotes; None if there is none."""
        return self.places.raw(path)

    def is_quoted(self, path: tuple[str | int, ...]) -> bool:
        """Whether the scalar at `path` was written in quotes or as a block."""
        return self.places.is_quoted(path)

    def problem(
        self,
        code: str,
        message: str,
        path: tuple[str | int, ...],
        *,
        suggestion: str | None = None,
        severity: str = "error",
        key: bool = False,
    ) -> Problem:
        """Make a problem about the value (or the key) at `path`."""
        position = self.locate_key(path) if key else self.locate(path)
        return Problem(
            code=str(code),
            message=message,
            severity=severity,
            file=self.file,
            line=position.line,
            column=position.column,
            path=path_text(path),
            suggestion=suggestion,
            source=position.source,
            length=position.length,
        )


def parse(text: str | bytes, file: str, limits: Limits | None = None) -> Document:
    """Read the text of `file`; raises `SpecError` when there is no mapping in it."""
    limits = limits or Limits()
    if len(text) > limits.size:
        size = f"{limits.size // 10**6} MB" if limits.size >= 10**6 else f"{limits.size} bytes"
        raise _refusal(file, "", Refused(SpecCode.TOO_LARGE, f"the file has more than {size}, which is the limit"))
    content = _decoded(text, file)
    try:
        with collector_paused():
            value, problems = _read(content, file, limits)
    except Refused as refused:
        raise _refusal(file, content, refused) from refused
    return Document(file=file, text=content, value=value, problems=problems)


def _decoded(text: str | bytes, file: str) -> str:
    """Return the text without its byte order mark, or refuse what is no text."""
    content = text if isinstance(text, str) else _utf8(text, file)
    content = content.removeprefix("\ufeff")
    found = _UNPRINTABLE.search(content)
    if found:
        start = found.start()
        line, column = content.count("\n", 0, start) + 1, start - content.rfind("\n", 0, start)
        message = f"the character U+{ord(found.group()):04X} is not allowed in YAML"
        refused = Refused(SpecCode.CONTROL_CHARACTER, message, line, column, suggestion="remove it")
        raise _refusal(file, content, refused)
    return content


def _utf8(text: bytes, file: str) -> str:
    encoding = next((name for name, mark in _BOMS if text.startswith(mark)), "utf-8")
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        refused = Refused(SpecCode.ENCODING, "the file is not UTF-8 text", line, column)
        raise _refusal(file, before, refused) from error


def _read(text: str, file: str, limits: Limits) -> tuple[dict[str, Any], list[Problem]]:
    if file.endswith(".json") or text.lstrip()[:1] == "{":
        found = _read_json(text, strict=file.endswith(".json"), limits=limits)
        if found is not None:
            known, repeated = found
            return known, _json_duplicates(file, text, limits) if repeated else []
    value, duplicates = build(text, limits)
    if not isinstance(value, dict):
        what = "a list" if isinstance(value, list) else "a single value"
        raise Refused(
            SpecCode.NOT_A_MAPPING,
            f"a polyaxonfile is a mapping of fields, this is {what}",
            1,
            1,
            suggestion="begin with `kind: component` or `kind: operation`",
        )
    return value, [_duplicate(file, text, *found) for found in duplicates]


def _read_json(text: str, strict: bool, limits: Limits) -> tuple[dict[str, Any], bool] | None:
    """Read JSON and tell whether keys are repeated; None when it must be a YAML mapping in braces."""
    _check_count(text, limits)
    repeated = False

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) != len(pairs)
        return found

    try:
        value = json.loads(text, object_pairs_hook=collect, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if not strict:
            return None
        if not text.strip():
            raise Refused(SpecCode.EMPTY, "the file is empty", 1, 1) from error
        message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise Refused(SpecCode.JSON_SYNTAX, message, error.lineno, error.colno) from error
    except RecursionError as error:
        raise _too_deep(limits) from error
    except ValueError as error:
        if not strict:
            return None
        raise Refused(SpecCode.JSON_SYNTAX, f"this is not JSON: {error}", 1, 1) from error
    if not isinstance(value, dict):
        raise Refused(SpecCode.NOT_A_MAPPING, "a polyaxonfile is a mapping of fields", 1, 1)
    _check_size(value, limits)
    return value, repeated


def _json_duplicates(file: str, text: str, limits: Limits) -> list[Problem]:
    try:
        return [_duplicate(file, text, *found) for found in build(text, limits)[1]]
    except Refused:  # some JSON is no YAML: then there is no place to show
        return []


def _no_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is not a JSON number")


_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')


def _check_count(text: str, limits: Limits) -> None:
    """Refuse JSON that holds too many values, before they are made."""
    if _at_most(text) > limits.values:
        bare = _STRING.sub("", text)
        if _at_most(bare) > limits.room(bare.count("{")):
            raise _too_many(limits.room(bare.count("{")))


def _at_most(text: str) -> int:
    """Return how many values JSON can hold: one before every comma and behind every bracket."""
    return text.count(",") + text.count("[") + text.count("{")


def _too_many(room: int) -> Refused:
    return Refused(SpecCode.TOO_LARGE, f"the file holds more than {room:,} values", 1, 1)


def _check_size(value: Any, limits: Limits) -> None:
    level: list[Any] = [value]
    count = operations = 0
    for _ in range(limits.depth + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
                if isinstance(listed := item.get("operations"), list):
                    operations += len(listed)
            elif isinstance(item, list):
                below.extend(item)
        level = below
        count += len(level)
    if level:
        raise _too_deep(limits)
    if count > limits.room(operations):
        raise _too_many(limits.room(operations))


def _too_deep(limits: Limits) -> Refused:
    return Refused(SpecCode.TOO_DEEP, f"the file is nested more than {limits.depth} levels deep", 1, 1)


def _duplicate(file: str, text: str, path: tuple[str | int, ...], line: int, column: int, index: int) -> Problem:
    key = str(path[-1])
    return Problem(
        code=str(SpecCode.DUPLICATE_KEY),
        message=f"`{key}` is given twice here; the last one counts",
        severity="warning",
        file=file,
        line=line,
        column=column,
        path=path_text(path),
        suggestion="remove one of them",
        source=line_at(text, index - column + 1),
        length=len(key),
    )


def _refusal(file: str, text: str, refused: Refused) -> SpecError:
    problem = Problem(
        code=str(refused.code),
        message=refused.message,
        file=file,
        line=refused.line,
        column=refused.column,
        suggestion=refused.suggestion,
        source=_line(text, refused.line) if refused.line else None,
        length=refused.length,
    )
    return SpecError([problem])


def _line(text: str, number: int) -> str:
    start = 0
    for _ in range(number - 1):
        start = text.find("\n", start) + 1
    return line_at(text, start)
