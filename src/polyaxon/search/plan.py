"""Which algorithm does a matrix ask for? The table from kind to module; each is imported when first used."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from polyaxon.search.contract import Search
from polyaxon.search.space import SpaceError

__all__ = ["PLANS", "plan_search"]

PLANS = {
    "mapping": ("mapping", "Mapping"),
    "grid": ("grid", "Grid"),
    "random": ("random", "Random"),
    "hyperband": ("halving", "Hyperband"),
    "asha": ("asha", "Asha"),
    "bayes": ("bayes", "Bayes"),
    "hyperopt": ("iterated", "Hyperopt"),
    "tpe": ("iterated", "Hyperopt"),
    "iterative": ("iterated", "Iterative"),
    "cmaes": ("cmaes", "Cmaes"),
}


def plan_search(matrix: Mapping[str, Any]) -> Search:
    """Check a matrix (canonical camelCase mapping, references resolved) and make it ready to suggest."""
    kind = matrix.get("kind")
    if kind not in PLANS:
        close = difflib.get_close_matches(str(kind), PLANS, 1)
        hint = f"did you mean `{close[0]}`?" if close else "use one of: " + ", ".join(PLANS)
        raise SpaceError(f"unknown matrix kind {kind!r}", hint=hint)
    module, name = PLANS[str(kind)]
    planner = getattr(import_module(f"polyaxon.search.{module}"), name)
    return cast(Search, planner.plan(matrix))  # the table names classes that keep the contract
