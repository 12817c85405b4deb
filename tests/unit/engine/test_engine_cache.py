"""Reuse: what is served from an earlier run, what waits for one, and how a miss is explained."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, Outcome, dag, job, op, operation

from polyaxon.engine.events import Action, CacheHit, Fetched, Observed, Settled
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import Cloning, RunFacts
from polyaxon.model.status import Pending, Status

ORIGINAL = RunId("e" * 32)


def facts(status: Status = Status.SUCCEEDED, **more) -> RunFacts:
    return RunFacts(ORIGINAL, "before", "default", status=status, outputs={"loss": 0.1}, **more)


def finds(original: RunFacts | None):
    """A store that answers every lookup so."""
    return lambda fetch: Fetched(fetch.run, cache=CacheHit(original) if fetch.cache_key else None)


def looking(original: RunFacts | None, *operations, script=None, **run) -> Harness:
    going = Harness(operation(dag(*(operations or [op("a")]), **run)), script)
    going.answer = finds(original)
    return going.settle()


def test_a_job_of_a_pipeline_is_served_from_an_equal_run():
    done = looking(facts(artifacts={"model": "e/model"}))
    row = done.row("a")
    assert (row.status, row.outputs, row.original, row.cloning_kind) == (
        Status.SUCCEEDED,
        {"loss": 0.1},
        ORIGINAL,
        Cloning.CACHE,
    )
    assert done.started == []
    assert done.path("a") == ["created", "succeeded"]
    assert done.last("a").reason == "CacheHit"
    assert done.root.status is Status.SUCCEEDED


def test_a_hit_of_a_hit_names_the_run_that_did_the_work():
    worker = RunId("d" * 32)
    done = looking(facts(cloning_kind=Cloning.CACHE, original_uuid=worker, artifacts_owner=worker))
    assert done.row("a").original == worker


def test_a_miss_runs_and_leaves_the_parts_of_its_key():
    done = looking(None)
    assert done.order() == ["a"]
    assert done.facts("a", "cache") == [{"hit": False}]
    assert json.loads(done.row("a").cache_parts or "{}")["kind"] == "job"


def test_a_hit_leaves_no_parts_for_the_original_has_them():
    assert looking(facts()).row("a").cache_parts is None


@pytest.mark.parametrize("status", [Status.STOPPING, Status.FAILED, Status.STOPPED])
def test_an_original_that_did_not_succeed_is_a_miss(status):
    assert looking(facts(status)).order() == ["a"]


def test_a_run_waits_for_an_equal_one_that_goes_on_and_shares_its_success():
    going = looking(facts(Status.RUNNING))
    assert (going.row("a").pending, going.started) == (Pending.CACHE, [])
    going.decide(Settled(going.id("a"), facts()))
    going.settle()
    assert going.row("a").outputs == {"loss": 0.1}
    assert going.root.status is Status.SUCCEEDED


def test_a_run_that_waited_shares_a_failure_too():
    going = looking(facts(Status.RUNNING))
    going.decide(Settled(going.id("a"), facts(Status.FAILED)))
    assert (going.status("a"), going.last("a").reason) == ("failed", "CacheOriginalFailed")


def test_a_run_whose_original_was_stopped_runs_itself():
    going = looking(facts(Status.RUNNING))
    going.decide(Settled(going.id("a"), facts(Status.STOPPED)))
    going.settle()
    assert going.order() == ["a"]


def test_a_waiting_run_that_is_approved_runs_for_real():
    going = looking(facts(Status.RUNNING))
    going.request("a", Action.APPROVE)
    going.settle()
    assert going.order() == ["a"]
    assert going.path("a") == ["created", "compiled", "queued", "scheduled", "running", "succeeded"]


def test_a_waiting_run_holds_no_slot_and_survives_a_crash():
    going = Harness(operation(dag(op("a"), op("b"), concurrency=1)))
    going.answer = lambda fetch: finds(facts(Status.RUNNING) if len(going.fetches) == 1 else None)(fetch)
    going.settle()
    assert going.statuses() == {"a": "compiled", "b": "succeeded"}
    going.crash()
    going.settle()
    assert [watch.on for watch in going.watches] == [ORIGINAL]
    going.decide(Settled(going.id("a"), facts()))
    going.settle()
    assert going.root.status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("cache", "looks"),
    [(None, False), ({"disable": False}, True), ({"disable": True}, False), ({"ttl": 60}, False)],
)
def test_an_independent_run_is_looked_up_only_when_the_file_says_so(cache, looks):
    going = Harness(operation(job("a"), **({"cache": cache} if cache else {}))).settle()
    assert bool(going.fetches) is looks


def test_disabling_the_cache_on_the_dag_runs_everything():
    going = Harness(operation(dag(op("a")), cache={"disable": True}))
    going.answer = finds(facts())
    assert going.run().order() == ["a"]


def test_clones_and_resumed_runs_are_never_served_from_the_cache():
    clone = Harness(operation(job("a"), cache={"disable": False}), original=ORIGINAL, cloning_kind=Cloning.RESTART)
    assert clone.settle().fetches == []
    failed = Harness(operation(job("a"), cache={"disable": False}), {"a": FAILURE}).run()
    failed.fetches.clear()
    failed.request(ROOT, Action.RESUME)
    failed.settle()
    assert failed.fetches == []


def test_a_second_identical_dag_is_served_without_running():
    first = Harness(
        operation(dag(op("a", job("gives")), op("b", dependencies=["a"]))), {"gives": Outcome(outputs={"x": 1})}
    )
    first.run()
    second = Harness(operation(dag(op("a", job("gives")), op("b", dependencies=["a"]))))
    by_key = {run.state: run for run in first.rows.values() if run.state}
    second.answer = lambda fetch: Fetched(
        fetch.run,
        cache=CacheHit(
            replace(facts(), outputs=by_key[fetch.cache_key].outputs) if fetch.cache_key in by_key else None
        ),
    )
    second.run()
    assert second.started == []
    assert second.row("a").outputs == {"x": 1}
    assert second.root.status is Status.SUCCEEDED


def keys(done: Harness) -> dict[str, str | None]:
    return {str(run.name): run.state for run in done.rows.values()}


def test_what_waits_for_other_work_is_the_same_only_if_that_work_was():
    after = op("after", dependencies=["before"])
    first = Harness(operation(dag(op("before", job("x")), after))).run()
    same = Harness(operation(dag(op("before", job("x")), after))).run()
    other = Harness(operation(dag(op("before", job("y")), after))).run()
    skipped = Harness(operation(dag(op("before", job("x"), conditions="false"), dict(after)))).run()
    assert keys(first)["after"] == keys(same)["after"]
    assert len({keys(done)["after"] for done in (first, other, skipped)}) == 3


def test_a_value_that_is_the_same_may_come_from_anywhere():
    consumer = job("after", inputs=[{"name": "loss", "type": "float"}])
    after = op("after", consumer, params={"loss": {"ref": "ops.before", "value": "outputs.loss"}})
    script = {"x": Outcome(outputs={"loss": 1.0}), "y": Outcome(outputs={"loss": 1.0})}
    first = Harness(operation(dag(op("before", job("x")), after)), script).run()
    other = Harness(operation(dag(op("before", job("y")), after)), script).run()
    assert keys(first)["after"] == keys(other)["after"]


def test_a_service_is_not_looked_up_unless_asked():
    service = job("a")
    service["run"]["kind"] = "service"
    going = Harness(operation(dag(op("a", service))), {"a": HANGS}).settle()
    assert going.fetches == []


def test_a_lookup_that_failed_runs_the_job_and_says_so():
    going = Harness(operation(dag(op("a"))))
    going.answer = lambda fetch: Fetched(fetch.run, error="the database is away")
    going.run()
    assert going.order() == ["a"]
    assert going.facts("a", "cache")[0]["error"] == "the database is away"


def test_joins_and_other_runs_are_fetched_before_compiling():
    consumer = job("a", inputs=[{"name": "losses", "type": "float", "isList": True}, {"name": "base", "type": "float"}])
    raw = operation(
        consumer,
        name="a",
        joins=[{"query": "status: succeeded", "params": {"losses": {"value": "outputs.loss"}}}],
        params={"base": {"ref": f"runs.{ORIGINAL}", "value": "outputs.loss"}},
    )
    going = Harness(raw)
    going.answer = lambda fetch: Fetched(fetch.run, joins=[[facts(), facts()]], runs={ORIGINAL: facts()})
    going.run()
    assert going.root.inputs == {"losses": [0.1, 0.1], "base": 0.1}
    assert going.fetches[0].joins[0].query == "status: succeeded"
    assert going.fetches[0].runs == (ORIGINAL,)


def test_a_fetch_that_failed_fails_the_run_with_the_reason():
    raw = operation(job("a"), params={"x": {"ref": f"runs.{ORIGINAL}", "value": "outputs.loss", "contextOnly": True}})
    going = Harness(raw)
    going.answer = lambda fetch: Fetched(fetch.run, error="no such run")
    going.run()
    assert going.last(ROOT).reason == "FetchFailed"


def test_a_joined_dag_is_fetched_again_after_a_crash_and_loses_nothing_meanwhile():
    component = {**dag(op("a", job("slow")), op("b", dependencies=["a"])), "inputs": [{"name": "n", "type": "float"}]}
    raw = operation(component, params={"n": {"ref": f"runs.{ORIGINAL}", "value": "outputs.loss"}})
    script = {"slow": Outcome()}
    going = Harness(raw, script)
    answers = []
    going.answer = lambda fetch: Fetched(
        fetch.run, runs={ORIGINAL: facts()}, cache=CacheHit(None) if fetch.cache_key else None
    )
    going.settle()
    assert going.root.status is Status.SUCCEEDED
    again = Harness(raw, {"slow": HANGS})
    again.answer = going.answer
    again.settle()
    again.crash()
    again._fetch = None
    from harness import _CARRY_OUT, Fetch, Observed

    from polyaxon.model.observation import Observation, Phase

    carry_out = _CARRY_OUT[Fetch]
    _CARRY_OUT[Fetch] = lambda harness, command: answers.append(command)
    try:
        again.settle()
        again.decide(Observed(Observation(again.id("a"), 1, Phase.SUCCEEDED, START)))
    finally:
        _CARRY_OUT[Fetch] = carry_out
    assert again.status("a") == "running"
    again.inbox.append(again.answer(answers[0]))
    del again._fetch
    again.settle()
    assert again.statuses() == {"a": "succeeded", "b": "succeeded"}


def states_of(*operations, script=None) -> dict[str, str]:
    """The cache keys that the operations of a dag asked with, or that others may find them under."""
    going = Harness(operation(dag(*operations)), script).run()
    return {str(run.name): run.state for run in going.rows.values() if run.state}


def test_where_a_run_itself_is_makes_it_no_other_work():
    here = [{"name": "here", "type": "str", "value": "{{ globals.run_outputs_path }}/of/{{ globals.uuid }}"}]
    both = states_of(op("a", job("same", inputs=here)), op("b", job("same", inputs=here)))
    assert both["a"] == both["b"]


def test_what_follows_a_build_is_the_same_work_after_the_same_build():
    image = [{"name": "to", "type": "image", "value": "me/it"}]
    one, other = job("build", outputs=image), job("build-otherwise", outputs=image)
    after = op("after", job("works"), dependencies=["build"])
    assert states_of(op("build", one), after) == states_of(op("build", one), after)
    assert states_of(op("build", one), after)["after"] != states_of(op("build", other), after)["after"]


def test_what_began_before_its_upstream_ended_is_other_work_than_what_waited_for_it():
    slow, quick = op("slow", job("slow")), op("quick", job("quick"))
    early = op("early", job("same"), dependencies=["slow", "quick"], trigger="one_done")
    late = op("late", job("same"), dependencies=["slow", "quick"])
    script = {"slow": HANGS}
    going = Harness(operation(dag(slow, quick, early, late)), script).settle()
    assert going.status("early") == "succeeded"
    slow_run = going.id("slow")
    going.decide(Observed(Observation(slow_run, 1, Phase.SUCCEEDED, going.now)))
    going.run()
    assert going.row("late").state != going.row("early").state
    assert going.status("late") == "succeeded"
