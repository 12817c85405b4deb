"""Search: what should be tried next, given what was tried so far?

Pure: (space, history, seed) → suggestions. No files, clocks or hidden state; every name loads on first use, so
that importing this room costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyaxon.search.contract import Enumerable, Search
    from polyaxon.search.effects import importance
    from polyaxon.search.history import Suggestion, Trial, TrialStatus
    from polyaxon.search.optimizer import Optimizer
    from polyaxon.search.plan import plan_search
    from polyaxon.search.report import render_report
    from polyaxon.search.space import Space, SpaceError, parse_space
    from polyaxon.search.stopping import StopReason, failures_exceed, goal_reached, should_stop

__all__ = [
    "Enumerable",
    "Optimizer",
    "Search",
    "Space",
    "SpaceError",
    "StopReason",
    "Suggestion",
    "Trial",
    "TrialStatus",
    "failures_exceed",
    "goal_reached",
    "importance",
    "parse_space",
    "plan_search",
    "render_report",
    "should_stop",
]

_HOMES = {
    "Enumerable": "contract",
    "Optimizer": "optimizer",
    "Search": "contract",
    "Space": "space",
    "SpaceError": "space",
    "StopReason": "stopping",
    "Suggestion": "history",
    "Trial": "history",
    "TrialStatus": "history",
    "failures_exceed": "stopping",
    "goal_reached": "stopping",
    "importance": "effects",
    "parse_space": "space",
    "plan_search": "plan",
    "render_report": "report",
    "should_stop": "stopping",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
