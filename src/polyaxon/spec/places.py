"""Where does a value stand in the text? Positions by path, worked out from a second reading of the text.

It is read again as far as the places that are asked for: who reports the first of many mistakes in a big file need not
look at the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent, SequenceStartEvent

from polyaxon.model.record import dataclass
from polyaxon.spec.fields import to_camel, to_snake
from polyaxon.spec.values import LOADER

__all__ = ["Places", "Position", "line_at", "path_text"]

_LONGEST_LINE = 500


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the text: line and column count from 1, `length` is what a caret underlines of `source`."""

    line: int
    column: int
    length: int = 1
    source: str = ""


def path_text(path: tuple[str | int, ...]) -> str:
    """Return the path as people write it: `run.operations[2].params.lr`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def line_at(text: str, start: int) -> str:
    """Return the line that begins at `start`, or as much of it as anybody wants to see."""
    end = text.find("\n", start, start + _LONGEST_LINE)
    return text[start : end if end >= 0 else start + _LONGEST_LINE].rstrip("\r")


@dataclass(slots=True)
class _Node:
    """A value of the text: a scalar has a `text`, a list `items`, a mapping `fields` by key. It has no `end` as long as
    it is not read to it."""

    start: Any  # a mark of PyYAML's, or of its C parser's
    end: Any = None
    text: str | None = None
    is_quoted: bool = False
    items: list[_Node] | None = None
    fields: dict[str, tuple[_Node, _Node]] | None = None
    key: _Node | None = None
    """Of a mapping: the key whose value comes next."""


class Places:
    """The places of one text. With `whole` it is read to its end at once: needed where keys are given twice."""

    def __init__(self, text: str, *, whole: bool = False) -> None:
        self._text = text
        self._loader = LOADER(text)
        self._root: _Node | None = None
        self._open: list[_Node] = []
        self._anchors: dict[str, _Node] = {}
        self._line = 0
        while self._read_on() and (whole or self._root is None):
            pass

    def value(self, path: tuple[str | int, ...]) -> Position:
        """Where the value at `path` stands, or its nearest existing ancestor."""
        found, node, key = self._walk(path)
        if node is None:
            return self._position(None)
        return self._position(node if found else key or node)

    def key(self, path: tuple[str | int, ...]) -> Position:
        """Where the key of the last part of `path` stands."""
        _, node, key = self._walk(path)
        return self._position(key or node)

    def raw(self, path: tuple[str | int, ...]) -> str | None:
        """The text of the scalar at `path`."""
        found, node, _ = self._walk(path)
        return node.text if found and node is not None else None

    def is_quoted(self, path: tuple[str | int, ...]) -> bool:
        """Whether the scalar at `path` is not a plain one."""
        found, node, _ = self._walk(path)
        return found and node is not None and node.is_quoted

    def _walk(self, path: tuple[str | int, ...]) -> tuple[bool, _Node | None, _Node | None]:
        """Return whether the whole path exists, the last node on it, and that node's key."""
        node, key = self._root, None
        for part in path:
            step = self._step(node, part) if node is not None else None
            if step is None:
                return False, node, key
            key, node = step
        return True, node, key

    def _position(self, node: _Node | None) -> Position:
        if node is None:
            return Position(1, 1, 1, line_at(self._text, 0))
        start = node.start
        while node.end is None and self._line <= start.line and self._read_on():
            pass
        source, end = line_at(self._text, start.index - start.column), node.end
        if end is not None and end.line == start.line:
            length = end.column - start.column
        else:
            length = 1 if node.text is not None else len(source.rstrip()) - start.column
        return Position(start.line + 1, start.column + 1, max(1, min(length, 200)), source)

    def _step(self, node: _Node, part: str | int) -> tuple[_Node | None, _Node] | None:
        if node.items is not None and isinstance(part, int):
            while len(node.items) <= part and node.end is None and self._read_on():
                pass
            return (None, node.items[part]) if 0 <= part < len(node.items) else None
        fields = node.fields
        if fields is None:
            return None
        spellings = dict.fromkeys(spell(str(part)) for spell in (str, to_camel, to_snake))
        found = self._field(node, fields, spellings)
        if found is not None:
            return found
        merged = fields["<<"][1] if "<<" in fields else None
        sources = merged.items if merged is not None and merged.items is not None else [merged]
        return next((step for source in sources if source is not None and (step := self._step(source, part))), None)

    def _field(
        self, node: _Node, fields: Mapping[str, tuple[_Node, _Node]], spellings: Iterable[str]
    ) -> tuple[_Node, _Node] | None:
        seen = -1
        while True:
            if len(fields) != seen:
                seen = len(fields)
                found = next((fields[spelling] for spelling in spellings if spelling in fields), None)
                if found is not None:
                    return found
            if node.end is not None or not self._read_on():
                return None

    def _read_on(self) -> bool:
        """Read one more event of the text; False at its end."""
        try:
            event = self._loader.get_event()
        except yaml.YAMLError:  # JSON that YAML cannot read: what stands behind has no place
            return False
        if event is None:
            return False
        self._line = event.start_mark.line
        if isinstance(event, ScalarEvent):
            self._add(_Node(event.start_mark, event.end_mark, event.value, bool(event.style)), event.anchor)
        elif isinstance(event, CollectionStartEvent):
            is_list = isinstance(event, SequenceStartEvent)
            node = _Node(event.start_mark, items=[]) if is_list else _Node(event.start_mark, fields={})
            self._add(node, event.anchor)
            self._open.append(node)
        elif isinstance(event, CollectionEndEvent):
            self._open.pop().end = event.end_mark
        elif isinstance(event, AliasEvent) and event.anchor in self._anchors:
            self._add(self._anchors[event.anchor], None)
        return True

    def _add(self, node: _Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        holder = self._open[-1]
        if holder.items is not None:
            holder.items.append(node)
        elif holder.key is None:
            holder.key = node
        else:
            if holder.key.text is not None and holder.fields is not None:
                holder.fields[holder.key.text] = (holder.key, node)
            holder.key = None
