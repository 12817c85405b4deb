"""Section 15: what people may ask of a run, and what then becomes of it and of everything below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import FAILURE, HANGS, ROOT, START, Harness, dag, job, op, operation
from rows import FALSE, SCRIPT, begun, sweep

from polyaxon.engine import Limits
from polyaxon.engine.events import Action, CacheHit, Fetched
from polyaxon.engine.submit import submit_copy, submit_restart
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.run import Cloning, RunFacts
from polyaxon.model.status import Pending, Status

OTHER = RunId("f" * 32)


def waiting() -> Harness:
    return Harness(operation(job("hangs"), isApproved=False), SCRIPT).settle()


def queued() -> Harness:
    return Harness(operation(job("hangs")), SCRIPT, limits=Limits(total=0)).settle()


def running() -> Harness:
    return Harness(operation(job("hangs")), SCRIPT).settle()


def stopping() -> Harness:
    going = running()
    going.request(ROOT, Action.STOP)
    return going


def final() -> Harness:
    return Harness(operation(job("fails")), SCRIPT).run()


def scheduled() -> Harness:
    schedule = {"kind": "interval", "frequency": 60}
    return Harness(operation(job("hangs"), schedule=schedule), SCRIPT).settle()


STATES: dict[str, Callable[[], Harness]] = {
    "created": waiting,
    "queued": queued,
    "running": running,
    "stopping": stopping,
    "final": final,
}
STOPS = {
    # row: (status right after the stop, and at the end)
    "created": ("stopped", "stopped"),
    "queued": ("stopped", "stopped"),
    "running": ("stopping", "stopped"),
    "stopping": ("stopping", "stopped"),
    "final": ("failed", "failed"),
}


@pytest.mark.parametrize("row", STOPS)
def test_stop_a_run(row: str) -> None:
    going = STATES[row]()
    going.request(ROOT, Action.STOP)
    at_once, expected = STOPS[row]
    assert going.root.status == at_once
    going.settle()
    assert going.root.status == expected


SKIPS = {"created": "skipped", "queued": "skipped", "running": "running", "stopping": "stopping", "final": "failed"}


@pytest.mark.parametrize("row", SKIPS)
def test_skip_a_run_only_from_a_safe_status(row: str) -> None:
    going = STATES[row]()
    going.request(ROOT, Action.SKIP)
    assert going.root.status == SKIPS[row]
    refused = row in {"running", "stopping", "final"}
    assert bool([facts for facts in going.facts(ROOT, "request") if facts.get("refused")]) is refused


def pipeline() -> Harness:
    """A dag with something in every state, two levels deep."""
    inner = dag(op("x", job("hangs")), op("y", dependencies=["x"]))
    return begun(op("a", job("hangs")), op("b", dependencies=["a"]), op("done"), op("n", inner), op("s", **FALSE))


def below(going: Harness) -> dict[str, str]:
    return {name: going.status(name) for name in ("a", "b", "done", "s", "n", "x", "y")}


PIPELINES: dict[str, tuple[Action, dict[str, str], str]] = {
    "stop: on the cluster → stopping, others → stopped, final ones stay": (
        Action.STOP,
        {
            "a": "stopping",
            "b": "stopped",
            "done": "succeeded",
            "s": "skipped",
            "n": "stopping",
            "x": "stopping",
            "y": "stopped",
        },
        "stopped",
    ),
    "skip: unstarted skipped, active ones stopping": (
        Action.SKIP,
        {
            "a": "stopping",
            "b": "skipped",
            "done": "succeeded",
            "s": "skipped",
            "n": "stopping",
            "x": "stopping",
            "y": "skipped",
        },
        "skipped",
    ),
}


@pytest.mark.parametrize("row", PIPELINES)
def test_of_a_pipeline(row: str) -> None:
    action, at_once, expected = PIPELINES[row]
    going = pipeline()
    going.request(ROOT, action)
    assert (going.root.status, below(going)) == ("stopping", at_once)
    going.settle()
    assert going.root.status == expected
    assert all(run.status in {"stopped", "skipped", "succeeded"} for run in going.rows.values())


def test_stop_a_nested_pipeline_that_has_not_begun() -> None:
    going = begun(op("a", job("hangs")), op("n", dag(op("x")), dependencies=["a"]))
    going.request("n", Action.STOP)
    assert going.status("n") == "stopped"


def test_stop_a_matrix_reaches_its_children_and_makes_no_more() -> None:
    search = sweep(1, 2, 3, component="hangs", concurrency=2)
    going = Harness(operation(search["component"], matrix=search["matrix"]), SCRIPT).settle()
    going.request(ROOT, Action.STOP)
    going.settle()
    assert (going.root.status, going.statuses()) == ("stopped", {"0": "stopped", "1": "stopped"})


def test_stopping_a_child_does_not_stop_the_pipeline() -> None:
    going = begun(op("a", job("hangs")), op("b", job("hangs")))
    going.request("a", Action.STOP)
    going.settle()
    assert (going.root.status, going.statuses()) == ("running", {"a": "stopped", "b": "running"})


def test_approve_clears_the_pending_reason_and_starts() -> None:
    going = waiting()
    going.request(ROOT, Action.APPROVE)
    going.settle()
    assert (going.root.pending, going.root.status) == (None, "running")


RESUMES = {"created": False, "queued": False, "running": False, "stopping": False, "final": True}


@pytest.mark.parametrize("row", RESUMES)
def test_resume_only_a_final_run(row: str) -> None:
    going = STATES[row]()
    before = going.root.status
    going.request(ROOT, Action.RESUME)
    assert (going.root.status != before) is RESUMES[row]


def test_resume_keeps_the_uuid_and_the_history() -> None:
    going = final()
    history = going.path(ROOT)
    going.script.clear()
    going.request(ROOT, Action.RESUME)
    going.run()
    assert going.path(ROOT)[: len(history) + 1] == [*history, "resuming"]
    assert (len(going.rows), going.root.status) == (1, "succeeded")


def test_resume_may_patch_the_spec() -> None:
    going = final()
    going.request(ROOT, Action.RESUME, operation=operation(job("other")))
    going.run()
    assert (going.plans[ROOT].main.container.command[1], going.root.status) == ("other", "succeeded")


def test_resume_not_a_cache_hit() -> None:
    going = Harness(operation(dag(op("a"))))
    facts = RunFacts(OTHER, "before", "default", status=Status.SUCCEEDED)
    going.answer = lambda fetch: Fetched(fetch.run, cache=CacheHit(facts))
    going.run()
    going.request("a", Action.RESUME)
    assert going.status("a") == "succeeded"
    assert "served from the cache" in going.facts("a", "request")[0]["refused"]


def test_resume_a_pipeline_goes_on_from_what_succeeded() -> None:
    raw = dag(op("a"), op("b", job("fails"), dependencies=["a"]), op("c", dependencies=["b"]))
    going = Harness(operation(raw), SCRIPT).run()
    going.script = {}
    going.request(ROOT, Action.RESUME)
    going.run()
    assert (going.root.status, going.order()) == ("succeeded", ["a", "b", "b", "c"])


def cloned(make: Callable[..., Any], first: Harness, **more: Any) -> Any:
    return make(first.root, operation(job("a")), OTHER, START, **more)[0]


def test_restart_is_a_new_run_of_the_same_operation() -> None:
    first = Harness(operation(job("a"), name="first"), tags=("t",)).run()
    run = cloned(submit_restart, first)
    assert (run.uuid, run.original, run.cloning_kind) == (OTHER, ROOT, Cloning.RESTART)
    assert (run.name, run.tags, run.status) == ("first", ("t",), "created")


def test_restart_with_overrides() -> None:
    run = cloned(submit_restart, Harness(operation(job("a"), name="first")).run(), name="second", tags=("u",))
    assert (run.name, run.tags) == ("second", ("u",))


def test_restart_of_a_cache_hit_restarts_the_original() -> None:
    going = Harness(operation(job("a"), cache={"disable": False}))
    facts = RunFacts(child_id(OTHER, "x"), "before", "default", status=Status.SUCCEEDED)
    going.answer = lambda fetch: Fetched(fetch.run, cache=CacheHit(facts))
    going.run()
    assert cloned(submit_restart, going).original == facts.uuid


def test_restart_does_not_repeat_the_build() -> None:
    components = {"builder": job("builder", inputs=[{"name": "destination", "type": "str"}])}
    raw = operation(job("a"), build={"hubRef": "builder"})
    first = Harness(raw, meta={"components": components}).run()
    again, _ = submit_restart(first.root, raw, OTHER, START)
    second = Harness(raw, meta=again.meta, original=ROOT, cloning_kind=Cloning.RESTART).run()
    assert second.plans[ROOT].main.container.image == first.plans[ROOT].main.container.image
    assert len(second.started) == 1


COPIES: dict[str, tuple[dict[str, Any], str]] = {
    "its outputs": ({}, f"{ROOT}/outputs"),
    "the files chosen": ({"files": ["outputs/model.pt"]}, f"{ROOT}/outputs/model.pt"),
    "the directories chosen": ({"dirs": ["assets"]}, f"{ROOT}/assets"),
}


@pytest.mark.parametrize("row", COPIES)
def test_copy_begins_with_the_originals_artifacts(row: str) -> None:
    chosen, path = COPIES[row]
    run = cloned(submit_copy, Harness(operation(job("a"))).run(), **chosen)
    again = Harness(operation(job("a")), original=ROOT, cloning_kind=Cloning.COPY, meta=run.meta).run()
    assert run.cloning_kind is Cloning.COPY
    assert path in str(again.plans[ROOT].main.init[0].spec)


def test_a_stop_ends_every_kind_of_waiting() -> None:
    going = Harness(operation(job("a")), pending=Pending.UPLOAD).settle()
    going.request(ROOT, Action.STOP)
    assert (going.root.status, going.root.pending) == ("stopped", None)


def test_stop_a_run_that_waits_for_its_time() -> None:
    going = scheduled()
    going.request(child_id(ROOT, "0"), Action.STOP)
    assert going.statuses()["0"] == "stopped"


def test_stop_while_it_waits_to_be_tried_again() -> None:
    going = Harness(operation(job("fails"), termination={"maxRetries": 3}), {"fails": FAILURE, "x": HANGS}).settle()
    assert going.root.status == "retrying"
    going.request(ROOT, Action.STOP)
    assert going.root.status == "stopped"
