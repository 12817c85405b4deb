"""Section 7: events of runs that need not be of the same tree (`ref: runs.UUID`)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness import HANGS, ROOT, Harness, dag, job, op, operation
from rows import FALSE, begun

from polyaxon.engine.commands import Listen
from polyaxon.engine.events import Action, Reached
from polyaxon.engine.explain import Neighbours, explain
from polyaxon.model.ids import RunId
from polyaxon.model.status import FINAL, Status

OTHER, THIRD = RunId("f" * 32), RunId("e" * 32)


def on(*kinds: str, of: RunId = OTHER) -> dict[str, object]:
    return {"ref": f"runs.{of}", "kinds": [f"run_status_{kind}" for kind in kinds]}


def waiting(*kinds: str, **fields: object) -> Harness:
    """A run of its own that waits for another one."""
    return Harness(operation(job("a"), name="run", events=[on(*kinds)], **fields)).settle()


def hears(going: Harness, status: str | None, name: str = "run", of: RunId = OTHER) -> Harness:
    going.decide(Reached(going.id(name), of, None if status is None else Status(status)))
    return going.settle()


def test_a_run_of_its_own_asks_for_the_statuses_and_waits() -> None:
    going = waiting("failed", "done")
    assert going.listening == [Listen(ROOT, OTHER, FINAL)]
    assert (going.root.status, going.started) == ("created", [])
    assert [(edge.upstream, edge.kind, edge.values) for edge in going.edges] == [
        (OTHER, "event", {"statuses": ["done", "failed"]})
    ]


@pytest.mark.parametrize("status", ["running", "succeeded", "failed", "stopped"])
def test_a_listed_status_starts_it(status: str) -> None:
    going = hears(waiting(status), status).run()
    assert going.root.status == "succeeded"
    assert going.facts("run", "event") == [{"event": f"run_status_{status}", "from": f"runs.{OTHER}"}]


ENDINGS = {
    "succeeded": ("skipped", "EventMissed"),
    "skipped": ("skipped", "EventMissed"),
    "failed": ("upstream_failed", "UpstreamFailed"),
    "stopped": ("upstream_failed", "UpstreamStopped"),
}


@pytest.mark.parametrize("status", ENDINGS)
def test_another_ending_ends_it(status: str) -> None:
    last = hears(waiting("unschedulable"), status).last("run")
    assert (last.type.value, last.reason) == ENDINGS[status]
    assert last.message == f"no event it waits for happened: `runs.{OTHER}` {status}"


def test_a_run_that_is_not_there_fails_who_waits_for_it() -> None:
    going = hears(waiting("done"), None)
    assert (going.root.status, going.last("run").reason) == ("failed", "FetchFailed")
    assert f"there is no run {OTHER}" in going.last("run").message


def test_what_was_heard_before_a_crash_is_not_waited_for_again() -> None:
    both = [on("failed"), on("failed", of=THIRD)]
    going = Harness(operation(job("a"), name="run", events=both)).settle()
    hears(going, "succeeded")
    going.load()
    going.settle()
    assert [listen.on for listen in going.listening] == [OTHER, THIRD]
    assert going.root.status == "created"
    assert hears(going, "succeeded", of=THIRD).root.status == "skipped"


def test_an_event_before_a_crash_starts_the_run_after_it() -> None:
    going = waiting("succeeded", isApproved=False)
    hears(going, "succeeded")
    assert going.root.status == "created"
    going.load()
    going.settle()
    assert going.listening == []
    going.request(ROOT, Action.APPROVE)
    assert going.run().root.status == "succeeded"


def test_an_approval_does_not_stand_in_for_the_event() -> None:
    going = waiting("succeeded", isApproved=False)
    going.request(ROOT, Action.APPROVE)
    going.settle()
    assert (going.root.status, going.started) == ("created", [])
    assert hears(going, "succeeded").run().root.status == "succeeded"


def test_the_event_heard_twice_or_late_starts_nothing_twice() -> None:
    going = hears(hears(waiting("succeeded"), "succeeded"), "failed").run()
    assert (going.root.status, len(going.started)) == ("succeeded", 1)


def test_a_resumed_run_waits_again_when_it_never_started() -> None:
    going = hears(waiting("succeeded"), "failed")
    going.request(ROOT, Action.RESUME)
    going.settle()
    assert (going.root.status, len(going.listening)) == ("resuming", 2)
    assert hears(going, "succeeded").run().root.status == "succeeded"


def test_a_resumed_run_that_had_started_waits_no_more() -> None:
    going = Harness(operation(job("a"), name="run", events=[on("running")]), {"a": HANGS}).settle()
    hears(going, "running")
    going.request(ROOT, Action.STOP)
    going.settle()
    going.request(ROOT, Action.RESUME)
    assert going.settle().root.status == "running"


def test_an_operation_of_a_dag_waits_for_a_run_elsewhere() -> None:
    going = begun(op("a"), op("b", events=[on("running")]), op("c", dependencies=["b"]))
    assert going.statuses() == {"a": "succeeded", "b": "created", "c": "created"}
    hears(going, "running", "b").run()
    assert going.statuses() == {"a": "succeeded", "b": "succeeded", "c": "succeeded"}


def test_an_event_of_a_sibling_or_of_a_run_elsewhere_is_enough() -> None:
    beside = {"ref": "ops.a", "kinds": ["run_status_failed"]}
    going = begun(op("a", job("fails")), op("b", events=[beside, on("done")]))
    assert going.status("b") == "succeeded"


def test_both_have_to_be_over_before_it_is_given_up() -> None:
    beside = {"ref": "ops.a", "kinds": ["run_status_failed"]}
    going = begun(op("a"), op("b", events=[beside, on("failed")]))
    assert going.status("b") == "created"
    hears(going, "succeeded", "b").run()
    assert (going.status("b"), going.root.status) == ("skipped", "succeeded")
    assert f"`a` succeeded, `runs.{OTHER}` succeeded" in going.last("b").message


def test_the_dag_is_stopped_where_only_a_stop_elsewhere_kept_an_operation_from_running() -> None:
    going = hears(begun(op("a"), op("b", events=[on("failed")])), "stopped", "b").run()
    assert (going.last("b").reason, going.root.status) == ("UpstreamStopped", "stopped")


def test_a_skip_is_handed_on_without_waiting_for_the_run_elsewhere() -> None:
    skips = op("b", dependencies=["a"], skipOnUpstreamSkip=True, events=[on("done")])
    assert begun(op("a", **FALSE), skips).status("b") == "skipped"


def test_a_dag_waits_as_a_whole() -> None:
    going = Harness(operation(dag(op("a")), name="pipe", events=[on("succeeded")])).settle()
    assert (going.root.status, list(going.rows)) == ("created", [ROOT])
    assert hears(going, "succeeded", "pipe").run().statuses() == {"a": "succeeded"}


def test_an_event_that_nobody_sends_waits_for_the_others_success() -> None:
    event = {"ref": f"runs.{OTHER}", "kinds": ["alert_info"]}
    going = Harness(operation(job("a"), name="run", events=[event])).settle()
    assert going.listening[0].statuses == {Status.SUCCEEDED, Status.SKIPPED}


def test_a_waiting_run_names_what_it_waits_for() -> None:
    going = waiting("failed")
    other = replace(going.row("run"), uuid=OTHER, root=OTHER, name="other")
    text = explain(going.row("run"), going.conditions[ROOT], [], Neighbours(events=[(other, ["failed", "running"])]))
    assert f"it waits for `run_status_failed` or `run_status_running` of run {OTHER} (`other`, created)" in text
