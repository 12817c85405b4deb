"""Runs that exist because of another run: hooks after it, builders before it."""

from __future__ import annotations

import json

import pytest
from harness import FAILURE, HANGS, ROOT, Harness, Outcome, dag, job, op, operation

from polyaxon.engine.events import Action
from polyaxon.model.ids import child_id
from polyaxon.model.status import Pending, Status

COMPONENTS = {"notify": job("notify"), "builder": job("builder", inputs=[{"name": "destination", "type": "str"}])}


def run(raw, script=None, **kwargs) -> Harness:
    return Harness(raw, script, meta={"components": COMPONENTS}, **kwargs).run()


def hooks_of(done: Harness, index: int = 0, of=ROOT) -> dict | None:
    row = done.rows.get(child_id(of, f"hook:{index}"))
    return None if row is None else json.loads(row.raw_content)


@pytest.mark.parametrize(
    ("trigger", "outcome", "fires"),
    [
        (None, Outcome(), True),
        ("done", FAILURE, True),
        ("succeeded", Outcome(), True),
        ("succeeded", FAILURE, False),
        ("failed", FAILURE, True),
        ("failed", Outcome(), False),
        ("stopped", Outcome(), False),
    ],
)
def test_a_hook_fires_for_the_endings_it_names(trigger, outcome, fires):
    hook = {"hubRef": "notify", **({"trigger": trigger} if trigger else {})}
    done = run(operation(job("a"), hooks=[hook]), {"a": outcome})
    assert (hooks_of(done) is not None) is fires


def test_a_hook_is_an_independent_run_that_knows_what_happened():
    done = run(
        operation(job("a"), name="train", hooks=[{"hubRef": "notify", "connection": "slack"}]),
        {"a": Outcome(outputs={"loss": 0.2})},
    )
    row = done.rows[child_id(ROOT, "hook:0")]
    raw = json.loads(row.raw_content)
    assert (row.root, row.pipeline, row.status, row.meta["is_hook"]) == (row.uuid, None, Status.CREATED, True)
    assert raw["params"]["status"] == {"value": "succeeded", "contextOnly": True}
    assert raw["params"]["outputs"]["value"] == {"loss": 0.2}
    assert raw["params"]["uuid"]["value"] == ROOT
    assert raw["runPatch"] == {"connections": ["slack"]}
    assert [(edge.upstream, edge.kind) for edge in done.edges] == [(ROOT, "hook")]


def test_a_hooks_condition_and_params_see_the_outputs():
    hooks = [
        {"hubRef": "notify", "conditions": "{{ loss < 0.3 }}", "params": {"text": {"value": "loss is {{ loss }}"}}},
        {"hubRef": "notify", "conditions": "{{ loss > 0.3 }}"},
    ]
    done = run(operation(job("a"), hooks=hooks), {"a": Outcome(outputs={"loss": 0.2})})
    assert hooks_of(done, 0)["params"]["text"]["value"] == "loss is 0.2"
    assert hooks_of(done, 1) is None
    assert done.facts(ROOT, "hook")[0]["result"] is False


def test_default_params_may_be_left_out():
    done = run(operation(job("a"), hooks=[{"hubRef": "notify", "disableDefaults": True}]))
    assert hooks_of(done)["params"] == {}


@pytest.mark.parametrize("hook", [{"hubRef": "nobody"}, {"hubRef": "notify", "conditions": "{{ missing > 1 }}"}])
def test_a_hook_that_cannot_be_made_never_changes_the_run(hook):
    done = run(operation(job("a"), hooks=[hook, {"hubRef": "notify"}]))
    assert done.root.status is Status.SUCCEEDED
    assert hooks_of(done, 0) is None
    assert hooks_of(done, 1) is not None
    assert done.facts(ROOT, "hook")[0]["error"]


def test_hooks_of_a_dag_and_of_runs_that_never_started_fire_too():
    operations = (
        op("a", job("fails")),
        op("b", dependencies=["a"], hooks=[{"hubRef": "notify", "trigger": "upstream_failed"}]),
    )
    done = run(operation(dag(*operations), hooks=[{"hubRef": "notify", "trigger": "failed"}]), {"fails": FAILURE})
    assert hooks_of(done) is not None
    assert hooks_of(done, of=done.id("b"))["params"]["status"]["value"] == "upstream_failed"


def test_a_resumed_run_fires_its_hooks_again():
    done = run(operation(job("a"), hooks=[{"hubRef": "notify"}]), {"a": FAILURE})
    done.request(ROOT, Action.RESUME)
    done.run()
    assert child_id(ROOT, "hook:0") in done.rows
    assert child_id(ROOT, "hook:0:1") in done.rows


def test_every_trial_of_a_search_fires_its_hooks_and_the_search_too():
    component = job("a", inputs=[{"name": "x", "type": "int"}])
    matrix = {"kind": "grid", "params": {"x": {"kind": "choice", "value": [1, 2]}}}
    done = run(operation(component, matrix=matrix, hooks=[{"hubRef": "notify"}]))
    assert sum(run.meta.get("is_hook", False) for run in done.rows.values()) == 3


# Builds


def building(**fields):
    return operation(job("a"), name="train", build={"hubRef": "builder", **fields})


def test_a_run_waits_for_its_image_and_runs_in_it():
    done = run(building(connection="registry"), {"builder": Outcome(outputs={"destination": "shop/train:1"})})
    builder = done.rows[child_id(ROOT, "build")]
    assert done.order() == ["train-build", "train"]
    assert (builder.root, builder.pipeline, builder.status) == (ROOT, None, Status.SUCCEEDED)
    assert done.plans[ROOT].main.container.image == "shop/train:1"
    assert done.root.status is Status.SUCCEEDED
    assert [(edge.upstream, edge.downstream, edge.kind) for edge in done.edges] == [(builder.uuid, ROOT, "build")]


def test_the_destination_is_named_after_the_project_and_the_builder():
    done = run(building())
    builder = done.rows[child_id(ROOT, "build")]
    assert builder.inputs["destination"] == f"default:{builder.uuid}"
    assert done.plans[ROOT].main.container.image == f"default:{builder.uuid}"


@pytest.mark.parametrize("outcome", [FAILURE, HANGS])
def test_a_run_whose_build_did_not_succeed_is_upstream_failed(outcome):
    going = Harness(building(), {"builder": outcome}, meta={"components": COMPONENTS}).settle()
    if outcome is HANGS:
        assert (going.root.status, going.root.pending) == (Status.COMPILED, Pending.BUILD)
        going.request(child_id(ROOT, "build"), Action.STOP)
        going.settle()
    assert going.root.status is Status.UPSTREAM_FAILED
    assert going.last(ROOT).reason == "BuildFailed"


def test_a_stop_reaches_the_builder_and_waits_for_it():
    going = Harness(building(), {"builder": HANGS}, meta={"components": COMPONENTS}).settle()
    going.request(ROOT, Action.STOP)
    assert going.root.status is Status.STOPPING
    going.settle()
    assert going.rows[child_id(ROOT, "build")].status is Status.STOPPED
    assert going.root.status is Status.STOPPED


def test_a_crash_while_building_builds_once():
    going = Harness(building(), {"builder": HANGS}, meta={"components": COMPONENTS}).settle()
    going.crash()
    going.settle()
    assert len(going.started) == 1
    going.attempts[child_id(ROOT, "build"), 1].append(going._events(going.plans[child_id(ROOT, "build")], 1)[0])
    from harness import Observed

    from polyaxon.model.observation import Observation, Phase

    ending = Observation(child_id(ROOT, "build"), 1, Phase.SUCCEEDED, going.now)
    going.decide(Observed(ending, {"destination": "img:1"}))
    going.crash()
    going.settle()
    assert going.order() == ["train-build", "train"]
    assert going.root.status is Status.SUCCEEDED


def test_one_build_serves_all_trials_of_a_search():
    component = job("a", inputs=[{"name": "x", "type": "int"}])
    matrix = {"kind": "grid", "params": {"x": {"kind": "choice", "value": [1, 2]}}}
    done = run(operation(component, name="train", matrix=matrix, build={"hubRef": "builder"}))
    assert done.order() == ["train-build", "train", "train"]
    images = {done.plans[child_id(ROOT, str(index))].main.container.image for index in range(2)}
    assert images == {f"default:{child_id(ROOT, 'build')}"}


def test_an_unknown_builder_fails_the_run_with_the_reason():
    done = run(building(hubRef="nobody"))
    assert done.root.status is Status.FAILED
    assert "`nobody` is not known" in done.last(ROOT).message
