"""The error tree: what can go wrong, in three branches.

PolyaxonError
├── UserError                 a mistake of the user: shown without a traceback, exit code 2
│   ├── SpecError             a polyaxonfile is wrong; carries every `Problem` found
│   ├── UsageError            a command, option or argument is wrong
│   ├── QueryError            a search query or sort expression is wrong
│   ├── NotFoundError         no run, project, file or component of that name
│   └── ConflictError         the state of the thing does not allow the action
├── OutsideError              the world failed: network, disk, another program, exit code 1
│   ├── FetchError            a URL, git repository or hub could not be read
│   ├── StoreError            the database refused
│   │   └── LeaseLostError    another scheduler owns the run now
│   ├── RuntimeFailure        a runtime could not start, find or stop an attempt
│   └── BuildError            an image could not be built
└── InternalError             a bug of ours: the only branch that prints a traceback

This module is imported by training code: standard library only, Python 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

__all__ = [
    "BuildError",
    "ConflictError",
    "FetchError",
    "InternalError",
    "LeaseLostError",
    "NotFoundError",
    "OutsideError",
    "PolyaxonError",
    "Problem",
    "QueryError",
    "RuntimeFailure",
    "SpecError",
    "StoreError",
    "UsageError",
    "UserError",
]


@dataclass(frozen=True)
class Problem:
    """One finding about a polyaxonfile.

    `code` is stable (`PX001`…, explained in docs/reference/errors.md); `severity` is `error` or `warning`;
    `line` and `column` count from 1; `path` is the field path as the user would write it
    (`run.operations[2].params.lr`); `suggestion` is one thing to do next; `source` is the text of the line
    and `length` how many characters the caret underlines.
    """

    code: str
    message: str
    severity: str = "error"
    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str = ""
    suggestion: str | None = None
    source: str | None = None
    length: int = 1

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable form, as `polyaxon check --output json` prints it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "line": self.line,
            "column": self.column,
            "path": self.path,
            "suggestion": self.suggestion,
        }

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        lines = ["{}{}[{}]: {}".format(where + ": " if where else "", self.severity, self.code, self.message)]
        if self.path:
            lines.append(f"  at `{self.path}`")
        if self.source is not None and self.column is not None:
            shown, column = _window(self.source, self.column)
            lines.append("  | " + shown)
            lines.append("  | " + " " * (column - 1) + "^" * max(1, min(self.length, len(shown) - column + 1)))
        if self.suggestion:
            lines.append("  help: " + self.suggestion)
        return "\n".join(lines)


_WIDTH = 160
"""Columns of a source line that are shown; a file written on one line would fill the screen."""


def _window(source: str, column: int) -> tuple[str, int]:
    """Return the part of a long line around `column`, and the column in it."""
    if len(source) <= _WIDTH:
        return source, column
    start = max(0, min(column - 1 - _WIDTH // 2, len(source) - _WIDTH))
    before, after = "…" if start else "", "…" if start + _WIDTH < len(source) else ""
    return before + source[start : start + _WIDTH] + after, column - start + len(before)


class PolyaxonError(Exception):
    """Anything this package raises on purpose. `hint` is the next step, where there is one."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(PolyaxonError):
    """A mistake of the user."""


class SpecError(UserError):
    """A polyaxonfile is wrong; `problems` holds every finding, errors and warnings."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: list[Problem] = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(UserError):
    """A command, option or argument is wrong."""


class QueryError(UserError):
    """A search query or sort expression is wrong."""


class NotFoundError(UserError):
    """No run, project, file or component of that name."""


class ConflictError(UserError):
    """The state of the thing does not allow the action."""


class OutsideError(PolyaxonError):
    """The world failed: network, disk, another program."""


class FetchError(OutsideError):
    """A URL, git repository or hub could not be read."""


class StoreError(OutsideError):
    """The database refused."""


class LeaseLostError(StoreError):
    """Another scheduler owns the run now; whatever was decided must not be applied."""


class RuntimeFailure(OutsideError):
    """A runtime could not start, find or stop an attempt."""


class BuildError(OutsideError):
    """An image could not be built."""


class InternalError(PolyaxonError):
    """A bug of ours."""
