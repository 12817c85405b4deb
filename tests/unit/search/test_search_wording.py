"""The sentences that `explain` shows for suggestions."""

from __future__ import annotations

from typing import Any

import pytest

from polyaxon.search import Optimizer
from polyaxon.search.wording import in_words

SPACE = {"x": {"kind": "uniform", "value": [0, 1]}, "n": {"kind": "choice", "value": ["a", "b"]}}
BUDGET = {"maxIterations": 9, "eta": 3, "resource": {"name": "epochs", "type": "int"}}
KINDS: dict[str, dict[str, Any]] = {
    "random": {},
    "bayes": {},
    "tpe": {},
    "cmaes": {"space": {"x": SPACE["x"], "y": SPACE["x"]}},
    "hyperband": BUDGET,
    "asha": {**BUDGET, "numRuns": 30},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_reason_of_an_algorithm_has_its_sentence(kind: str) -> None:
    settings = dict(KINDS[kind])
    optimizer = Optimizer(settings.pop("space", SPACE), kind, seed=1, **settings)
    for _ in range(20):
        trial = optimizer.ask()
        reason = optimizer.explain(trial)
        assert in_words(reason)
        assert "source=" not in in_words(reason), reason
        optimizer.tell(trial, trial.params["x"])


def test_the_place_in_a_search_over_budgets_is_said() -> None:
    reason = {"source": "promotion", "from": 3, "value": 0.123456, "bracket": 1, "rung": 2, "resource": 9}
    assert in_words(reason) == "trial 3 goes on, its value was 0.1235 (bracket 1, rung 2, resource 9)"


def test_an_unknown_reason_is_listed_whole() -> None:
    assert in_words({"source": "oracle", "mood": 0.5}) == "source=oracle, mood=0.5"
    assert in_words({"source": "grid"}) == "source=grid"
