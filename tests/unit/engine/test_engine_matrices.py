"""Searches: trials as slots free, failed ones as data, early stopping and pruning."""

from __future__ import annotations

from datetime import timedelta

import pytest
from harness import FAILURE, HANGS, ROOT, Harness, Outcome, dag, job, op, operation

from polyaxon.engine import Defaults, Limits
from polyaxon.engine.commands import Start
from polyaxon.engine.events import Action, Fetched, Observed, Reported
from polyaxon.model.ids import child_id
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Status


def trial(kind: str = "int") -> dict:
    component = job("trial", inputs=[{"name": "x", "type": kind}])
    component["run"]["container"]["command"] = ["work", "trial", "{{ x }}"]
    return component


def grid(*values, **more) -> dict:
    return {"kind": "grid", "params": {"x": {"kind": "choice", "value": list(values)}}, **more}


def sweep(matrix, script=None, component=None, **kwargs) -> Harness:
    return Harness(operation(component or trial(), name="sweep", matrix=matrix), script, **kwargs)


def outcome_by_x(outcomes):
    return {"trial": lambda plan, _: outcomes[plan.main.container.command[2]]}


def loss(value) -> Outcome:
    return Outcome(outputs={"loss": value})


def test_every_combination_runs_once_with_its_values():
    done = sweep({"kind": "grid", "params": {"x": {"kind": "choice", "value": [3, 1, 2]}}}).run()
    assert [done.rows[child_id(ROOT, str(index))].inputs for index in range(3)] == [{"x": 3}, {"x": 1}, {"x": 2}]
    assert done.root.status is Status.SUCCEEDED
    assert {run.name for run in done.rows.values()} == {"sweep"}


def test_one_failing_trial_fails_the_search_and_the_others_succeed():
    done = sweep(grid(1, 2, 3), outcome_by_x({"1": Outcome(), "2": FAILURE, "3": Outcome()})).run()
    assert done.statuses() == {"0": "succeeded", "1": "failed", "2": "succeeded"}
    assert done.root.status is Status.FAILED
    assert done.last(ROOT).message.startswith("1 of 3 runs failed")


def test_failed_points_and_those_whose_runs_were_deleted_run_again_alone():
    outcomes = {"1": Outcome(), "2": FAILURE, "3": Outcome(), "4": Outcome()}
    done = sweep(grid(1, 2, 3, 4), outcome_by_x(outcomes)).run()
    assert done.last(ROOT).message == "1 of 4 runs failed, `#1` first"
    deleted = child_id(ROOT, "2")
    del done.rows[deleted], done.attempts[deleted, 1]
    done.started.clear()
    outcomes["2"] = Outcome()
    done.load()
    done.request("sweep", Action.RESUME)
    done.run()
    assert sorted(done.started) == sorted([(child_id(ROOT, "1"), 2), (deleted, 1)])
    assert done.statuses() == dict.fromkeys("0123", "succeeded")
    assert done.root.status is Status.SUCCEEDED


def test_children_are_created_only_as_slots_free():
    values = {"x": {"kind": "range", "value": [0, 1_000_000, 1]}}
    going = sweep({"kind": "grid", "concurrency": 2, "params": values}, {"trial": HANGS}).settle()
    assert len(going.rows) == 3
    going.decide(Observed(Observation(child_id(ROOT, "0"), 1, Phase.SUCCEEDED, going.now)))
    going.settle()
    assert len(going.rows) == 4
    assert len(going.flow) == 3  # finished points are rows, not memory


def test_without_a_limit_a_window_of_children_waits_in_the_queue():
    values = {"x": {"kind": "range", "value": [0, 1000, 1]}}
    going = sweep(
        {"kind": "grid", "params": values}, {"trial": HANGS}, limits=Limits(total=5), defaults=Defaults(window=10)
    ).settle()
    assert len(going.started) == 5
    assert len(going.rows) == 1 + 5 + 10


def test_the_window_is_small_at_first_and_grows_with_what_has_ended():
    values = {"x": {"kind": "range", "value": [0, 1000, 1]}}
    going = sweep({"kind": "grid", "params": values}, {"trial": HANGS}, limits=Limits(total=1)).settle()
    assert len(going.rows) == 1 + 1 + 32
    for number in range(3):
        going.decide(Observed(Observation(child_id(ROOT, str(number)), 1, Phase.SUCCEEDED, going.now)))
        going.settle()
    assert sum(run.status is Status.QUEUED for run in going.rows.values()) == 35


def test_context_values_reach_the_trials():
    component = trial()
    component["run"]["container"]["args"] = ["{{ data }}"]
    raw = operation(component, matrix=grid(1), params={"data": {"value": "mnist", "contextOnly": True}})
    done = Harness(raw).run()
    assert done.plans[child_id(ROOT, "0")].main.container.args == ("mnist",)


def test_a_random_search_is_the_same_for_the_same_run_and_seed():
    space = {"x": {"kind": "uniform", "value": [0, 1]}}
    matrix = {"kind": "random", "numRuns": 5, "params": space}
    first, second = (sweep(matrix, component=trial("float")).run() for _ in range(2))
    assert [run.inputs for run in first.rows.values()] == [run.inputs for run in second.rows.values()]


def test_a_crash_in_a_search_continues_with_the_suggestions_it_would_have_made():
    space = {"x": {"kind": "uniform", "value": [0, 1]}}
    matrix = {"kind": "random", "numRuns": 9, "concurrency": 2, "params": space}
    undisturbed = sweep(matrix, component=trial("float")).run()
    disturbed = sweep(matrix, component=trial("float"))
    for step in range(200):
        if step % 7 == 3:
            disturbed.crash()
        disturbed.step()
    disturbed.run()
    assert {uuid: run.inputs for uuid, run in disturbed.rows.items()} == {
        uuid: run.inputs for uuid, run in undisturbed.rows.items()
    }


def test_an_adaptive_search_learns_from_its_trials_failed_ones_included():
    matrix = {
        "kind": "hyperopt",
        "algorithm": "tpe",
        "numRuns": 6,
        "concurrency": 2,
        "seed": 1,
        "metric": {"name": "loss", "optimization": "minimize"},
        "params": {"x": {"kind": "uniform", "value": [0, 1]}},
    }

    def play(plan, attempt):
        x = float(plan.main.container.command[2])
        return FAILURE if x > 0.8 else loss(x)

    done = sweep(matrix, {"trial": play}, trial("float")).run()
    children = [run for run in done.rows.values() if run.pipeline == ROOT]
    assert len(children) == 6
    assert done.root.status in {Status.SUCCEEDED, Status.FAILED}
    again = sweep(matrix, {"trial": play}, trial("float"))
    for step in range(300):
        if step % 11 == 5:
            again.crash()
        again.step()
    again.run()
    assert [run.inputs for run in again.rows.values()] == [run.inputs for run in done.rows.values()]


def test_survivors_of_a_rung_go_on_with_the_files_of_the_trial_they_continue():
    component = job("trial", inputs=[{"name": "x", "type": "float"}, {"name": "epochs", "type": "int"}])
    component["run"]["container"]["command"] = ["work", "trial", "{{ x }}"]
    matrix = {
        "kind": "hyperband",
        "maxIterations": 9,
        "eta": 3,
        "resume": True,
        "seed": 3,
        "resource": {"name": "epochs", "type": "int"},
        "metric": {"name": "loss", "optimization": "minimize"},
        "params": {"x": {"kind": "uniform", "value": [0, 1]}},
    }
    done = sweep(matrix, {"trial": lambda plan, _: loss(float(plan.main.container.command[2]))}, component).run()
    trials = [done.rows[child_id(ROOT, str(index))] for index in range(22)]
    assert [run.inputs["epochs"] for run in trials] == [1] * 9 + [3] * 3 + [9] + [3] * 5 + [9] + [9] * 3
    best = min(range(9), key=lambda index: trials[index].inputs["x"])
    step = done.plans[trials[9].uuid].main.init[0]
    assert step.spec["dirs"][0][0] == f"{trials[best].uuid}/outputs"
    assert done.root.status is Status.SUCCEEDED


def test_a_search_in_a_dag_is_one_operation_for_its_neighbours():
    operations = op("sweep", trial(), matrix=grid(1, 2)), op("after", dependencies=["sweep"])
    done = Harness(operation(dag(*operations))).run()
    assert done.statuses() == {"sweep": "succeeded", "after": "succeeded"}
    assert done.order() == ["sweep", "sweep", "after"]


def test_a_dag_may_be_searched():
    inner = op("a", trial(), params={"x": {"ref": "dag", "value": "inputs.x"}})
    component = {**dag(inner, op("b", dependencies=["a"])), "inputs": [{"name": "x", "type": "int"}]}
    done = Harness(operation(component, name="sweep", matrix=grid(1, 2))).run()
    assert done.root.status is Status.SUCCEEDED
    assert sorted(run.inputs["x"] for run in done.rows.values() if run.name == "a") == [1, 2]
    controllers = {run.controller for run in done.rows.values() if run.name == "a"}
    assert controllers == {ROOT}


# Early stopping


def stopping(**rule) -> dict:
    return {"earlyStopping": [rule]}


def test_a_metric_goal_ends_the_search_as_a_success():
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0.1, optimization="minimize")
    outcomes = {"1": loss(0.5), "2": loss(0.05), "3": loss(0.4)}
    done = sweep(grid(1, 2, 3, concurrency=1, **rule), outcome_by_x(outcomes)).run()
    assert done.root.status is Status.SUCCEEDED
    assert len(done.started) == 2
    assert done.last(ROOT).message == "goal reached: loss=0.05 ≤ 0.1"


@pytest.mark.parametrize("value", [None, "high", float("nan")])
def test_a_metric_that_is_no_number_stops_nothing(value):
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0.1, optimization="maximize")
    done = sweep(grid(1, 2, concurrency=1, **rule), {"trial": loss(value)}).run()
    assert len(done.started) == 2


def test_too_many_failures_end_the_search_as_a_failure():
    rule = stopping(kind="failure_early_stopping", percent=50)
    outcomes = {"1": FAILURE, "2": FAILURE, "3": Outcome(), "4": Outcome()}
    done = sweep(grid(1, 2, 3, 4, concurrency=1, **rule), outcome_by_x(outcomes)).run()
    assert done.root.status is Status.FAILED
    assert len(done.started) == 2


def test_a_dag_may_stop_early_too():
    rule = {"kind": "failure_early_stopping", "percent": 30}
    operations = op("a", job("bad")), op("b", job("slow")), op("c", dependencies=["b"])
    done = Harness(operation(dag(*operations, earlyStopping=[rule])), {"bad": FAILURE, "slow": HANGS}).run()
    assert done.statuses() == {"a": "failed", "b": "stopped", "c": "stopped"}
    assert done.root.status is Status.FAILED


def test_a_stopping_policy_ends_only_the_hopeless_trial():
    policy = {"kind": "median", "evaluationInterval": 1, "minInterval": 1, "minSamples": 2}
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0, optimization="minimize", policy=policy)
    going = sweep(grid(1, 2, 3, **rule), {"trial": HANGS}).settle()
    good, fair, bad = (child_id(ROOT, str(index)) for index in range(3))
    going.decide(Reported(good, {"loss": [(1, 0.1), (2, 0.1)]}))
    going.decide(Reported(fair, {"loss": [(1, 0.2), (2, 0.2)]}))
    going.decide(Reported(bad, {"loss": [(1, 9.0), (2, 9.0)]}))
    going.settle()
    assert going.statuses() == {"0": "running", "1": "running", "2": "stopped"}
    assert going.conditions[bad][-1].reason == "Pruned"
    for run in (good, fair):
        going.decide(Observed(Observation(run, 1, Phase.SUCCEEDED, going.now)))
    going.settle()
    assert going.root.status is Status.SUCCEEDED


def test_the_trial_that_is_always_heard_first_is_judged_too():
    policy = {"kind": "median", "evaluationInterval": 1, "minSamples": 2}
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0, optimization="minimize", policy=policy)
    going = sweep(grid(1, 2, 3, **rule), {"trial": HANGS}).settle()
    bad, good, fair = (child_id(ROOT, str(index)) for index in range(3))
    for steps in ((1, 2), (3, 4)):
        going.decide(Reported(bad, {"loss": [(step, 9.0) for step in steps]}))
        going.decide(Reported(good, {"loss": [(step, 0.1) for step in steps]}))
        going.decide(Reported(fair, {"loss": [(step, 0.2) for step in steps]}))
    going.settle()
    assert going.statuses() == {"0": "stopped", "1": "running", "2": "running"}
    (why,) = going.facts(bad, "stop")
    assert why["step"] == 1  # where the others have been, too


def test_a_trial_that_succeeds_although_it_was_pruned_spoils_nothing():
    policy = {"kind": "median", "evaluationInterval": 1}
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0, optimization="minimize", policy=policy)
    going = sweep(grid(1, 2, **rule), {"trial": HANGS}).settle()
    good, bad = (child_id(ROOT, str(index)) for index in range(2))
    going.decide(Reported(good, {"loss": [(1, 0.1)]}))
    going.decide(Reported(bad, {"loss": [(1, 9.0)]}))
    going.inbox.clear()
    for run in (good, bad):
        going.decide(Observed(Observation(run, 1, Phase.SUCCEEDED, going.now)))
    assert going.statuses() == {"0": "succeeded", "1": "succeeded"}
    assert going.root.status is Status.SUCCEEDED


def test_a_trial_is_judged_at_every_evaluation_however_many_observations_come_at_once():
    policy = {"kind": "median", "evaluationInterval": 2, "minInterval": 4}
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0, optimization="minimize", policy=policy)
    going = sweep(grid(1, 2, **rule), {"trial": HANGS}).settle()
    good, bad = (child_id(ROOT, str(index)) for index in range(2))
    going.decide(Reported(good, {"loss": [(step, 0.1) for step in range(1, 9)]}))
    going.decide(Reported(bad, {"loss": [(step, 9.0) for step in range(1, 4)]}))
    assert going.settle().statuses() == {"0": "running", "1": "running"}
    going.decide(Reported(bad, {"loss": [(step, 9.0) for step in range(4, 8)]}))
    assert going.settle().statuses() == {"0": "running", "1": "stopped"}
    facts = next(item.facts for item in going.explained if item.topic == "stop")
    assert facts == {"policy": "median", "step": 4, "value": 9.0, "bound": 0.1}


def test_after_a_crash_trials_are_compared_with_those_that_ended_before():
    policy = {"kind": "median", "evaluationInterval": 1, "minSamples": 2}
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0, optimization="minimize", policy=policy)
    going = sweep(grid(1, 2, 3, concurrency=1, **rule), {"trial": HANGS}).settle()
    curves = {child_id(ROOT, str(index)): {"loss": [(1, 0.1), (2, 0.1)]} for index in range(2)}
    for run, curve in curves.items():
        going.decide(Reported(run, curve))
        going.decide(Observed(Observation(run, 1, Phase.SUCCEEDED, going.now)))
        going.settle()
    going.crash()
    going.settle()
    assert going.recalled == list(curves)
    for run in going.recalled:
        going.decide(Reported(run, curves[run]))
    going.decide(Reported(child_id(ROOT, "2"), {"loss": [(1, 9.0)]}))
    assert going.settle().statuses() == {"0": "succeeded", "1": "succeeded", "2": "stopped"}


def test_a_report_that_comes_twice_is_taken_in_once():
    policy = {"kind": "median", "evaluationInterval": 1}
    rule = stopping(kind="metric_early_stopping", metric="loss", value=0, optimization="minimize", policy=policy)
    going = sweep(grid(1, **rule), {"trial": HANGS}).settle()
    event = Reported(child_id(ROOT, "0"), {"loss": [(1, 0.1), (2, 0.2)]})
    going.decide(event)
    going.decide(event)
    assert going.flow.root.group.sweep.curves == {"loss": {0: ((1, 0.1), (2, 0.2))}}


def test_only_the_points_that_did_not_succeed_run_again():
    going = sweep(grid(1, 2, 3), outcome_by_x({"1": Outcome(), "2": FAILURE, "3": Outcome()})).run()
    going.script.clear()
    going.request(ROOT, Action.RESUME)
    going.run()
    assert going.statuses() == dict.fromkeys("012", "succeeded")
    assert [going.rows[child_id(ROOT, str(index))].attempt for index in range(3)] == [1, 2, 1]
    assert going.root.status is Status.SUCCEEDED


def test_impossible_search_settings_fail_the_run_with_the_reason():
    values = {"x": {"kind": "choice", "value": "{{ values }}"}}
    raw = operation(
        trial(), matrix={"kind": "grid", "params": values}, params={"values": {"value": 3, "contextOnly": True}}
    )
    done = Harness(raw).run()
    assert done.root.status is Status.FAILED
    assert done.last(ROOT).reason == "InvalidSpecification"


def warm(matrix_kind: str, **more) -> dict:
    return {
        "kind": matrix_kind,
        "numRuns": 6,
        "numInitialRuns": 3,
        "concurrency": 1,
        "seed": 1,
        "metric": {"name": "loss", "optimization": "minimize"},
        "params": {"x": {"kind": "uniform", "value": [0, 1]}},
        "warmStart": {"query": "name: old", "limit": 5},
        **more,
    }


def earlier(*runs) -> list[RunFacts]:
    return [
        RunFacts(child_id(ROOT, f"old {place}"), "old", "default", status=status, inputs=inputs, outputs=outputs)
        for place, (status, inputs, outputs) in enumerate(runs)
    ]


def with_earlier_runs(matrix, runs, *inputs) -> Harness:
    """A sweep whose query finds these runs, and anything else from the second time on."""
    component = trial("float")
    component["inputs"] += inputs
    made = sweep(matrix, {"trial": lambda plan, _: loss(float(plan.main.container.command[2]))}, component)
    asked = []

    def answer(fetch):
        if fetch.cache_key is not None:
            return made.lookup(fetch)
        asked.append(fetch.joins)
        return Fetched(fetch.run, (tuple(runs if len(asked) == 1 else runs[:1]),))

    made.answer = answer
    return made


KNOWN = earlier(
    (Status.SUCCEEDED, {"x": 0.31, "other": 1}, {"loss": 0.1}),
    (Status.SUCCEEDED, {"x": 0.7}, {"loss": 0.9}),
    (Status.FAILED, {"x": 0.9}, {}),
    (Status.SUCCEEDED, {"x": 0.5}, {"accuracy": 0.9}),
    (Status.SUCCEEDED, {"x": 7.5}, {"loss": 0.0}),
    (Status.STOPPED, {"x": 0.2}, {"loss": 0.3}),
)


def test_a_search_begins_with_what_earlier_runs_found_in_its_space():
    done = with_earlier_runs(warm("tpe"), KNOWN).run()
    facts = next(item.facts for item in done.explained if item.topic == "warm start")
    assert facts == {"query": "name: old", "found": 6, "used": 3}
    reasons = [item.facts for item in done.explained if item.topic == "suggestion"]
    assert len(reasons) == 6
    assert {reason["source"] for reason in reasons} == {"tpe"}  # no initial design: three results are known
    assert reasons[0]["good_trials"] + reasons[0]["other_trials"] == 3
    assert reasons[0]["nearest_good"] == -1


def test_after_a_crash_a_warm_search_knows_the_runs_it_began_with():
    undisturbed = with_earlier_runs(warm("tpe"), KNOWN).run()
    disturbed = with_earlier_runs(warm("tpe"), KNOWN)
    for step in range(120):
        if step % 9 == 8:
            disturbed.crash()
        disturbed.step()
    disturbed.run()
    assert {uuid: run.inputs for uuid, run in disturbed.rows.items()} == {
        uuid: run.inputs for uuid, run in undisturbed.rows.items()
    }


def test_a_warm_start_that_finds_nothing_begins_at_the_beginning():
    matrix = warm("bayes", maxIterations=2)
    del matrix["numRuns"]
    done = with_earlier_runs(matrix, []).run()
    reasons = [item.facts["source"] for item in done.explained if item.topic == "suggestion"]
    assert reasons == ["initial design"] * 3 + ["bayes"] * 2


def test_runs_of_another_budget_are_known_by_what_they_spent():
    budget = {"maxIterations": 9, "eta": 3, "resource": {"name": "epochs", "type": "int"}, "algorithm": "rand"}
    matrix = warm("asha", **budget)
    del matrix["numInitialRuns"]
    known = earlier((Status.SUCCEEDED, {"x": 0.31, "epochs": 9}, {"loss": 0.1}))
    done = with_earlier_runs(matrix, known, {"name": "epochs", "type": "int"}).run()
    assert done.root.status is Status.SUCCEEDED
    assert done.root.meta["engine"]["known"] == [["succeeded", {"x": 0.31}, [0.1], 9.0]]


def test_a_parameter_that_takes_no_part_keeps_its_inputs_default():
    params = {
        "x": {"kind": "choice", "value": [1, 2]},
        "y": {"kind": "choice", "value": [7, 8], "when": {"x": 2}},
    }
    component = trial()
    component["inputs"].append({"name": "y", "type": "int", "value": 5})
    done = sweep({"kind": "grid", "params": params}, component=component).run()
    children = [done.rows[child_id(ROOT, str(index))].inputs for index in range(3)]
    assert children == [{"x": 1, "y": 5}, {"x": 2, "y": 7}, {"x": 2, "y": 8}]


def ended_after(going: Harness, run: str, seconds: float) -> None:
    began = going.now
    going.decide(Observed(Observation(run, 1, Phase.RUNNING, began)))
    going.decide(Observed(Observation(run, 1, Phase.SUCCEEDED, began + timedelta(seconds=seconds))))
    going.settle()


def starts(going: Harness) -> list:
    return [command for decision in going.decisions for command in decision.commands if isinstance(command, Start)]


QUIET = {"trial": Outcome(hangs=True, before=())}


@pytest.mark.parametrize(("seconds", "ahead"), [(0.001, 64), (0.01, 10), (0.2, 0)])
def test_starts_of_short_trials_are_committed_ahead_of_their_places(seconds, ahead):
    values = {"x": {"kind": "range", "value": [0, 1000, 1]}}
    going = sweep({"kind": "grid", "concurrency": 2, "params": values}, QUIET).settle()
    assert len(going.started) == 2
    ended_after(going, child_id(ROOT, "0"), seconds)
    assert len(going.started) == 1 + 2 + ahead
    assert {(start.lane, start.width) for start in starts(going)} == {(ROOT, 2)}, "no more than two begin at once"


@pytest.mark.parametrize("more", [{"timeout": 5}, {"adaptive": True}], ids=lambda item: next(iter(item)))
def test_trials_do_not_go_ahead_where_that_would_change_anything(more):
    matrix = {"kind": "grid", "concurrency": 2, "params": {"x": {"kind": "range", "value": [0, 1000, 1]}}}
    component = trial()
    if "timeout" in more:
        component["termination"] = {"timeout": more["timeout"]}
    else:
        matrix |= {"kind": "tpe", "numRuns": 90, "metric": {"name": "loss", "optimization": "minimize"}}
    going = sweep(matrix, QUIET, component).settle()
    ended_after(going, child_id(ROOT, "0"), 0.001)
    assert len(going.started) == 3
    assert {start.lane for start in starts(going)} == {None}


def test_trials_that_were_ahead_when_the_scheduler_died_are_commanded_again():
    values = {"x": {"kind": "range", "value": [0, 5, 1]}}
    going = sweep({"kind": "grid", "concurrency": 1, "params": values}, QUIET).settle()
    ended_after(going, child_id(ROOT, "0"), 0.001)
    assert len(going.started) == 5
    going.crash()
    before = len(starts(going))
    going.settle()
    again = starts(going)[before:]
    assert [start.plan.run for start in again] == [child_id(ROOT, str(index)) for index in range(1, 5)]
    assert {start.width for start in again} == {1}
    for index in range(1, 5):
        ended_after(going, child_id(ROOT, str(index)), 0.001)
    assert going.root.status is Status.SUCCEEDED
