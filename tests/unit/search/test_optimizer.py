"""The stand-alone optimizer, what it explains, and the report of a search."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from search_builders import MIXED, loss_of

from polyaxon.errors import UsageError
from polyaxon.search import Optimizer, Trial, TrialStatus, importance, render_report

BOX: dict[str, Any] = {axis: {"kind": "uniform", "value": [-2, 2]} for axis in "ab"}


def bowl(a: float, b: float) -> float:
    return (a - 0.5) ** 2 + 10 * (b + 0.2) ** 2


@pytest.mark.parametrize("kind", ["bayes", "tpe", "hyperopt", "cmaes", "random", "iterative"])
def test_ask_and_tell_find_the_best(kind: str) -> None:
    optimizer = Optimizer(BOX, kind, seed=1, optimization="minimize")
    for _ in range(30):
        trial = optimizer.ask()
        optimizer.tell(trial, bowl(**trial.params))
    assert optimizer.best.value == min(trial.value for trial in optimizer.trials if trial.value is not None)
    assert optimizer.best.value < 5
    assert not optimizer.done
    assert optimizer.explain(optimizer.best)["source"]


def test_the_best_of_a_maximization_is_the_largest() -> None:
    optimizer = Optimizer(BOX, "random", optimization="maximize")
    for value in (1.0, 3.0, 2.0):
        optimizer.tell(optimizer.ask(), value)
    assert optimizer.best.value == 3.0


def test_the_same_seed_asks_the_same() -> None:
    asked = [[Optimizer(MIXED, "tpe", seed=seed).ask().params for _ in range(2)] for seed in (1, 1, 2)]
    assert asked[0] == asked[1] != asked[2]


def test_failed_trials_do_not_end_the_search() -> None:
    optimizer = Optimizer(BOX, "bayes", numInitialRuns=3)
    for index in range(8):
        trial = optimizer.ask()
        optimizer.tell(trial, failed=True) if index % 2 else optimizer.tell(trial, bowl(**trial.params))
    assert [trial.status for trial in optimizer.trials].count(TrialStatus.FAILED) == 4


def test_reports_stop_the_hopeless_when_a_policy_is_set() -> None:
    optimizer = Optimizer(BOX, "random", pruning={"kind": "median", "minSamples": 2})
    for level in (1.0, 2.0):
        trial = optimizer.ask()
        assert optimizer.report(trial, 1, level) is None
        optimizer.tell(trial, level)
    bad = optimizer.ask()
    reason = optimizer.report(bad, 1, 9.0)
    assert reason is not None
    assert "median" in reason.message
    optimizer.tell(bad, 9.0)
    assert optimizer.trials[bad.index].status is TrialStatus.STOPPED
    with pytest.raises(UsageError, match="closed already"):
        optimizer.report(bad, 2, 9.0)


def test_hyperband_hands_out_budgets_and_ends() -> None:
    optimizer = Optimizer(BOX, "hyperband", maxIterations=9, resource={"name": "epochs", "type": "int"})
    while not optimizer.done:
        trial = optimizer.ask()
        optimizer.tell(trial, bowl(trial.params["a"], trial.params["b"]) / trial.params["epochs"])
    assert len(optimizer.trials) == 22
    with pytest.raises(UsageError, match="finished"):
        optimizer.ask()


def test_asking_too_early_says_what_to_wait_for() -> None:
    optimizer = Optimizer(BOX, "hyperband", maxIterations=3, resource={"name": "epochs", "type": "int"})
    for _ in range(3):
        optimizer.ask()
    with pytest.raises(UsageError, match="pending"):
        optimizer.ask()


def test_misuse_is_refused() -> None:
    optimizer = Optimizer(BOX, "random")
    with pytest.raises(UsageError, match="no trial has succeeded"):
        _ = optimizer.best
    trial = optimizer.ask()
    with pytest.raises(UsageError, match="needs a value"):
        optimizer.tell(trial)
    optimizer.tell(trial, 1.0)
    with pytest.raises(UsageError, match="closed already"):
        optimizer.tell(trial, 1.0)
    with pytest.raises(UsageError, match="no trial 7"):
        optimizer.tell(7, 1.0)


def test_known_results_are_learned_from_and_count_as_nothing_asked() -> None:
    known = [({"a": a / 10, "b": b / 10}, bowl(a / 10, b / 10)) for a in range(-10, 11, 4) for b in range(-10, 11, 4)]
    optimizer = Optimizer(BOX, "bayes", numInitialRuns=1, known=known)
    for _ in range(3):
        trial = optimizer.ask()
        optimizer.tell(trial, bowl(**trial.params))
    assert len(optimizer.trials) == 3
    assert min(trial.value or 9 for trial in optimizer.trials[1:]) < 0.1


def test_several_objectives_have_a_front_and_need_not_have_one_best() -> None:
    metrics = [{"name": "cost", "optimization": "minimize"}, {"name": "gain", "optimization": "maximize"}]
    optimizer = Optimizer(BOX, "tpe", metrics=metrics)
    for values in ([1.0, 1.0], [2.0, 5.0], [3.0, 4.0], [2.5, 6.0]):
        optimizer.tell(optimizer.ask(), values)
    assert [trial.values for trial in optimizer.front] == [(1.0, 1.0), (2.0, 5.0), (2.5, 6.0)]
    assert optimizer.best.values == (1.0, 1.0)


def history(count: int = 40) -> list[Trial]:
    optimizer = Optimizer(BOX | {"idle": {"kind": "choice", "value": ["x", "y"]}}, "random", seed=3)
    for _ in range(count):
        trial = optimizer.ask()
        optimizer.tell(trial, bowl(trial.params["a"], trial.params["b"]))
    return optimizer.trials


def test_importance_ranks_parameters_by_what_they_change() -> None:
    shares = importance(BOX | {"idle": {"kind": "choice", "value": ["x", "y"]}}, history())
    assert list(shares) == ["b", "a", "idle"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["idle"] < 0.05
    assert importance(BOX, history(3)) == {}


class _Outside(HTMLParser):
    """Collects whatever a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_one_page_that_fetches_nothing_and_escapes_names() -> None:
    params = BOX | {"idle": {"kind": "choice", "value": ["x", "y"]}}
    matrix = {"kind": "random", "params": params, "metric": {"name": "<loss>", "optimization": "minimize"}}
    page = render_report(matrix, history(), "<script>alert(1)</script>")
    reader = _Outside()
    reader.feed(page)
    assert reader.fetched == []
    assert reader.open == []
    assert "<script>" not in page
    assert "&lt;loss&gt;" in page
    assert page.count("<polyline") == 41
    for heading in ("History", "Parameter importance", "Parallel coordinates", "Trials"):
        assert heading in page


@pytest.mark.parametrize("trials", [[], [Trial(0, {"a": 1.0}, TrialStatus.FAILED, None)]])
def test_a_report_without_results_says_so(trials: list[Trial]) -> None:
    assert "no results yet" in render_report({"kind": "mapping", "values": []}, trials, "empty")


def test_equal_params_score_equally() -> None:
    assert loss_of({"a": 1, "b": "x"}) == loss_of({"b": "x", "a": 1})


def test_bayes_does_not_stay_on_the_branch_that_was_good_first() -> None:
    space = {
        "model": {"kind": "choice", "value": ["near", "far"]},
        "a": {"kind": "uniform", "value": [0, 1], "when": {"model": "near"}},
        "b": {"kind": "uniform", "value": [0, 1], "when": {"model": "far"}},
        "c": {"kind": "uniform", "value": [0, 1], "when": {"model": "far"}},
    }

    def loss(params: Any) -> float:
        if params["model"] == "near":
            return 0.15 + (params["a"] - 0.4) ** 2
        return 0.1 + 2 * (params["b"] - 0.8) ** 2 + 2 * (params["c"] - 0.2) ** 2

    for seed in range(3):
        optimizer = Optimizer(space, "bayes", seed=seed, numInitialRuns=5)
        for _ in range(30):
            trial = optimizer.ask()
            optimizer.tell(trial, loss(trial.params))
        assert optimizer.best.params["model"] == "far"
        assert optimizer.best.value is not None
        assert optimizer.best.value < 0.101
