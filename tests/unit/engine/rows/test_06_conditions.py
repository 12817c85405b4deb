"""Section 6: conditions are evaluated when a run compiles, and guard it whole."""

from __future__ import annotations

from typing import Any

import pytest
from harness import ROOT, Harness, dag, job, op, operation
from rows import FALSE, begun, done, sweep

CONTEXT = {"x": {"value": 1, "contextOnly": True}}
OUTCOMES: dict[str, tuple[Any, str, str]] = {
    # row: (text, status, reason)
    "true": ("{{ x == 1 }}", "succeeded", "Completed"),
    "false": ("{{ x > 1 }}", "skipped", "ConditionFalse"),
    "false without braces": ("x > 1", "skipped", "ConditionFalse"),
    "neither yes nor no": ("maybe", "failed", "InvalidSpecification"),
    "an unknown name": ("{{ y > 1 }}", "failed", "InvalidSpecification"),
    "a comparison that is impossible": ("{{ x > 'a' }}", "failed", "InvalidSpecification"),
}


@pytest.mark.parametrize("row", OUTCOMES)
def test_outcome(row: str) -> None:
    text, status, reason = OUTCOMES[row]
    going = done(op("a", conditions=text, params=CONTEXT))
    assert (going.status("a"), going.last("a").reason) == (status, reason)


def test_it_is_evaluated_after_the_trigger() -> None:
    going = done(op("a", job("fails")), op("b", dependencies=["a"], conditions="maybe"))
    assert going.status("b") == "upstream_failed"
    waiting = begun(op("a", job("hangs")), op("b", dependencies=["a"], **FALSE))
    assert waiting.status("b") == "created"


GUARDED = {
    "a dag": op("guarded", dag(op("x"))),
    "a matrix": op("guarded", **sweep(1, 2)),
    "a schedule is not, its runs are": op(
        "guarded", schedule={"kind": "interval", "frequency": 60, "maxRuns": 2, "startAt": "2024-01-01T00:01:00+00:00"}
    ),
}


@pytest.mark.parametrize("row", GUARDED)
def test_it_guards_the_whole_pipeline(row: str) -> None:
    going = done({**GUARDED[row], **FALSE})
    if "schedule" in row:
        assert going.status("guarded") == "succeeded"
        assert set(going.statuses(going.id("guarded")).values()) == {"skipped"}
    else:
        assert going.status("guarded") == "skipped"
        assert going.statuses(going.id("guarded")) == {}


def test_the_children_do_not_repeat_it() -> None:
    going = Harness(operation(**sweep(1, 2), conditions="{{ base == 1 }}", params={"base": {"value": 1, "contextOnly": True}}))  # fmt: skip # noqa: E501
    going.run()
    assert len(going.facts(ROOT, "condition")) == 1
    assert [item for item in going.explained if item.topic == "condition" and item.run != ROOT] == []


def test_of_a_schedule_it_is_evaluated_per_run() -> None:
    schedule = {"kind": "interval", "frequency": 60, "maxRuns": 3, "startAt": "2024-01-01T00:01:00+00:00"}
    params = {"at": {"value": "{{ globals.schedule_at }}", "contextOnly": True}}
    raw = operation(job("tick"), schedule=schedule, params=params, conditions="{{ '00:02' not in at }}")
    assert Harness(raw).run().statuses() == {"0": "succeeded", "1": "skipped", "2": "succeeded"}
