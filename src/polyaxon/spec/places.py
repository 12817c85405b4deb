"""Where does a value stand in the text? Positions by path, worked out from a second reading of the text."""

from __future__ import annotations

from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from polyaxon.model.record import dataclass
from polyaxon.spec.fields import to_camel, to_snake
from polyaxon.spec.garbage import collector_paused
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


class _Composer(LOADER):  # type: ignore[misc]  # the class depends on how PyYAML was built
    """Makes the tree of nodes without asking what the scalars mean."""

    def resolve(self, *_: Any) -> str:
        return "tag:yaml.org,2002:str"


class Places:
    """The places of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._root: Node | None = None
        self._keys: dict[int, dict[str, tuple[Node, Node]]] = {}
        loader = _Composer(text)
        try:
            with collector_paused():
                self._root = loader.get_single_node()
        except yaml.YAMLError:  # JSON that YAML cannot read: everything is at the start
            pass
        finally:
            loader.dispose()

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
        return node.value if found and isinstance(node, ScalarNode) else None

    def is_quoted(self, path: tuple[str | int, ...]) -> bool:
        """Whether the scalar at `path` is not a plain one."""
        found, node, _ = self._walk(path)
        return found and isinstance(node, ScalarNode) and bool(node.style)

    def _walk(self, path: tuple[str | int, ...]) -> tuple[bool, Node | None, Node | None]:
        """Return whether the whole path exists, the last node on it, and that node's key."""
        node, key = self._root, None
        for part in path:
            step = self._step(node, part)
            if step is None:
                return False, node, key
            key, node = step
        return True, node, key

    def _position(self, node: Node | None) -> Position:
        if node is None or node.start_mark is None:
            return Position(1, 1, 1, line_at(self._text, 0))
        start, end = node.start_mark, node.end_mark
        source = line_at(self._text, start.index - start.column)
        if isinstance(node, ScalarNode) and end.line == start.line:
            length = end.column - start.column
        elif isinstance(node, ScalarNode) and node.style in ("|", ">"):
            length = 1
        elif end.line == start.line:
            length = end.column - start.column
        else:
            length = len(source.rstrip()) - start.column
        return Position(start.line + 1, start.column + 1, max(1, min(length, 200)), source)

    def _step(self, node: Node | None, part: str | int) -> tuple[Node | None, Node] | None:
        if isinstance(node, SequenceNode) and isinstance(part, int):
            return (None, node.value[part]) if 0 <= part < len(node.value) else None
        if not isinstance(node, MappingNode):
            return None
        known = self._keys.get(id(node))
        if known is None:
            known = self._keys[id(node)] = {
                key.value: (key, value) for key, value in node.value if isinstance(key, ScalarNode)
            }
        for spell in (str, to_camel, to_snake):
            found = known.get(spell(str(part)))
            if found is not None:
                return found
        merged = known["<<"][1] if "<<" in known else None
        for source in merged.value if isinstance(merged, SequenceNode) else [merged]:
            inherited = self._step(source, part)
            if inherited is not None:
                return inherited
        return None
