"""A file with mistakes in it is checked as far as it can be read, so that all of its problems show at once.

What is wrong with the structure is repaired for the checker only (a misspelled field takes its right name, what cannot
be used is left out), and findings that may just follow from such a repair are not reported.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.origin import holds
from polyaxon.compiler.problems import Path
from polyaxon.errors import Problem, SpecError
from polyaxon.spec.check import read
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.component import Authored
from polyaxon.spec.load import Document

__all__ = ["consequences_removed", "read_what_can_be_read"]

ROUNDS = 5
"""How often a repaired file may turn out to be wrong again."""
MOST = 100
"""A file with more problems is not repaired: there is enough to say about it."""

_STEPS = re.compile(r"[^.\[\]]+|\[\d+\]")
_MEANT = re.compile(r"did you mean `([^`]+)`\?")


def read_what_can_be_read(document: Document) -> tuple[Authored | None, list[Problem]]:
    """Return the model of the file, repaired where it is wrong, and what is wrong; None when nothing can be read."""
    try:
        found = read(document)
    except SpecError as error:
        problems = list(error.problems)
        return _repaired(document, problems), problems
    problems = list(document.problems)
    return (found, problems) if isinstance(found, Authored) else (None, [*problems, _compiled(document)])


def _compiled(document: Document) -> Problem:
    message = "a compiled operation cannot be compiled again"
    return document.problem(SpecCode.KIND, message, ("kind",), suggestion="use the file it was compiled from")


def _repaired(document: Document, problems: Sequence[Problem]) -> Authored | None:
    if len(problems) > MOST:
        return None
    value = copy.deepcopy(document.value)
    wrong = [problem for problem in problems if problem.severity == "error"]
    for _ in range(ROUNDS):
        if not wrong or not _repair(value, wrong):
            return None
        try:
            found = read(document.with_value(value))
        except SpecError as error:
            wrong = [problem for problem in error.problems if problem.severity == "error"]
        else:
            return found if isinstance(found, Authored) else None
    return None


def _repair(value: Any, wrong: Iterable[Problem]) -> bool:
    """Change `value` so that the problems are gone; False when there is no telling how.

    The last items of lists go first, so that the paths of the others stay true.
    """
    places = {_unusable(value, problem): problem for problem in wrong}
    for path in sorted(places, key=_in_order, reverse=True):
        if not path or not holds(value, path):
            return False
        _leave_out(value, path, places[path])
    return True


def _in_order(path: Path) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def _unusable(value: Any, problem: Problem) -> Path:
    """Return the path of what has to go."""
    path = _path(problem.path)
    is_missing = problem.code == SpecCode.MISSING_FIELD and not holds(value, path)
    return path[:-1] if is_missing else path


def _leave_out(value: Any, path: Path, problem: Problem) -> None:
    holder = value
    for part in path[:-1]:
        holder = holder[part]
    removed = holder.pop(path[-1])
    meant = _MEANT.match(problem.suggestion or "")
    if problem.code == SpecCode.UNKNOWN_FIELD and meant and isinstance(holder, dict) and meant[1] not in holder:
        holder[meant[1]] = removed


def _path(text: str) -> Path:
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in _STEPS.findall(text))


_ABOUT_VALUES = frozenset(
    {
        CompileCode.UNDEFINED,
        CompileCode.UNKNOWN_PARAM,
        CompileCode.MISSING_PARAM,
        CompileCode.UNKNOWN_VALUE,
        CompileCode.EDGE_TYPE,
        CompileCode.CONDITION,
        CompileCode.PARAM_TYPE,
        CompileCode.MATRIX_VALUE,
        CompileCode.JOIN_PARAM,
    },
)
_ABOUT_GRAPH = frozenset(
    {
        CompileCode.UNKNOWN_OPERATION,
        CompileCode.UNREACHABLE,
        CompileCode.EMPTY_DAG,
        CompileCode.UNKNOWN_COMPONENT,
        CompileCode.UNNAMED,
        CompileCode.NO_RUNTIME,
    },
)
_VALUES = frozenset({"inputs", "outputs", "params", "joins", "matrix"})
_GRAPH = frozenset({"operations", "components", "name", "run", "component", "kind"})


def consequences_removed(found: Iterable[Problem], repaired: Iterable[Problem]) -> list[Problem]:
    """Return those findings about a repaired file that do not come from the repairs."""
    wrong = [problem for problem in repaired if problem.severity == "error"]
    removed = [path for path in (_path(problem.path) for problem in wrong) if path]
    ends = {path[-1] for path in removed}
    whole = {part for path in removed for part in path}
    hidden: set[str] = set()
    if whole & _VALUES or ends & {"run", "component"}:
        hidden |= _ABOUT_VALUES
    if ends & _GRAPH or any(isinstance(end, int) for end in ends):
        hidden |= _ABOUT_GRAPH | _ABOUT_VALUES
    lines = {problem.line for problem in repaired}
    return [
        problem
        for problem in found
        if problem.severity == "error"
        and problem.code not in hidden
        and problem.line not in lines
        and not any(_lies_behind(_path(problem.path), gone) for gone in removed)
    ]


def _lies_behind(path: Path, gone: Path) -> bool:
    """Whether the path lies in an item that took the place of one that was left out: what is said there is not so."""
    *holder, place = gone
    if not isinstance(place, int) or len(path) < len(gone) or list(path[: len(holder)]) != holder:
        return False
    found = path[len(holder)]
    return isinstance(found, int) and found >= place
