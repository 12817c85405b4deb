"""Searches whose suggestions come from a component of the user's: what it is told, and what its answers become."""

from __future__ import annotations

from typing import Any

import pytest
from harness import FAILURE, ROOT, Harness, Outcome, job, operation

from polyaxon.engine.events import Action
from polyaxon.engine.tuning import Round, next_round
from polyaxon.model.status import Status

METRIC = {"metric": {"name": "loss", "optimization": "minimize"}}
SPACE = {"params": {"x": {"kind": "uniform", "value": [0, 10]}}}
ITERATIVE = {"kind": "iterative", "maxIterations": 1, **METRIC, **SPACE}


def trial() -> dict[str, Any]:
    component = job("trial", inputs=[{"name": "x", "type": "float"}])
    component["run"]["container"]["command"] = ["work", "trial", "{{ x }}"]
    return component


def tuner(*inputs: dict[str, Any], **run: Any) -> dict[str, Any]:
    container = {"image": "busybox", "command": ["work", "tuner"]}
    return {"kind": "component", "inputs": list(inputs), "run": {"kind": "tuner", "container": container, **run}}


class Answers:
    """A scripted tuner: its answers in order, and the questions it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def __call__(self, plan, _attempt) -> Outcome:
        step = plan.main.init[0]
        assert step.kind == "file"
        import json

        self.asked.append(json.loads(step.spec["content"]))
        answer = self.answers[len(self.asked) - 1] if len(self.asked) <= len(self.answers) else []
        return answer if isinstance(answer, Outcome) else Outcome(outputs={"suggestions": answer})


def search(answers: Answers, matrix: dict[str, Any] | None = None, component: dict[str, Any] | None = None, **script):
    def loss(plan, _attempt) -> Outcome:
        return Outcome(outputs={"loss": (float(plan.main.container.command[2]) - 3) ** 2})

    asked = {**(matrix or ITERATIVE), "tuner": {"hubRef": "mine", **script.pop("settings", {})}}
    return Harness(
        operation(trial(), name="sweep", matrix=asked),
        {"trial": loss, "tuner": answers, **script},
        meta={"components": {"mine": component or tuner()}},
    )


def trials(done: Harness) -> list[dict[str, Any]]:
    found = sorted(
        (run for run in done.rows.values() if run.pipeline == ROOT and run.index >= 0), key=lambda r: r.index
    )
    return [dict(run.inputs) for run in found]


def test_each_iteration_asks_the_tuner_and_runs_what_it_suggests():
    answers = Answers([{"x": 1}, {"x": 5}], [{"x": 3}])
    done = search(answers).run()
    assert trials(done) == [{"x": 1.0}, {"x": 5.0}, {"x": 3.0}]
    assert done.root.status is Status.SUCCEEDED
    assert [question["iteration"] for question in answers.asked] == [0, 1]
    assert {run.runtime for run in done.rows.values() if run.index < 0} == {"tuner"}


def test_the_tuner_is_told_what_was_tried_the_best_first():
    answers = Answers([{"x": 1}, {"x": 4}, {"x": 9}], [{"x": 3}])
    search(answers).run()
    asked = answers.asked[1]
    assert asked["configs"] == [{"x": 4}, {"x": 1}, {"x": 9}]
    assert asked["metrics"] == [1.0, 4.0, 36.0]
    assert [item["status"] for item in asked["trials"]] == ["succeeded"] * 3
    assert asked["matrix"] == ITERATIVE


def test_a_failed_trial_is_told_of_and_ends_nothing():
    answers = Answers([{"x": 1}], [{"x": 2}])
    done = search(answers, trial=FAILURE).run()
    assert [item["status"] for item in answers.asked[1]["trials"]] == ["failed"]
    assert answers.asked[1]["configs"] == []
    assert len(trials(done)) == 2
    assert done.root.status is Status.FAILED
    assert done.last(ROOT).reason == "ChildFailed"


def test_declared_inputs_of_the_tuner_get_their_part_of_the_question_and_its_own_params_win():
    component = tuner(
        {"name": "iteration", "type": "int"},
        {"name": "configs", "type": "dict", "isList": True},
        {"name": "width", "type": "float"},
    )
    settings = {"params": {"width": {"value": 2.0}, "iteration": {"value": 7}}}
    done = search(Answers([{"x": 1}], [{"x": 2}]), component=component, settings=settings).run()
    inputs = [dict(run.inputs) for run in done.rows.values() if run.index < 0]
    assert {"iteration": 7, "configs": [{"x": 1}], "width": 2.0} in inputs


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([], "suggested nothing"),
        (Outcome(), "logged no output `suggestions`"),
        ("x", "no list of mappings"),
        ([{}], "no list of mappings"),
        (FAILURE, "ended as failed"),
    ],
)
def test_a_tuner_that_brings_nothing_fails_the_search_with_the_reason(answer: Any, why: str):
    done = search(Answers(answer)).run()
    assert done.root.status is Status.FAILED
    assert done.last(ROOT).reason == "EmptyIteration"
    assert why in done.last(ROOT).message


def test_a_resumed_search_asks_again_where_the_tuner_brought_nothing():
    answers = Answers([{"x": 1}], [], [{"x": 2}])
    done = search(answers).run()
    assert done.root.status is Status.FAILED
    done.request(ROOT, Action.RESUME)
    done.run()
    assert trials(done) == [{"x": 1.0}, {"x": 2.0}]
    assert done.root.status is Status.SUCCEEDED


def test_a_trial_says_which_tuner_suggested_it():
    done = search(Answers([{"x": 1}], [{"x": 2}])).run()
    facts = [item.facts for item in done.explained if item.topic == "suggestion"]
    assert [(fact["source"], fact["point"], fact["of"]) for fact in facts] == [("tuner", 1, 1)] * 2


def test_there_is_an_edge_from_the_tuner_to_each_trial_that_it_suggested():
    done = search(Answers([{"x": 1}, {"x": 2}], [{"x": 3}])).run()
    tuners = [run.uuid for run in done.rows.values() if run.name and "tuner" in run.name]
    joined = [edge for edge in done.edges if edge.kind == "join"]
    assert len(joined) == 3
    assert {edge.upstream for edge in joined} == set(tuners)


def test_a_hyperband_goes_by_brackets_and_fills_in_the_budget():
    matrix = {"kind": "hyperband", "maxIterations": 3, "eta": 3, **METRIC, **SPACE}
    matrix["resource"] = {"name": "epochs", "type": "int"}
    answers = Answers([{"x": 1}, {"x": 2}, {"x": 3}], [{"x": 3}], [{"x": 4}, {"x": 5}])
    done = search(answers, matrix).run()
    places = [(asked["iteration"], asked["bracket_iteration"]) for asked in answers.asked]
    assert places == [(0, 0), (0, 1), (1, 0)]
    assert answers.asked[1]["configs"] == [{"x": 3, "epochs": 1}, {"x": 2, "epochs": 1}, {"x": 1, "epochs": 1}]
    assert answers.asked[2]["configs"] == []
    assert done.root.status is Status.SUCCEEDED


def test_the_sequences_of_rounds():
    assert next_round({"kind": "hyperopt"}, Round()) is None
    assert next_round({"kind": "bayes", "maxIterations": 2}, Round(1)) == Round(2)
    assert next_round({"kind": "bayes", "maxIterations": 2}, Round(2)) is None


def test_an_unknown_tuner_fails_the_search():
    done = Harness(operation(trial(), name="sweep", matrix={**ITERATIVE, "tuner": {"hubRef": "nobody"}})).run()
    assert done.root.status is Status.FAILED
    assert "`nobody` is not known" in done.last(ROOT).message


def test_a_built_in_tuner_runs_in_the_scheduler():
    component = {"kind": "component", "run": {"kind": "tuner"}}
    done = search(Answers(), component=component).run()
    assert len(trials(done)) == 2
    assert done.root.status is Status.SUCCEEDED


def test_a_search_without_a_tuner_draws_at_random():
    done = Harness(operation(trial(), name="sweep", matrix=ITERATIVE)).run()
    assert len(trials(done)) == 2


@pytest.mark.parametrize("step", range(1, 40, 2))
def test_a_tuned_search_is_the_same_wherever_its_scheduler_dies(step: int):
    script = ([{"x": 1}, {"x": 5}], [{"x": 3}, {"x": 4}])
    undisturbed = search(Answers(*script)).run()
    disturbed = search(_Stateless(*script))
    for _ in range(step):
        if not disturbed.step():
            break
    disturbed.crash()
    disturbed.run()
    assert disturbed.statuses() == undisturbed.statuses()
    assert trials(disturbed) == trials(undisturbed)


class _Stateless(Answers):
    """Answers by the iteration, as often as it is asked."""

    def __call__(self, plan, _attempt) -> Outcome:
        self.asked = self.asked[:0] + [{}] * _iteration(plan)
        return super().__call__(plan, _attempt)


def _iteration(plan) -> int:
    import json

    return int(json.loads(plan.main.init[0].spec["content"])["iteration"])
