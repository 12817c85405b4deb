"""Section 7: events of a sibling start a run; a final one that is not listed ends it."""

from __future__ import annotations

import pytest
from harness import HANGS, ROOT, Harness, Outcome, dag, job, op, operation
from rows import BAD, SCRIPT, begun, done, ending, on

from polyaxon.engine.events import Action
from polyaxon.model.observation import Phase

ENDINGS = ("succeeded", "failed", "stopped", "skipped", "upstream_failed")


@pytest.mark.parametrize("listed", [*ENDINGS, "done"])
@pytest.mark.parametrize("upstream", ENDINGS)
def test_a_final_status_starts_the_run_when_it_is_listed(upstream: str, listed: str) -> None:
    going = done(BAD, ending(upstream, "a"), op("b", **on("a", listed)))
    assert going.status("a") == upstream
    missed = "skipped" if upstream in {"succeeded", "skipped"} else "upstream_failed"
    assert going.status("b") == ("succeeded" if listed in {upstream, "done"} else missed)


def test_what_waits_for_a_failure_is_skipped_when_there_is_none_and_the_dag_succeeds() -> None:
    going = done(op("train"), op("rescue", **on("train", "failed")))
    assert (going.status("rescue"), going.root.status) == ("skipped", "succeeded")
    assert going.last("rescue").reason == "EventMissed"
    assert "`train` succeeded" in going.last("rescue").message
    assert going.facts("rescue", "trigger")[0]["events"] == ["run_status_failed"]


def test_what_waits_for_a_success_is_upstream_failed_when_there_is_a_failure() -> None:
    going = done(op("train", job("fails")), op("deploy", **on("train", "succeeded")))
    assert (going.status("deploy"), going.root.status) == ("upstream_failed", "failed")


PASSED = {
    # a status on the way, and how a run comes to it
    "created": HANGS,
    "compiled": HANGS,
    "queued": HANGS,
    "scheduled": HANGS,
    "starting": Outcome(before=(Phase.STARTING,), hangs=True),
    "running": HANGS,
    "warning": Outcome(before=(Phase.RUNNING, Phase.WARNING), hangs=True),
    "unschedulable": Outcome(before=(Phase.UNSCHEDULABLE,), hangs=True),
}


@pytest.mark.parametrize("status", PASSED)
def test_a_status_on_the_way_starts_the_run_at_once(status: str) -> None:
    raw = op("slow", job("hangs")), op("a", job("works")), op("b", dependencies=["slow"], **on("a", status))
    going = Harness(operation(dag(*raw)), {**SCRIPT, "works": PASSED[status]}).settle()
    assert going.status("b") == "succeeded"  # other upstreams and the trigger are not asked
    assert going.status("slow") == "running"


def test_retrying_starts_the_run() -> None:
    going = begun(op("a", job("fails"), termination={"maxRetries": 1}), op("b", **on("a", "retrying")))
    assert going.status("b") == "succeeded"


def test_resuming_starts_the_run() -> None:
    going = done(op("a", job("fails")), op("b", **on("a", "resuming")))
    assert going.status("b") == "upstream_failed"
    going.request(ROOT, Action.RESUME)
    assert going.run().statuses() == {"a": "failed", "b": "succeeded"}


def test_stopping_starts_the_run() -> None:
    going = Harness(operation(dag(op("a", job("hangs")), op("b", **on("a", "stopping")))), SCRIPT).settle()
    assert going.status("b") == "created"
    going.request("a", Action.STOP)
    going.settle()
    assert going.statuses() == {"a": "stopped", "b": "succeeded"}


def test_run_status_failed_alone_starts_the_run_whatever_the_default_trigger() -> None:
    assert done(op("a", job("fails")), op("b", **on("a", "failed"))).status("b") == "succeeded"


def test_an_event_that_can_not_come_any_more_from_a_skipped_run_is_skipped() -> None:
    going = done(op("a", conditions="{{ 1 > 2 }}"), op("b", **on("a", "running")))
    assert going.status("b") == "skipped"


def test_one_of_several_events_is_enough() -> None:
    both = {"events": [*on("a", "failed")["events"], *on("c", "succeeded")["events"]]}
    assert done(op("a"), op("c"), op("b", **both)).status("b") == "succeeded"


def test_several_events_of_which_none_can_come_are_skipped_when_all_went_well() -> None:
    both = {"events": [*on("a", "failed")["events"], *on("c", "failed")["events"]]}
    assert done(op("a"), op("c"), op("b", **both)).status("b") == "skipped"


def test_several_events_of_which_none_can_come_are_upstream_failed_when_something_went_wrong() -> None:
    both = {"events": [*on("a", "failed")["events"], *on("c", "succeeded")["events"]]}
    assert done(op("a"), op("c", job("fails")), op("b", **both)).status("b") == "upstream_failed"


def test_a_tensorboard_starts_while_the_training_runs() -> None:
    board = job("board")
    board["run"]["kind"] = "service"
    going = begun(op("train", job("hangs")), op("board", board, **on("train", "running")), script={"board": HANGS})
    assert going.statuses() == {"train": "running", "board": "running"}
