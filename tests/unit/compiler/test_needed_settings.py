"""What a search cannot begin without is said by the checker, and the planner of the search agrees."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from compiler_builders import codes, loaded

from polyaxon.search.plan import plan_search
from polyaxon.search.space import SpaceError

PARAMS = {"a": {"kind": "uniform", "value": [0, 1]}}
METRIC = {"name": "loss", "optimization": "minimize"}
RESOURCE = {"name": "steps", "type": "int"}
WHOLE: dict[str, dict[str, Any]] = {
    "random": {"params": PARAMS, "numRuns": 5},
    "hyperopt": {"params": PARAMS, "numRuns": 5, "metric": METRIC},
    "tpe": {"params": PARAMS, "numRuns": 5, "metric": METRIC},
    "bayes": {"params": PARAMS, "numInitialRuns": 5, "maxIterations": 9, "metric": METRIC},
    "hyperband": {"params": PARAMS, "maxIterations": 9, "resource": RESOURCE, "metric": METRIC},
    "iterative": {"params": PARAMS, "maxIterations": 9},
    "asha": {"params": PARAMS, "numRuns": 5, "maxIterations": 9, "resource": RESOURCE, "metric": METRIC},
    "cmaes": {"params": PARAMS, "numRuns": 5, "metric": METRIC},
}
CHANGES: list[dict[str, Any]] = [
    *({name: None} for name in ("params", "numRuns", "numInitialRuns", "maxIterations", "resource", "metric")),
    *({name: value} for name, value in (("population", 3), ("population", 4), ("sigma", 0), ("sigma", 0.5))),
    {"minIterations": 100},
    {"params": {"a": {"kind": "loguniform", "value": [-900, 900]}}},
    {"params": {"a": {"kind": "loguniform", "value": [-9, 9]}}},
    {},
]


def matrices() -> list[dict[str, Any]]:
    known = {"population": ("cmaes",), "sigma": ("cmaes",), "minIterations": ("asha",)}
    found = []
    for kind, fields in WHOLE.items():
        for change in CHANGES:
            refused_by_the_format = kind == "bayes" and "loguniform" in str(change)
            if not refused_by_the_format and all(kind in known.get(name, (kind,)) for name in change):
                matrix = {"kind": kind, **fields, **change}
                found.append({name: value for name, value in matrix.items() if value is not None})
    return found


@pytest.mark.parametrize("matrix", matrices(), ids=lambda matrix: f"{matrix['kind']}-{len(str(matrix))}")
def test_the_checker_and_the_planner_agree_on_what_a_search_needs(matrix: dict[str, Any]) -> None:
    try:
        plan_search(matrix)
        can_begin = True
    except SpaceError:
        can_begin = False
    inputs = [{"name": "a", "type": "float", "value": 1.0}, {"name": "steps", "type": "int", "value": 1}]
    run = {"kind": "job", "container": {"image": "x", "args": ["{{ a }}", "{{ steps }}"]}}
    file = {"kind": "operation", "matrix": matrix, "component": {"inputs": inputs, "run": run}}
    found = loaded(yaml.safe_dump(file)).problems
    assert (codes(found) == []) == can_begin, [str(problem) for problem in found]


def test_a_tuner_of_ones_own_needs_nothing_of_it() -> None:
    text = """
    kind: operation
    matrix: {kind: iterative, maxIterations: 3, tuner: {hubRef: acme/tuner}}
    component: {run: {kind: job, container: {image: x}}}
    """
    assert "PX246" not in codes(loaded(text).problems)
