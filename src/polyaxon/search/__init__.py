"""Search: what should be tried next, given what was tried so far?

Pure: (space, history, seed) → suggestions. No files, clocks or hidden state; every name loads on first use, so
that importing this room costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyaxon.search.contract import Enumerable, Search
    from polyaxon.search.history import Suggestion, Trial, TrialStatus
    from polyaxon.search.plan import plan_search
    from polyaxon.search.space import Space, SpaceError, parse_space

__all__ = [
    "Enumerable",
    "Search",
    "Space",
    "SpaceError",
    "Suggestion",
    "Trial",
    "TrialStatus",
    "parse_space",
    "plan_search",
]

_HOMES = {
    "Enumerable": "contract",
    "Search": "contract",
    "Space": "space",
    "SpaceError": "space",
    "Suggestion": "history",
    "Trial": "history",
    "TrialStatus": "history",
    "parse_space": "space",
    "plan_search": "plan",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
