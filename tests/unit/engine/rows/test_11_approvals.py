"""Section 11: what a run may wait for before it is queued, and what ends the waiting."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import FAILURE, HANGS, ROOT, Harness, dag, job, op, operation

from polyaxon.engine.events import Action, CacheHit, Fetched, Settled
from polyaxon.model.ids import RunId
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Pending, Status

OTHER = RunId("e" * 32)
BUILD = {"hubRef": "builder"}
COMPONENTS = {"builder": job("builder", inputs=[{"name": "destination", "type": "str"}])}


def approval() -> Harness:
    return Harness(operation(job("a"), isApproved=False)).settle()


def upload() -> Harness:
    return Harness(operation(job("a")), pending=Pending.UPLOAD).settle()


def build() -> Harness:
    going = Harness(operation(job("a"), build=BUILD), {"builder": HANGS}, meta={"components": COMPONENTS})
    return going.settle()


def cache() -> Harness:
    going = Harness(operation(job("a"), cache={"disable": False}))
    facts = RunFacts(OTHER, "before", "default", status=Status.RUNNING)
    going.answer = lambda fetch: Fetched(fetch.run, cache=CacheHit(facts))
    return going.settle()


WAITS: dict[str, tuple[Callable[[], Harness], Pending, set[str]]] = {
    # row: (a run that waits, why, which statuses it may have meanwhile)
    "approval: isApproved false": (approval, Pending.APPROVAL, {"created"}),
    "upload: files are uploaded": (upload, Pending.UPLOAD, {"created"}),
    "build: an image is built": (build, Pending.BUILD, {"created", "compiled"}),
    "cache: an original in progress": (cache, Pending.CACHE, {"created", "compiled"}),
}


@pytest.mark.parametrize("row", WAITS)
def test_it_waits_unqueued(row: str) -> None:
    begin, reason, statuses = WAITS[row]
    going = begin()
    assert going.root.pending is reason
    assert going.root.status.value in statuses
    assert ROOT not in [run for run, _ in going.started]


@pytest.mark.parametrize("row", WAITS)
def test_it_can_be_stopped(row: str) -> None:
    going = WAITS[row][0]()
    going.request(ROOT, Action.STOP)
    going.settle()
    assert going.root.status is Status.STOPPED


@pytest.mark.parametrize("row", WAITS)
def test_it_can_be_skipped(row: str) -> None:
    going = WAITS[row][0]()
    going.request(ROOT, Action.SKIP)
    going.settle()
    assert going.root.status is Status.SKIPPED


@pytest.mark.parametrize("row", WAITS)
def test_it_waits_on_after_a_crash(row: str) -> None:
    going = WAITS[row][0]()
    reason = going.root.pending
    going.crash()
    going.settle()
    assert going.root.pending is reason


def settle_cache(going: Harness) -> None:
    going.decide(Settled(ROOT, RunFacts(OTHER, "before", "default", status=Status.SUCCEEDED)))


ENDS: dict[str, tuple[Callable[[], Harness], Callable[[Harness], object], bool]] = {
    # row: (a run that waits, what ends it, whether the run itself was started then)
    "approval by the approve action": (approval, lambda going: going.request(ROOT, Action.APPROVE), True),
    "upload when it is finished": (upload, lambda going: going.request(ROOT, Action.APPROVE), True),
    "cache by the end of the original": (cache, settle_cache, False),
    "cache by the approve action: for real": (cache, lambda going: going.request(ROOT, Action.APPROVE), True),
}


@pytest.mark.parametrize("row", ENDS)
def test_it_ends(row: str) -> None:
    begin, act, starts = ENDS[row]
    going = begin()
    act(going)
    going.settle()
    assert (going.root.status, going.root.pending) == (Status.SUCCEEDED, None)
    assert (ROOT in [run for run, _ in going.started]) is starts


def test_build_ends_when_the_builder_finished() -> None:
    going = Harness(operation(job("a"), build=BUILD), meta={"components": COMPONENTS}).run()
    assert going.root.status is Status.SUCCEEDED


def test_build_that_fails_is_upstream_failed() -> None:
    going = Harness(operation(job("a"), build=BUILD), {"builder": FAILURE}, meta={"components": COMPONENTS}).run()
    assert going.root.status is Status.UPSTREAM_FAILED


def test_an_upload_stuck_for_two_hours_fails() -> None:
    going = upload()
    going.wait(119 * 60)
    assert going.root.status is Status.CREATED
    going.wait(2 * 60)
    assert (going.root.status, going.last(ROOT).reason) == (Status.FAILED, "StaleUpload")


ORDER = {
    "upload → approval": {"pending": Pending.UPLOAD},
    "upload → build → approval": {"pending": Pending.UPLOAD, "build": True},
    "build → approval": {"build": True},
}


@pytest.mark.parametrize("row", ORDER)
def test_order(row: str) -> None:
    more = {"build": BUILD} if ORDER[row].get("build") else {}
    raw = operation(job("a"), isApproved=False, **more)
    going = Harness(raw, meta={"components": COMPONENTS}, pending=ORDER[row].get("pending")).settle()
    seen = []
    while going.root.pending is not None:
        seen.append(going.root.pending.value)
        going.request(ROOT, Action.APPROVE)
        going.settle()
    if "build" in row:
        builder = [run.status for run in going.rows.values() if run.name and "build" in run.name]
        assert builder == [Status.SUCCEEDED]
    assert seen == [word for word in row.split(" → ") if word != "build"]
    assert going.root.status is Status.SUCCEEDED


def test_a_template_may_make_it_pending_after_compiled() -> None:
    component = job("a", inputs=[{"name": "safe", "type": "bool", "value": False}])
    going = Harness(operation(component, isApproved="{{ safe }}")).settle()
    assert (going.root.status, going.root.pending) == (Status.COMPILED, Pending.APPROVAL)


def test_approving_what_does_not_wait_changes_nothing() -> None:
    going = Harness(operation(dag(op("a")))).run()
    before = dict(going.rows)
    going.request("a", Action.APPROVE)
    assert going.rows == before
