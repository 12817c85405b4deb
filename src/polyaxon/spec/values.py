"""How do the events of a YAML text become values? One pass without recursion, counting what could get out of hand.

`Limits` bounds everything: bytes, levels, and the number of values once all aliases are written out. Only dags may be
large: each operation makes room for its own values.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from polyaxon.model.record import dataclass
from polyaxon.spec.codes import SpecCode

__all__ = ["LOADER", "Limits", "Refused", "build", "read_scalar"]

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where PyYAML was built with it."""

Duplicate = tuple[tuple[str | int, ...], int, int, int]
"""Path, line, column and index of the later one of two equal keys."""

_TAG = "tag:yaml.org,2002:"
_STR, _MERGE = _TAG + "str", _TAG + "merge"
_SCALAR_TAGS = {_TAG + name for name in ("str", "int", "float", "bool", "null")}
_PLAIN_TAGS = {*_SCALAR_TAGS, _TAG + "map", _TAG + "seq", _MERGE, _TAG + "timestamp", _TAG + "value"}
_MOST_DUPLICATES = 100
_LONGEST = 100
"""A longer plain scalar is text: nothing else is that long, and huge numbers in base 60 would take for ever."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may ask of us."""

    size: int = 20_000_000
    depth: int = 100
    values: int = 500_000
    operations: int = 200_000
    values_of_each: int = 20
    """Room that each operation of a dag adds."""

    def room(self, operations: int) -> int:
        """Return how many values a file may hold that has so many operations."""
        return self.values + self.values_of_each * min(operations, self.operations)


class Refused(Exception):
    """The text cannot be taken; the parts of the problem that says so."""

    def __init__(
        self,
        code: SpecCode,
        message: str,
        line: int | None = None,
        column: int | None = None,
        *,
        suggestion: str | None = None,
        length: int = 1,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.suggestion = suggestion
        self.length = length


class _Scalars(SafeConstructor, Resolver):
    """PyYAML's own rules for what an unquoted scalar is, except that dates stay text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (the library's own attribute)
        first: [(tag, regexp) for tag, regexp in found if not tag.endswith(("timestamp", ":value"))]
        for first, found in Resolver.yaml_implicit_resolvers.items()
    }

    def read(self, text: str, tag: str | None) -> Any:
        """Return the value of a plain scalar; what cannot be built stays text."""
        if len(text) > _LONGEST:
            return text
        if tag is None and text.isascii() and text.isdigit() and text[0] != "0":
            return int(text)  # what the rules come to, for what most of the unquoted numbers are
        tag = tag or str(self.resolve(ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]
        build_one = self.yaml_constructors.get(tag) if tag in _SCALAR_TAGS else None
        if build_one is None or tag == _STR:
            return text
        try:
            return build_one(self, ScalarNode(tag, text))
        except (ValueError, OverflowError, KeyError, IndexError):
            return text


_SCALARS = _Scalars()


def read_scalar(text: str) -> Any:
    """Return what YAML makes of an unquoted scalar."""
    return _SCALARS.read(text, None)


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is being filled."""

    value: Any
    is_mapping: bool
    anchor: str | None = None
    start: int = 0
    height: int = 1
    key: str | None = None
    merged: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Any
    count: int
    height: int
    size: int | None = None
    """Its characters, counted at the first alias."""


def build(text: str, limits: Limits) -> tuple[Any, list[Duplicate]]:
    """Return the value of the one document in `text` and the keys that are given twice."""
    try:
        parser = LOADER(text)
        try:
            return _Builder(parser.get_event, limits).document()
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as error:
        raise _explained(text, error) from error
    except yaml.YAMLError as error:
        raise Refused(SpecCode.YAML_SYNTAX, f"this is not YAML: {str(error).splitlines()[0]}", 1, 1) from error


class _Builder:
    def __init__(self, next_event: Any, limits: Limits) -> None:
        self.next_event = next_event
        self.limits = limits
        self.memo: dict[str, Any] = {}
        self.anchors: dict[str, _Anchored | None] = {}
        self.duplicates: list[Duplicate] = []
        self.count = 0
        self.size = 0
        self.operations = 0

    def document(self) -> tuple[Any, list[Duplicate]]:
        self.next_event()  # the stream's start
        if isinstance(self.next_event(), yaml.StreamEndEvent):
            raise Refused(SpecCode.EMPTY, "the file is empty", 1, 1)
        value = self._value()
        self.next_event()  # the document's end
        event = self.next_event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise _at(
                event,
                SpecCode.SEVERAL_DOCUMENTS,
                "a second YAML document begins here",
                suggestion="put it into a file of its own",
                length=3,
            )
        if value is None:
            raise Refused(SpecCode.EMPTY, "the file is empty", 1, 1)
        return value, self.duplicates

    def _value(self) -> Any:  # noqa: C901  (one branch per kind of event; a call for each would double the time)
        """Build the next value. The loop is the hot path of loading: everything unusual is elsewhere."""
        next_event, memo, most = self.next_event, self.memo, min(self.limits.values, self.limits.operations)
        frame = _Frame([], False)
        stack: list[_Frame] = []
        container: Any = frame.value
        in_mapping = False
        key: str | None = None
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                value = event.value
                if in_mapping and key is None:
                    key = value
                    if key in container:
                        self._repeated(stack, value, event)
                    if event.anchor is not None:
                        self.anchors[event.anchor] = _Anchored(value, 1, 0)
                    continue
                if event.implicit[0]:
                    try:
                        value = memo[value]
                    except KeyError:
                        memo[value] = value = _SCALARS.read(value, None)
                elif event.tag is not None:
                    value = self._tagged(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = _Anchored(value, 1, 0)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._check_start(in_mapping and key is None, event, len(stack))
                frame.key = key
                stack.append(frame)
                in_mapping = kind is MappingStartEvent
                container = {} if in_mapping else []
                frame = _Frame(container, in_mapping, event.anchor, self.count)
                key = None
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = self._closed(frame)
                frame = self._left(stack.pop(), frame)
                container, in_mapping, key = frame.value, frame.is_mapping, frame.key
            else:
                value = self._alias(stack, frame, event)
                if in_mapping and key is None:
                    key = self._alias_key(value, event)
                    continue
            self.count = count = self.count + 1
            if in_mapping:
                if key == "<<":
                    self._merge(frame, value, event)
                else:
                    container[key] = value
                key = None
            else:
                container.append(value)
            if not stack:
                return value
            if count > most:
                most = self._more_room(stack, frame, event, SpecCode.TOO_LARGE, "the file holds")

    def _more_room(self, stack: list[_Frame], frame: _Frame, event: Any, code: SpecCode, what: str) -> int:
        """Return how many values there may be before this is asked again; refuses the file when it is full."""
        around = pairwise((*stack, frame))
        open_lists = (inner.value for outer, inner in around if outer.key == "operations" and not inner.is_mapping)
        operations = self.operations + sum(map(len, open_lists))
        if operations > self.limits.operations:
            raise _at(event, SpecCode.TOO_LARGE, f"the file has more than {self.limits.operations:,} operations")
        room = self.limits.room(operations)
        if self.count > room:
            length = len(event.anchor or "") + 1 if isinstance(event, yaml.AliasEvent) else 1
            raise _at(event, code, f"{what} more than {room:,} values", length=length)
        return min(room, self.count + self.limits.values // 5)

    def _repeated(self, stack: list[_Frame], key: str, event: Any) -> None:
        if len(self.duplicates) == _MOST_DUPLICATES:
            return
        mark = event.start_mark
        above = tuple(str(outer.key) if outer.is_mapping else len(outer.value) for outer in stack[1:])
        self.duplicates.append(((*above, key), mark.line + 1, mark.column + 1, mark.index))

    def _alias_key(self, value: Any, event: Any) -> str:
        if isinstance(value, dict | list):
            raise _complex_key(event)
        return str(value)

    def _left(self, outer: _Frame, inner: _Frame) -> _Frame:
        if outer.key == "operations" and not inner.is_mapping:
            self.operations += len(inner.value)
        if inner.height >= outer.height:
            outer.height = inner.height + 1
        return outer

    def _check_start(self, is_key: bool, event: Any, depth: int) -> None:
        if is_key:
            raise _complex_key(event)
        if depth >= self.limits.depth:
            raise _at(event, SpecCode.TOO_DEEP, f"the file is nested more than {self.limits.depth} levels deep")
        if event.tag is not None and event.tag not in _PLAIN_TAGS and event.tag != "!":
            raise _tag(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def _closed(self, frame: _Frame) -> Any:
        value = frame.value
        if frame.merged:
            merged: dict[str, Any] = {}
            for source in reversed(frame.merged):
                merged.update(source)
            value = {**merged, **value}
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchored(value, self.count - frame.start, frame.height)
        return value

    def _alias(self, stack: list[_Frame], frame: _Frame, event: Any) -> Any:
        name, depth = event.anchor, len(stack)
        if name not in self.anchors:
            raise _at(
                event,
                SpecCode.ALIAS,
                f"there is no anchor `&{name}` before this alias",
                suggestion=f"put `&{name}` before the value, or quotes around a text that begins with `*`",
                length=len(name) + 1,
            )
        found = self.anchors[name]
        if found is None:
            raise _at(event, SpecCode.ALIAS, f"`*{name}` lies inside the value it stands for", length=len(name) + 1)
        self.count += found.count
        if self.count > self.limits.values:
            self._more_room(stack, frame, event, SpecCode.ALIAS_BOMB, "written out, the aliases make")
        if found.size is None:
            found = self.anchors[name] = _Anchored(found.value, found.count, found.height, _size(found.value))
        self.size += found.size or 0
        if self.size > self.limits.size:
            raise _at(
                event,
                SpecCode.ALIAS_BOMB,
                f"written out, the aliases make more than {self.limits.size:,} characters",
                length=len(name) + 1,
            )
        if depth + found.height > self.limits.depth:
            raise _at(event, SpecCode.TOO_DEEP, f"the file is nested more than {self.limits.depth} levels deep")
        if found.height > 0 and found.height + 1 > frame.height:
            frame.height = found.height + 1
        return found.value

    def _merge(self, frame: _Frame, value: Any, event: Any) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise _at(event, SpecCode.MERGE_KEY, "`<<` takes a mapping, or a list of mappings")
        frame.merged = [*(frame.merged or ()), *sources]

    def _tagged(self, event: Any) -> Any:
        if event.tag == "!":
            return event.value
        if event.tag not in _PLAIN_TAGS:
            raise _tag(event)
        return event.value if event.tag == _STR else _SCALARS.read(event.value, event.tag)


def _size(value: Any) -> int:
    """Count the characters of all texts in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _size(item) for key, item in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else 0


def _at(event: Any, code: SpecCode, message: str, *, suggestion: str | None = None, length: int = 1) -> Refused:
    mark = event.start_mark
    return Refused(code, message, mark.line + 1, mark.column + 1, suggestion=suggestion, length=length)


def _tag(event: Any) -> Refused:
    name = event.tag.replace(_TAG, "!!")
    return _at(
        event,
        SpecCode.TAG,
        f"the tag `{name[:60]}` is not supported",
        suggestion="remove it, or put quotes around a text that begins with `!`",
    )


def _complex_key(event: Any) -> Refused:
    return _at(
        event,
        SpecCode.KEY_NOT_TEXT,
        "the key of a mapping is text, this one is a mapping or a list",
        suggestion='put quotes around a template: `"{{ … }}"`',
    )


_TABBED = re.compile(r"^[ ]*\t")


def _explained(text: str, error: yaml.MarkedYAMLError) -> Refused:
    """Turn the parser's complaint into ours."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.split("\n", line + 1)
    source = lines[line - 1] if line <= len(lines) else ""
    problem = (error.problem or "").strip()
    if "\\t" in problem or _TABBED.match(source):
        column = source.find("\t") + 1 or column
        return Refused(SpecCode.TAB, "a tab is used for indentation", line, column, suggestion="indent with spaces")
    if "nesting depth" in problem:  # newer parsers have a limit of their own
        return Refused(SpecCode.TOO_DEEP, "the file is nested too deeply to be read", line, column)
    message, suggestion = next(
        (words for part, words in _COMPLAINTS if part in problem), (problem or "the text ends too early", None)
    )
    begin = error.context_mark
    if begin and message in _UNCLOSED:
        line, column = begin.line + 1, begin.column + 1
    elif begin and begin.line + 1 < line and "mapping" in (error.context or ""):
        message += f", in the mapping that begins in line {begin.line + 1}"
    elif begin and begin.line + 1 < line and "sequence" in (error.context or ""):
        message += f", in the list that begins in line {begin.line + 1}"
    return Refused(SpecCode.YAML_SYNTAX, f"this is not YAML: {message}", line, column, suggestion=suggestion)


_UNCLOSED = ("a list is not closed", "a mapping is not closed", "a quote is not closed")
_COMPLAINTS: tuple[tuple[str, tuple[str, str | None]], ...] = (
    (
        "mapping values are not allowed",
        (
            "there is a colon where no value can begin",
            "check the indentation, or put quotes around a text that holds `: `",
        ),
    ),
    ("could not find expected ':'", ("a colon is missing", "write `key: value`, and indent what belongs to a key")),
    ("did not find expected key", ("a key is expected here", "check the indentation and the quotes above")),
    (
        "did not find expected '-' indicator",
        ("an item that begins with `-` is expected here", "check the indentation"),
    ),
    ("did not find expected ',' or ']'", ("a list is not closed", "add the missing `]` or `,`")),
    ("did not find expected ',' or '}'", ("a mapping is not closed", "add the missing `}` or `,`")),
    (
        "cannot start any token",
        ("no value can begin with this character", "put quotes around the text"),
    ),
    ("unexpected end of stream", ("a quote is not closed", "add the missing quote")),
    ("found unknown escape", ("there is no such escape", "use single quotes, or write the backslash twice")),
    (
        "block sequence entries are not allowed",
        ("a list cannot begin here", "begin the list on a line of its own"),
    ),
    ("undefined tag handle", ("there is no such tag", "put quotes around a text that begins with `!`")),
    ("did not find expected <document start>", ("the text goes on after its end", "check the indentation")),
)
