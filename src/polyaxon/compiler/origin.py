"""Where the parts of a composed operation stand in the files they came from.

An operation may be made of several files; the path of a field in the composed operation is turned back into a place in
the text that the user wrote.
"""

from __future__ import annotations

from dataclasses import field

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.problems import Path, where
from polyaxon.errors import Problem
from polyaxon.model.record import dataclass
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.load import Document

__all__ = ["Origins", "Place", "exists", "holds"]


@dataclass(frozen=True, slots=True)
class Place:
    """A section of a file. `shown` is the path from the main file, which messages name.

    `chain` are the references that led here, for finding circles.
    """

    document: Document
    path: Path = ()
    shown: Path = ()
    chain: tuple[str, ...] = ()

    def at(self, *parts: str | int) -> Place:
        """Return a place inside."""
        return Place(self.document, (*self.path, *parts), (*self.shown, *parts), self.chain)

    def has(self, *parts: str | int) -> bool:
        """Whether the file says something there."""
        return exists(self.document, (*self.path, *parts))

    def problem(
        self,
        code: CompileCode | SpecCode,
        message: str,
        *parts: str | int,
        suggestion: str | None = None,
        severity: str = "error",
        key: bool = False,
    ) -> Problem:
        """Return a finding about something inside."""
        path = self._written((*self.path, *parts))
        position = self.document.locate_key(path) if key else self.document.locate(path)
        return Problem(
            code=str(code),
            message=message,
            severity=severity,
            file=self.document.file,
            line=position.line,
            column=position.column,
            path=where((*self.shown, *parts)),
            suggestion=suggestion,
            source=position.source,
            length=position.length,
        )

    def _written(self, path: Path) -> Path:
        """Return the path as the file has it: parts of `run` may have been written as short fields."""
        if exists(self.document, path):
            return path
        for start in reversed(range(len(path))):  # the innermost `run`: a dag's own holds those of its operations
            if path[start] == "run":
                for full, short in _SHORT:
                    if path[start : start + len(full)] == full:
                        candidate = (*path[:start], *short, *path[start + len(full) :])
                        if exists(self.document, (*path[:start], *short)):
                            return candidate
        return path


_SHORT: tuple[tuple[Path, Path], ...] = (
    (("run", "container", "args"), ("cmd",)),
    (("run", "container", "command"), ("cmd",)),
    (("run", "container", "env"), ("env",)),
    (("run", "container", "resources"), ("resources",)),
    (("run", "container"), ("container",)),
    (("run", "container"), ("cmd",)),
    (("run",), ()),
)


def exists(document: Document, path: Path) -> bool:
    """Whether the file has something at `path`."""
    return holds(document.value, path)


def holds(value: object, path: Path) -> bool:
    """Whether there is something at `path` of the value."""
    for part in path:
        inside = part in value if isinstance(value, dict) else isinstance(part, int) and _has(value, part)
        if not inside:
            return False
        value = value[part]  # type: ignore[index]  # a mapping with the key or a list with the place
    return True


def _has(value: object, place: int) -> bool:
    return isinstance(value, list) and place < len(value)


@dataclass(slots=True)
class Origins:
    """Which component came from which place, by identity."""

    places: dict[int, Place] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)

    def note(self, model: object, place: Place) -> None:
        """Remember where `model` came from."""
        self.places[id(model)] = place
        self.kept.append(model)  # an identity is only good as long as its object lives

    def of(self, model: object, default: Place) -> Place:
        """Return where `model` came from; `default` when it stands where it is."""
        return self.places.get(id(model), default)
