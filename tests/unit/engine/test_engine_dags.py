"""What becomes of the operations of a dag, and what is said about it; the tables row by row are in `rows/`."""

from __future__ import annotations

import pytest
from harness import FAILURE, HANGS, Harness, Outcome, dag, job, op, operation

from polyaxon.engine import Limits
from polyaxon.engine.events import Action, Adopted
from polyaxon.model.observation import Phase
from polyaxon.model.status import Status

FALSE = {"conditions": "{{ 1 > 2 }}"}


def run(*operations, script=None, **kwargs):
    return Harness(operation(dag(*operations), name="pipe"), script, **kwargs).run()


SCRIPT = {"fails": FAILURE, "stops": Outcome(Phase.STOPPED)}


def test_a_failure_makes_what_depends_on_it_upstream_failed_and_the_dag_failed():
    done = run(op("a", job("fails")), op("b", dependencies=["a"]), script=SCRIPT)
    assert done.statuses() == {"a": "failed", "b": "upstream_failed"}
    assert done.root.status is Status.FAILED
    assert "`a` failed" in done.last("b").message


def test_all_done_runs_after_a_failure_and_the_dag_still_fails():
    done = run(op("a", job("fails")), op("b", dependencies=["a"], trigger="all_done"), script=SCRIPT)
    assert done.statuses() == {"a": "failed", "b": "succeeded"}
    assert done.root.status is Status.FAILED


def test_a_skipped_upstream_is_a_neutral_success():
    done = run(op("a", **FALSE), op("b", dependencies=["a"]))
    assert done.statuses() == {"a": "skipped", "b": "succeeded"}
    assert done.root.status is Status.SUCCEEDED


def test_skip_on_upstream_skip_hands_the_skip_on_at_once():
    operations = (
        op("a", **FALSE),
        op("slow", job("hangs")),
        op("b", dependencies=["a", "slow"], skipOnUpstreamSkip=True),
    )
    done = Harness(operation(dag(*operations)), {"hangs": HANGS}).settle()
    assert done.statuses() == {"a": "skipped", "slow": "running", "b": "skipped"}
    assert done.last("b").reason == "UpstreamSkipped"


def test_one_succeeded_waits_for_one_that_does():
    operations = op("a", job("fails")), op("b", dependencies=["first"]), op("first")
    done = run(*operations, op("c", dependencies=["a", "b"], trigger="one_succeeded"), script=SCRIPT)
    assert done.status("c") == "succeeded"
    assert done.facts("c", "trigger")[0]["upstreams"] == {"b": "succeeded"}


@pytest.mark.parametrize(("trigger", "starts"), [("one_done", True), ("one_succeeded", True), ("all_done", False)])
def test_one_triggers_do_not_wait_for_the_others(trigger, starts):
    operations = op("a"), op("slow", job("hangs")), op("b", dependencies=["a", "slow"], trigger=trigger)
    going = Harness(operation(dag(*operations)), {"hangs": HANGS}).settle()
    assert (going.status("b") == "succeeded") is starts


@pytest.mark.parametrize("trigger", ["one_succeeded", "one_failed"])
def test_a_one_trigger_that_nobody_can_satisfy_ends_upstream_failed(trigger):
    operations = op("a", job("stops")), op("b", job("stops")), op("c", dependencies=["a", "b"], trigger=trigger)
    done = run(*operations, script=SCRIPT)
    assert done.status("c") == "upstream_failed"


def test_an_upstream_failed_child_without_any_failure_fails_the_dag():
    done = run(op("a"), op("b", dependencies=["a"], trigger="all_failed"))
    assert done.statuses() == {"a": "succeeded", "b": "upstream_failed"}
    assert done.root.status is Status.FAILED


def test_a_dag_in_which_only_a_stop_kept_things_from_running_is_stopped():
    done = run(op("a", job("stops")), op("b", dependencies=["a"]), op("c", dependencies=["b"]), script=SCRIPT)
    assert done.statuses() == {"a": "stopped", "b": "upstream_failed", "c": "upstream_failed"}
    assert done.root.status is Status.STOPPED
    assert done.last("b").reason == "UpstreamStopped"


def test_a_failure_that_was_handled_still_fails_the_dag():
    done = run(op("a", job("fails")), op("b", dependencies=["a"], trigger="one_failed"), script=SCRIPT)
    assert done.statuses() == {"a": "failed", "b": "succeeded"}
    assert done.root.status is Status.FAILED


def test_upstream_failed_runs_on_through_the_graph():
    operations = op("a", job("fails")), op("b", dependencies=["a"]), op("c", dependencies=["b"])
    done = run(*operations, op("d", dependencies=["c"], trigger="all_done"), script=SCRIPT)
    assert done.statuses() == {"a": "failed", "b": "upstream_failed", "c": "upstream_failed", "d": "succeeded"}


def test_a_diamond_with_concurrency_one_runs_in_creation_order():
    operations = op("a"), op("c", dependencies=["a"]), op("b", dependencies=["a"]), op("d", dependencies=["b", "c"])
    done = Harness(operation(dag(*operations, concurrency=1))).run()
    assert done.order() == ["a", "c", "b", "d"]
    assert done.peak[done.root.uuid] == 1


def test_concurrency_bounds_what_runs_at_once():
    done = Harness(operation(dag(*(op(f"op-{index}") for index in range(9)), concurrency=3))).run()
    assert done.peak[done.root.uuid] == 3
    assert done.root.status is Status.SUCCEEDED


def test_a_value_that_the_upstream_did_not_give_fails_the_child():
    consumer = job("consumer", inputs=[{"name": "score", "type": "float"}])
    done = run(op("a"), op("b", consumer, params={"score": {"ref": "ops.a", "value": "outputs.score"}}))
    assert done.statuses() == {"a": "succeeded", "b": "failed"}
    assert done.last("b").reason == "InvalidSpecification"
    assert "score" in done.last("b").message


def test_values_flow_along_the_edges_falsy_ones_too():
    consumer = job("consumer", inputs=[{"name": "score", "type": "float"}])
    operations = op("a", job("gives")), op("b", consumer, params={"score": {"ref": "ops.a", "value": "outputs.score"}})
    done = run(*operations, script={"gives": Outcome(outputs={"score": 0.0})})
    assert done.row("b").inputs == {"score": 0.0}
    assert done.status("b") == "succeeded"


def test_the_dags_inputs_reach_its_children():
    child = op(
        "a", job("a", inputs=[{"name": "r", "type": "float"}]), params={"r": {"ref": "dag", "value": "inputs.rate"}}
    )
    component = {**dag(child), "inputs": [{"name": "rate", "type": "float", "value": 0.1}]}
    done = Harness(operation(component, params={"rate": {"value": 0.7}})).run()
    assert done.row("a").inputs == {"r": 0.7}


# Conditions


def test_a_false_condition_skips_the_run_and_says_what_it_saw():
    watcher = op(
        "tune",
        conditions="{{ loss > limit }}",
        params={
            "loss": {"ref": "ops.train", "value": "outputs.loss", "contextOnly": True},
            "limit": {"value": 1000, "contextOnly": True},
        },
    )
    done = run(op("train"), watcher, script={"train": Outcome(outputs={"loss": 0.31})})
    assert done.status("tune") == "skipped"
    assert done.path("tune") == ["created", "skipped"]
    assert "loss=0.31" in done.last("tune").message
    assert done.facts("tune", "condition")[0]["values"] == {"loss": 0.31, "limit": 1000}


def test_a_condition_that_says_neither_yes_nor_no_fails_the_run():
    done = run(op("a", conditions="maybe"))
    assert done.status("a") == "failed"


def test_a_condition_is_evaluated_only_after_the_trigger():
    done = run(op("a", job("fails")), op("b", dependencies=["a"], conditions="maybe"), script=SCRIPT)
    assert done.status("b") == "upstream_failed"


# Events


def on(name: str, *kinds: str) -> dict:
    return {"events": [{"ref": f"ops.{name}", "kinds": [f"run_status_{kind}" for kind in kinds]}]}


def test_a_status_event_starts_the_run_while_the_other_runs_and_the_dag_waits_for_both():
    going = Harness(operation(dag(op("a", job("hangs")), op("b", **on("a", "running")))), {"hangs": HANGS}).settle()
    assert going.statuses() == {"a": "running", "b": "succeeded"}
    assert going.root.status is Status.RUNNING
    going.request("a", Action.STOP)
    going.settle()
    assert going.statuses() == {"a": "stopped", "b": "succeeded"}
    assert going.root.status is Status.STOPPED


@pytest.mark.parametrize(
    ("kind", "expected"), [("failed", "succeeded"), ("done", "succeeded"), ("succeeded", "upstream_failed")]
)
def test_a_final_status_event_starts_the_run_when_that_status_is_listed(kind, expected):
    done = run(op("a", job("fails")), op("b", **on("a", kind)), script=SCRIPT)
    assert done.status("b") == expected


def test_an_event_that_can_not_happen_any_more_skips_the_run_when_all_went_well():
    done = run(op("a", **FALSE), op("b", **on("a", "running")))
    assert done.status("b") == "skipped"
    assert "no event" in done.last("b").message


def test_an_event_does_not_wait_for_other_upstreams():
    operations = op("a"), op("slow", job("hangs")), op("b", dependencies=["slow"], **on("a", "succeeded"))
    going = Harness(operation(dag(*operations)), {"hangs": HANGS}).settle()
    assert going.status("b") == "succeeded"


def test_an_event_waits_for_values_of_other_upstreams():
    consumer = job("consumer", inputs=[{"name": "score", "type": "float"}])
    wanted = op("b", consumer, params={"score": {"ref": "ops.slow", "value": "outputs.score"}}, **on("a", "succeeded"))
    going = Harness(operation(dag(op("a"), op("slow", job("hangs")), wanted)), {"hangs": HANGS}).settle()
    assert going.status("b") == "created"
    going.crash()  # the event is remembered
    going.settle()
    assert going.status("b") == "created"
    done = run(op("a"), op("slow", job("gives")), wanted, script={"gives": Outcome(outputs={"score": 1.5})})
    assert done.status("b") == "succeeded"


# Nesting


def test_a_failing_nested_dag_fails_the_outer_one():
    inner = dag(op("x", job("fails")), op("y", dependencies=["x"]), name="inner")
    done = run(op("a"), op("nested", inner, dependencies=["a"]), op("z", dependencies=["nested"]), script=SCRIPT)
    assert done.statuses() == {"a": "succeeded", "nested": "failed", "z": "upstream_failed"}
    assert done.status("x") == "failed"
    assert done.status("y") == "upstream_failed"
    assert done.root.status is Status.FAILED


def test_the_condition_of_a_nested_dag_guards_it_whole():
    done = run(op("nested", dag(op("x")), **FALSE))
    assert done.status("nested") == "skipped"
    assert "x" not in {run.name for run in done.rows.values()}


def test_the_controllers_concurrency_bounds_nested_pipelines_without_blocking_them():
    sweep = op(
        "sweep",
        job("trial", inputs=[{"name": "x", "type": "int"}]),
        matrix={"kind": "grid", "concurrency": 5, "params": {"x": {"kind": "choice", "value": [1, 2, 3, 4]}}},
    )
    done = Harness(operation(dag(sweep, op("a"), concurrency=1))).run()
    assert done.statuses() == {"sweep": "succeeded", "a": "succeeded"}
    assert done.peak[done.id("sweep")] == 1


def test_dag_settings_reach_operations_that_do_not_set_them_themselves():
    limited = job("limited", termination={"timeout": 10})
    operations = op("own", job("own"), termination={"timeout": 10}), op("component", limited), op("none")
    done = Harness(operation(dag(*operations), termination={"timeout": 60})).run()
    assert {name: done.plans[done.id(name)].termination.timeout for name in ("own", "component", "none")} == {
        "own": 10,
        "component": 60,
        "none": 60,
    }


def test_plugins_of_the_dag_and_the_operation_are_merged():
    done = Harness(operation(dag(op("a", plugins={"docker": True})), plugins={"shm": False, "docker": False})).run()
    plugins = done.plans[done.id("a")].plugins
    assert (plugins["docker"], plugins["shm"]) == (True, False)


def test_a_circle_fails_the_dag_before_anything_runs():
    done = run(op("a", dependencies=["b"]), op("b", dependencies=["a"]))
    assert done.root.status is Status.FAILED
    assert done.statuses() == {}


def test_edges_are_recorded_with_what_flows_along_them():
    consumer = job("consumer", inputs=[{"name": "score", "type": "float"}])
    done = run(op("a", job("gives")), op("b", consumer, params={"score": {"ref": "ops.a", "value": "outputs.score"}}))
    edge = next(edge for edge in done.edges if edge.kind == "dag")
    assert (edge.upstream, edge.downstream) == (done.id("a"), done.id("b"))
    assert edge.values == {"values": {"score": "outputs.score"}}


def test_adopting_a_flow_that_is_driven_already_repeats_commands_and_changes_nothing():
    going = Harness(operation(dag(op("a", job("hangs")), op("b", dependencies=["a"]))), {"hangs": HANGS}).settle()
    decision = going.decide(Adopted())
    assert decision.changes == []
    assert [type(command).__name__ for command in decision.commands] == ["Start"]
    assert len(going.started) == 1


def test_what_was_not_made_ready_before_a_crash_is_made_ready_after_it():
    operations = [op(f"o{index}") for index in range(80)]
    going = Harness(operation(dag(*operations), name="pipe"), limits=Limits(total=2))
    while list(going.statuses().values()).count("succeeded") < 3:
        assert going.step()
    assert list(going.statuses().values()).count("created") > 40
    going.crash()
    going.run()
    assert set(going.statuses().values()) == {"succeeded"}
    assert going.root.status is Status.SUCCEEDED
