"""The answers to "why?": in the terms of the file, with the values that were seen."""

from __future__ import annotations

from pathlib import Path

from harness import FAILURE, HANGS, ROOT, Harness, Outcome, dag, job, op, operation

from polyaxon.engine import Limits
from polyaxon.engine.events import Action, CacheHit, Fetched
from polyaxon.engine.explain import Neighbours, explain
from polyaxon.engine.reasons import REASONS
from polyaxon.model.ids import RunId
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Status


def why(going: Harness, name: str, **neighbours) -> str:
    uuid = going.id(name)
    stored = [item for item in going.explained if item.run == uuid]
    return "\n".join(explain(going.rows[uuid], going.conditions[uuid], stored, Neighbours(**neighbours)))


def test_a_skipped_operation_names_its_condition_the_values_and_where_they_came_from():
    params = {
        "upstream_loss": {"ref": "ops.experiment", "value": "outputs.loss", "contextOnly": True},
        "max_loss": {"ref": "dag", "value": "inputs.max_loss", "contextOnly": True},
    }
    tune = op("tune", conditions="{{ upstream_loss > max_loss }}", params=params)
    component = {**dag(op("experiment"), tune), "inputs": [{"name": "max_loss", "type": "float", "value": 1000}]}
    done = Harness(operation(component), {"experiment": Outcome(outputs={"loss": 0.31})}).run()
    text = why(done, "tune")
    assert text.startswith("`tune` is skipped (ConditionFalse): condition `{{ upstream_loss > max_loss }}` was false")
    assert "upstream_loss=0.31 from ops.experiment outputs.loss" in text
    assert "from dag inputs.max_loss" in text


def test_an_operation_that_could_not_start_names_its_trigger_and_its_upstreams():
    done = Harness(operation(dag(op("a", job("fails")), op("b", dependencies=["a"]))), {"fails": FAILURE}).run()
    assert "trigger `all_succeeded` was not satisfied (`a` failed)" in why(done, "b")


def test_an_operation_whose_event_cannot_happen_names_the_event_and_what_happened_instead():
    alarm = op("alarm", events=[{"ref": "ops.a", "kinds": ["run_status_failed"]}])
    text = why(Harness(operation(dag(op("a"), alarm))).run(), "alarm")
    assert "no event it waits for happened: `a` succeeded" in text
    assert "no `run_status_failed` happened (`a` succeeded)" in text
    assert "trigger" not in text


def test_a_waiting_operation_names_what_it_waits_for():
    going = Harness(operation(dag(op("a", job("slow")), op("b", dependencies=["a"]))), {"slow": HANGS}).settle()
    assert "it waits for `a` (running)" in why(going, "b", upstreams=[going.row("a")])


def test_an_operation_that_listens_names_its_event_and_afterwards_what_else_holds_it():
    listens = op("b", dependencies=["c"], events=[{"ref": "ops.a", "kinds": ["run_status_succeeded"]}])
    raw = operation(dag(op("a", job("slow")), op("c", job("slow")), listens))
    going = Harness(raw, {"slow": HANGS}).settle()
    around = {"upstreams": [going.row("a"), going.row("c")], "events": [(going.row("a"), ["succeeded"])]}
    assert why(going, "b", **around).endswith("it waits for `run_status_succeeded` of `a` (running)")

    waits = op(
        "b",
        params={"x": {"ref": "ops.c", "value": "outputs.x"}},
        events=[{"ref": "ops.a", "kinds": ["run_status_running"]}],
    )
    waits["component"] = job("b", inputs=[{"name": "x", "type": "int"}])
    made = job("slow", outputs=[{"name": "x", "type": "int"}])
    fired = Harness(operation(dag(op("a", job("slow")), op("c", made), waits)), {"slow": HANGS}).settle()
    around = {
        "upstreams": [fired.row("a"), fired.row("c")],
        "events": [(fired.row("a"), ["running"])],
        "sources": [fired.row("c")],
    }
    assert why(fired, "b", **around).endswith("it waits for `c` (running)")


def test_an_operation_whose_event_happened_names_the_concurrency_that_holds_it():
    listens = op("b", events=[{"ref": "ops.a", "kinds": ["run_status_running"]}])
    going = Harness(operation(dag(op("a", job("slow")), listens, concurrency=1), name="pipe"), {"slow": HANGS}).settle()
    around = {"upstreams": [going.row("a")], "events": [(going.row("a"), ["running"])]}
    text = why(going, "b", pipeline=going.root, active_siblings=1, concurrency=1, **around)
    assert text.endswith("`pipe` runs 1 of at most 1 at once (concurrency)")


def test_a_queued_run_names_what_its_queue_waits_for():
    going = Harness(operation(job("a"), name="run"), limits=Limits(total=0)).settle()
    text = why(going, "run", standing=going.queue.standing(ROOT))
    assert "0 runs are ahead of it in queue `default`: all 0 slots are taken" in text


def test_a_run_waiting_for_an_approval_says_how_to_give_it():
    going = Harness(operation(job("a"), name="run", isApproved=False)).settle()
    assert "polyaxon ops approve" in why(going, "run")


def test_a_retried_run_tells_of_its_attempts():
    script = {"a": lambda _, attempt: FAILURE if attempt == 1 else Outcome()}
    done = Harness(operation(job("a"), name="run", termination={"maxRetries": 1}), script).run()
    assert "attempt 1 ended (AttemptFailed): tried again after" in why(done, "run")


def test_a_refused_request_is_told_with_the_reason():
    going = Harness(operation(job("slow"), name="run"), {"slow": HANGS}).settle()
    going.request(ROOT, Action.RESUME)
    assert "`resume` by ann was refused: it is running" in why(going, "run")


def test_a_run_that_nobody_drives_says_who_would():
    going = Harness(operation(job("a"), name="run"))
    assert f"nobody drives it: `polyaxon ops resume {ROOT[:8]}`" in why(going, "run", is_driven=False)


def test_an_upstream_that_is_held_says_by_what():
    going = Harness(operation(dag(op("a", isApproved=False), op("b", dependencies=["a"])))).settle()
    said = why(going, "b", upstreams=[going.row("a")], concurrency=1, active_siblings=1)
    assert "it waits for `a` (created, waits for an approval)" in said
    held = why(going, "a", concurrency=1, active_siblings=1)
    assert f"`polyaxon ops approve {going.id('a')[:8]}`" in held
    assert "concurrency" not in held


def test_one_that_is_not_made_ready_yet_says_how_many_are_ahead():
    raw = operation(dag(*(op(f"o{i}", job("slow")) for i in range(40))), name="run")
    going = Harness(raw, {"slow": HANGS}, limits=Limits(total=1)).settle()
    queued = [row for row in going.rows.values() if row.status is Status.QUEUED]
    assert len(queued) == 32
    said = why(going, "o39", active_siblings=1, queued_siblings=len(queued))
    assert "32 other runs of its pipeline are ahead of it in the queue" in said


def test_a_schedule_says_when_its_next_run_starts():
    schedule = {"kind": "cron", "cron": "0 * * * *"}
    going = Harness(operation(job("tick"), name="clock", schedule=schedule)).settle()
    children = [row for row in going.rows.values() if row.pipeline == ROOT]
    assert "its next run starts at 2024-01-01T01:00:00+00:00" in why(going, "clock", children=children)


def test_a_run_that_waits_for_an_equal_one_names_it():
    original = RunFacts(RunId("e" * 32), "before", "default", status=Status.RUNNING)
    going = Harness(operation(dag(op("a"))))
    going.answer = lambda fetch: Fetched(fetch.run, cache=CacheHit(original) if fetch.cache_key else None)
    going.settle()
    assert f"it waits for run {'e' * 32}, which does the same" in why(going, "a")


def test_a_run_that_was_served_names_who_did_it_once():
    original = RunFacts(RunId("e" * 32), "before", "default", status=Status.SUCCEEDED)
    going = Harness(operation(dag(op("a"))))
    going.answer = lambda fetch: Fetched(fetch.run, cache=CacheHit(original) if fetch.cache_key else None)
    going.settle()
    said = why(going, "a")
    assert said.count(f"cached: run {'e' * 32} did it") == 1
    assert "not looked up" not in said


def test_a_run_that_waits_for_its_image_names_the_builder():
    build = {"hubRef": "kaniko"}
    components = {"kaniko": job("builder")}
    going = Harness(operation(job("a"), name="run", build=build), {"builder": HANGS}, meta={"components": components})
    going.settle()
    [builder] = [row for row in going.rows.values() if row.uuid != ROOT]
    said = why(going, "run", upstreams=[builder])
    assert f"it waits for its image to be built: run {builder.uuid} (running)" in said


def test_every_reason_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "reference" / "statuses.md").read_text()
    assert {reason for reason in REASONS if f"`{reason}`" not in text} == set()


def test_every_status_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "reference" / "statuses.md").read_text()
    assert {status for status in Status if f"`{status}`" not in text} == set()


def joining(found: list[RunFacts]) -> Harness:
    join = {"query": "name: past", "params": {"scores": {"value": "outputs.score", "contextOnly": True}}}
    going = Harness(operation(job("a"), name="run", joins=[join]))
    going.answer = lambda fetch: Fetched(fetch.run, joins=[found for _ in fetch.joins])
    return going.run()


def test_a_join_that_found_no_runs_says_so_and_so_does_the_run():
    going = joining([])
    assert "the join `name: past` found no run: its params are empty lists" in why(going, "run")
    messages = [condition.message for condition in going.conditions[ROOT]]
    assert "no run matches the join `name: past`" in messages


def test_a_join_says_how_many_runs_it_found():
    past = RunFacts(RunId("e" * 32), "past", "default", status=Status.SUCCEEDED, outputs={"score": 1})
    assert "the join `name: past` found 1 run\n" in why(joining([past]), "run") + "\n"
