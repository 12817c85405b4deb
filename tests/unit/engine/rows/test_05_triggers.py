"""Section 5: when an operation starts, for every trigger and every ending of its upstreams."""

from __future__ import annotations

import pytest
from harness import Harness, dag, job, op, operation
from rows import BAD, FALSE, SCRIPT, begun, done, ending

from polyaxon.engine.events import Action

ENDINGS = ("succeeded", "failed", "upstream_failed", "stopped", "skipped")
COUNTS = {
    # 5.2: how the ending of the only upstream counts (a skipped one is a neutral success)
    "succeeded": ("all_succeeded", "one_succeeded", "all_done", "one_done"),
    "failed": ("all_failed", "one_failed", "all_done", "one_done"),
    "upstream_failed": ("all_done", "one_done"),
    "stopped": ("all_done", "one_done"),
    "skipped": ("all_succeeded", "all_done", "one_done"),
}
TRIGGERS = ("all_succeeded", "all_failed", "all_done", "one_succeeded", "one_failed", "one_done")


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("upstream", ENDINGS)
def test_counts_as_the_table_says(upstream: str, trigger: str) -> None:
    going = done(BAD, ending(upstream, "a"), op("b", dependencies=["a"], trigger=trigger))
    assert going.status("a") == upstream
    assert going.status("b") == ("succeeded" if trigger in COUNTS[upstream] else "upstream_failed")


STARTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    # row: (trigger, endings of the upstreams in this order, what becomes of the run); `hangs` has not ended
    "all_succeeded: every one succeeded": ("all_succeeded", ("succeeded", "succeeded"), "succeeded"),
    "all_succeeded: a skipped one beside": ("all_succeeded", ("succeeded", "skipped"), "succeeded"),
    "all_succeeded: one failed": ("all_succeeded", ("succeeded", "failed"), "upstream_failed"),
    "all_succeeded: evaluated when all are final": ("all_succeeded", ("failed", "hangs"), "created"),
    "all_failed: every one failed": ("all_failed", ("failed", "failed"), "succeeded"),
    "all_failed: one succeeded": ("all_failed", ("failed", "succeeded"), "upstream_failed"),
    "all_failed: upstream_failed is not failed": ("all_failed", ("failed", "upstream_failed"), "upstream_failed"),
    "all_failed: evaluated when all are final": ("all_failed", ("succeeded", "hangs"), "created"),
    "all_done: always": ("all_done", ("failed", "stopped"), "succeeded"),
    "all_done: evaluated when all are final": ("all_done", ("failed", "hangs"), "created"),
    "one_done: the first that is final": ("one_done", ("stopped", "hangs"), "succeeded"),
    "one_succeeded: one so far": ("one_succeeded", ("succeeded", "hangs"), "succeeded"),
    "one_succeeded: waits for another that could": ("one_succeeded", ("failed", "hangs"), "created"),
    "one_succeeded: all are final and none did": ("one_succeeded", ("failed", "stopped"), "upstream_failed"),
    "one_succeeded: failed first, succeeded later": ("one_succeeded", ("failed", "succeeded"), "succeeded"),
    "one_failed: one so far": ("one_failed", ("failed", "hangs"), "succeeded"),
    "one_failed: waits for another that could": ("one_failed", ("succeeded", "hangs"), "created"),
    "one_failed: all are final and none did": ("one_failed", ("succeeded", "upstream_failed"), "upstream_failed"),
}


@pytest.mark.parametrize("row", STARTS)
def test_starts(row: str) -> None:
    trigger, endings, expected = STARTS[row]
    upstreams = [
        op(f"u{index}", job("hangs")) if each == "hangs" else ending(each, f"u{index}")
        for index, each in enumerate(endings)
    ]
    names = [upstream["name"] for upstream in upstreams]
    going = begun(BAD, *upstreams, op("run", dependencies=names, trigger=trigger))
    assert going.status("run") == expected


UNMET: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    # row: (trigger, endings of the upstreams u0, u1 …, the reason, what the message names)
    "a failure": ("all_succeeded", ("succeeded", "failed"), "UpstreamFailed", "`u1` failed"),
    "a failure further up": ("all_succeeded", ("skipped", "upstream_failed"), "UpstreamFailed", "`u1` upstream_failed"),
    "a failure and a stop": ("all_succeeded", ("stopped", "failed"), "UpstreamFailed", "`u0` stopped, `u1` failed"),
    "only stops": ("all_succeeded", ("succeeded", "stopped"), "UpstreamStopped", "`u1` stopped"),
    "a success, for one who waits for failures": (
        "all_failed",
        ("failed", "succeeded"),
        "TriggerMissed",
        "`u1` succeeded",
    ),
    "a skip, for one who waits for failures": ("all_failed", ("failed", "skipped"), "TriggerMissed", "`u1` skipped"),
    "successes, for one who waits for a failure": ("one_failed", ("succeeded",), "TriggerMissed", "`u0` succeeded"),
    "a success beside a failure further up": (
        "one_failed",
        ("succeeded", "upstream_failed"),
        "TriggerMissed",
        "`u0` succeeded, `u1` upstream_failed",
    ),
    "no failure of its own": ("all_failed", ("upstream_failed",), "UpstreamFailed", "`u0` upstream_failed"),
    "skips, for one who waits for a success": ("one_succeeded", ("skipped",), "TriggerMissed", "`u0` skipped"),
}


@pytest.mark.parametrize("row", UNMET)
def test_what_left_a_trigger_unsatisfied_is_the_reason(row: str) -> None:
    trigger, endings, reason, named = UNMET[row]
    upstreams = [ending(each, f"u{index}") for index, each in enumerate(endings)]
    names = [upstream["name"] for upstream in upstreams]
    condition = done(BAD, *upstreams, op("run", dependencies=names, trigger=trigger)).last("run")
    assert (condition.type, condition.reason) == ("upstream_failed", reason)
    assert condition.message == f"trigger `{trigger}` was not satisfied: {named}"


WORD = {"inputs": [{"name": "word", "type": "str", "value": "one_failed"}]}
TEMPLATES: dict[str, tuple[dict[str, object], str, str]] = {
    # row: (the param `t`, the trigger, what becomes of the run)
    "a value of the dag": ({"ref": "dag", "value": "inputs.word"}, "{{ t }}", "succeeded"),
    "a value of its own": ({"value": "all_done"}, "{{ t }}", "succeeded"),
    "a part of the word": ({"value": "succeeded"}, "all_{{ t }}", "upstream_failed"),
    "no trigger": ({"value": "sometimes"}, "{{ t }}", "failed"),
    "a value of what it waits for": ({"ref": "ops.a", "value": "outputs.score"}, "{{ t }}", "failed"),
}


@pytest.mark.parametrize("row", TEMPLATES)
def test_a_trigger_may_come_from_a_template(row: str) -> None:
    param, trigger, expected = TEMPLATES[row]
    bad = op("bad", job("fails"))
    run = op("run", dependencies=["bad"], trigger=trigger, params={"t": {**param, "contextOnly": True}})
    component = {**dag(op("a", job("gives", outputs=[{"name": "score", "type": "float"}])), bad, run), **WORD}
    going = Harness(operation(component, name="pipe"), SCRIPT).run()
    assert going.status("run") == expected
    if expected == "failed":
        assert going.last("run").reason == "InvalidSpecification"
        assert "`trigger` became" in going.last("run").message


def test_what_follows_a_trigger_that_is_none_goes_by_its_own() -> None:
    run = op("run", dependencies=["a"], trigger="{{ t }}", params={"t": {"value": "sometimes", "contextOnly": True}})
    operations = (run, op("after", dependencies=["run", "a"], trigger="all_done"))
    assert begun(op("a", job("hangs")), *operations).statuses() == {"a": "running", "run": "failed", "after": "created"}
    going = done(op("a"), *operations)
    assert going.statuses() == {"a": "succeeded", "run": "failed", "after": "succeeded"}
    assert going.root.status == "failed"


def test_a_skip_that_is_handed_on_names_who_was_skipped() -> None:
    run = op("run", dependencies=["a", "b"], skipOnUpstreamSkip=True)
    condition = done(op("a", job("fails")), op("b", **FALSE), run).last("run")
    assert (condition.reason, condition.message) == ("UpstreamSkipped", "upstream `b` was skipped (skipOnUpstreamSkip)")


def test_without_upstream_it_starts_with_the_dag() -> None:
    going = begun(op("a", job("hangs")))
    assert (going.root.status, going.status("a")) == ("running", "running")


# 5.3


SKIPS = {
    # row: (trigger, skipOnUpstreamSkip, other upstream, what becomes of the run)
    "true: skipped at once, whatever the others": ("all_succeeded", True, "hangs", "skipped"),
    "true: whatever the trigger": ("all_done", True, "hangs", "skipped"),
    "true: after another one failed": ("all_succeeded", True, "failed", "skipped"),
    "false: waits for the others": ("all_succeeded", False, "hangs", "created"),
    "false: a neutral success": ("all_succeeded", False, "succeeded", "succeeded"),
}


@pytest.mark.parametrize("row", SKIPS)
def test_skip_on_upstream_skip(row: str) -> None:
    trigger, skips, other, expected = SKIPS[row]
    beside = op("other", job("hangs")) if other == "hangs" else ending(other, "other")
    run = op("run", dependencies=["skipped", "other"], trigger=trigger, skipOnUpstreamSkip=skips)
    assert begun(op("skipped", **FALSE), beside, run).status("run") == expected


def test_skip_on_upstream_skip_of_a_pending_run_counts_at_its_approval() -> None:
    going = begun(op("a", **FALSE), op("b", dependencies=["a"], skipOnUpstreamSkip=True, isApproved=False))
    if going.status("b") == "created":
        going.request("b", Action.APPROVE)
        going.settle()
    assert going.status("b") == "skipped"


# 5.4, 5.5


CASCADES = {
    "upstream_failed goes on": ({}, {}, ["failed", "upstream_failed", "upstream_failed"]),
    "upstream_failed triggers all_done": ({}, {"trigger": "all_done"}, ["failed", "upstream_failed", "succeeded"]),
    "skipped goes on with skipOnUpstreamSkip": (
        {"skipOnUpstreamSkip": True},
        {"skipOnUpstreamSkip": True},
        ["skipped", "skipped", "skipped"],
    ),
    "skipped ends where nobody hands it on": ({"skipOnUpstreamSkip": True}, {}, ["skipped", "skipped", "succeeded"]),
}


@pytest.mark.parametrize("row", CASCADES)
def test_cascade(row: str) -> None:
    second, third, expected = CASCADES[row]
    first = op("a", **FALSE) if expected[0] == "skipped" else op("a", job("fails"))
    going = done(first, op("b", dependencies=["a"], **second), op("c", dependencies=["b"], **third))
    assert list(going.statuses().values()) == expected


PENDING = {
    "approved before its upstreams ended: waits for them": (True, "created"),
    "its upstreams ended: waits for the approval": (False, "created"),
    "its upstreams ended, then approved: starts": (None, "succeeded"),
}


@pytest.mark.parametrize("row", PENDING)
def test_pending_child(row: str) -> None:
    early, expected = PENDING[row]
    upstream = op("a", job("hangs")) if early else op("a")
    going = begun(upstream, op("b", dependencies=["a"], isApproved=False))
    if early is not False:
        going.request("b", Action.APPROVE)
        going.settle()
    assert going.status("b") == expected
