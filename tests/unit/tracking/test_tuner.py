"""The helper for tuners of one's own, without a search around it."""

from __future__ import annotations

import pytest

from polyaxon.client.failures import PolyaxonClientException
from polyaxon.tracking.tuner import Tuner

QUESTION = {
    "matrix": {
        "kind": "iterative",
        "params": {"x": {"kind": "uniform", "value": [0, 1]}},
        "metric": {"name": "accuracy", "optimization": "maximize"},
    },
    "iteration": 2,
    "seed": 5,
    "trials": [
        {"index": 0, "params": {"x": 0.1}, "status": "succeeded", "value": 0.5, "outputs": {"accuracy": 0.5}},
        {"index": 1, "params": {"x": 0.2}, "status": "failed", "value": None, "outputs": {}},
        {"index": 2, "params": {"x": 0.3}, "status": "succeeded", "value": 0.9, "outputs": {"accuracy": 0.9}},
    ],
}


def test_a_tuner_sees_the_space_the_trials_and_the_best_first() -> None:
    tuner = Tuner(QUESTION)
    assert (tuner.iteration, tuner.seed, tuner.metric, tuner.maximize) == (2, 5, "accuracy", True)
    assert list(tuner.params) == ["x"]
    assert [trial.status for trial in tuner.trials] == ["succeeded", "failed", "succeeded"]
    assert [trial.value for trial in tuner.finished] == [0.9, 0.5]
    assert tuner.known == [({"x": 0.3}, 0.9), ({"x": 0.1}, 0.5)]


def test_suggestions_are_kept_as_given() -> None:
    tuner = Tuner(QUESTION)
    tuner.suggest({"x": value} for value in (0.4, 0.5))
    assert tuner.suggestions == [{"x": 0.4}, {"x": 0.5}]


@pytest.mark.parametrize("suggestions", [[], [{}]])
def test_an_answer_that_would_fail_the_search_is_refused(suggestions: list[dict[str, float]]) -> None:
    with pytest.raises(PolyaxonClientException, match="suggest"):
        Tuner(QUESTION).suggest(suggestions)


def test_the_optimizer_can_do_the_thinking() -> None:
    from polyaxon.search import Optimizer

    tuner = Tuner(QUESTION)
    optimizer = Optimizer(tuner.params, "bayes", seed=tuner.seed, optimization="maximize", known=tuner.known)
    tuner.suggest([optimizer.ask().params for _ in range(2)])
    assert all(0 <= params["x"] <= 1 for params in tuner.suggestions)
