"""Did you mean …? The nearest of the names that would have been right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from polyaxon.errors import Problem

__all__ = ["did_you_mean", "listed", "nearest", "pointed_at"]


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that `name` was probably meant to be."""
    known = _likely(name, list(names))
    close = get_close_matches(name, known, 1, 0.6)
    if close:
        return close[0]
    same = {other.lower().replace("-", "_"): other for other in known}
    folded = name.lower().replace("-", "_")
    if folded in same:
        return same[folded]
    inside = [other for other in known if len(folded) > 2 and (folded in other.lower() or other.lower() in folded)]
    return inside[0] if len(inside) == 1 else None


def _likely(name: str, names: list[str]) -> list[str]:
    """Return those of very many names that begin like `name`: comparing it with all of them would take too long."""
    if len(names) <= _MOST:
        return names
    for share in (1, 0.75, 0.5, 0.25):
        size = max(1, int(len(name) * share))
        alike = [other for other in names if other.startswith(name[:size])]
        if alike:
            return alike[:_MOST]
    return names[:_MOST]


_MOST = 50


def did_you_mean(name: str, names: Iterable[str]) -> str | None:
    """Return the suggestion, if there is a name to suggest."""
    found = nearest(name, names)
    return f"did you mean `{found}`?" if found else None


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Return the names for a sentence: `a`, `b`, `c`."""
    known = list(names)
    text = ", ".join(f"`{name}`" for name in known[:limit])
    return text + (f" and {len(known) - limit} more" if len(known) > limit else "")


def pointed_at(problem: Problem, word: str) -> Problem:
    """Return the problem with its caret under `word`, where the line has it."""
    if problem.source is None or problem.column is None or not word:
        return problem
    bounds = (r"(?<![\w.])" if word[0].isidentifier() else "", r"(?!\w)" if word[-1].isidentifier() else "")
    found = re.compile(bounds[0] + re.escape(word) + bounds[1]).search(problem.source, problem.column - 1)
    if found is None or found.start() > problem.column - 1 + problem.length:
        return problem
    return replace(problem, column=found.start() + 1, length=len(word))
