"""Why a run was not served from an earlier one: what differed, why an equal one would not do, or why nobody looked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from harness import START, Harness, dag, job, op, operation

from polyaxon.engine.explain import Neighbours, explain
from polyaxon.engine.misses import why_missed, why_not_asked
from polyaxon.model.ids import RunId
from polyaxon.model.run import Cloning, Run, RunKind
from polyaxon.model.status import Status

UUID = RunId("a" * 32)
RUN = Run(UUID, "default", "train", RunKind.JOB, "job", Status.SUCCEEDED, START, START, UUID, content="{}", state="k")
DONE = replace(RUN, uuid=RunId("b" * 32), finished_at=START)


def parts(**inputs: object) -> str:
    return json.dumps({"kind": "job", "inputs": {name: ["any", value] for name, value in inputs.items()}})


def missed(run: Run, *earlier: tuple[Run, str], now: str = parts(lr=0.2, size=1)) -> list[str]:
    return list(why_missed(run, now, earlier))


def test_the_first_run_of_an_operation_has_nothing_to_be_served_from():
    assert missed(RUN) == ["not cached: no earlier run of this operation"]


def test_the_run_with_the_fewest_differences_is_the_nearest_and_of_equals_the_latest():
    far = (replace(DONE, uuid=RunId("c" * 32)), parts(lr=0.3, size=2))
    near = (DONE, parts(lr=0.1, size=1))
    older = (replace(DONE, uuid=RunId("d" * 32)), parts(lr=0.4, size=1))
    assert missed(RUN, far, near, older) == [
        f"not cached: `inputs.lr` was 0.1 in the nearest earlier run ({'b' * 32}) and is 0.2"
    ]


def test_a_field_that_one_of_them_lacks_is_absent():
    assert "`inputs.seed` was 7 in the nearest earlier run" in missed(RUN, (DONE, parts(lr=0.2, size=1, seed=7)))[0]
    assert missed(RUN, (DONE, parts(lr=0.2, size=1, seed=7)))[0].endswith("and is absent")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, "k", "it follows `up`, which it did not"),
        ("k", None, "it does not follow `up`, which it did"),
        ("k", "k, not over", "it began before `up` was over, which it did not"),
        ("k, not over", "k", "it began when `up` was over, which it did not"),
    ],
)
def test_an_upstream_that_came_or_went_is_named(before: str | None, after: str | None, said: str):
    then, now = (
        json.dumps({"kind": "job", "digests": {} if key is None else {"upstream up": key}}) for key in (before, after)
    )
    other = replace(RUN, uuid=RunId("b" * 32))
    assert list(why_missed(RUN, now, [(other, then)])) == [
        f"not cached: {said} in the nearest earlier run ({'b' * 32})"
    ]


def test_an_upstream_that_did_other_work_is_named():
    then, now = (json.dumps({"kind": "job", "digests": {"upstream prepare": key}}) for key in ("k1", "k2"))
    assert missed(RUN, (DONE, then), now=now) == [
        f"not cached: `prepare`, which it follows, did other work in the nearest earlier run ({'b' * 32})"
    ]


def test_many_differences_are_counted_and_long_values_cut():
    then = parts(**{f"x{number}": "y" * 200 for number in range(20)})
    said = missed(RUN, (DONE, then), now=parts())
    assert (len(said), said[-1]) == (9, "not cached: and 12 more fields differ")
    assert all(len(line) < 220 for line in said)


@pytest.mark.parametrize(
    ("run", "nearest", "why"),
    [
        (RUN, replace(DONE, status=Status.FAILED), "is failed"),
        (RUN, replace(DONE, live_state=0), "is archived"),
        (RUN, replace(DONE, state=None), "was invalidated"),
        (RUN, replace(DONE, status=Status.RUNNING), "was not over then (it is running now)"),
        (
            replace(RUN, content='{"cache":{"ttl":60}}', started_at=START + timedelta(seconds=61)),
            DONE,
            "was older than its `cache.ttl` of 60 seconds",
        ),
    ],
)
def test_an_equal_run_that_would_not_do_says_why(run: Run, nearest: Run, why: str):
    assert missed(run, (nearest, parts(lr=0.2, size=1))) == [
        f"not cached: run {nearest.uuid}, which did the same, {why}"
    ]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (RUN, "a run of its own is only when its file says `cache: {disable: false}`"),
        (replace(RUN, pipeline=UUID, content='{"cache":{"disable":true}}'), "its file says `cache: {disable: true}`"),
        (replace(RUN, cloning_kind=Cloning.RESTART, original=UUID), f"it is a restart of run {UUID}"),
        (replace(RUN, pipeline=UUID, meta={"engine": {"resumed": "x"}}), "a resumed run goes on with its own work"),
    ],
)
def test_a_run_that_was_not_looked_up_says_why(run: Run, why: str):
    assert why_not_asked(run) == f"not looked up in the cache: {why}"


@pytest.mark.parametrize(
    "run", [replace(RUN, kind=RunKind.DAG), replace(RUN, content=None), replace(RUN, pipeline=UUID)]
)
def test_where_the_cache_plays_no_part_nothing_is_said(run: Run):
    assert why_not_asked(run) is None


def test_the_explanation_of_a_miss_compares_the_parts_that_the_engine_left():
    first, second = (
        Harness(operation(dag(op("a", job("a", inputs=[{"name": "lr", "type": "float", "value": rate}]))))).run()
        for rate in (0.1, 0.2)
    )
    row, earlier = second.row("a"), first.row("a")
    stored = [item for item in second.explained if item.run == row.uuid]
    around = Neighbours(cache_parts=row.cache_parts, earlier=[(earlier, earlier.cache_parts or "")])
    said = explain(row, second.conditions[row.uuid], stored, around)
    assert f"not cached: `inputs.lr` was 0.1 in the nearest earlier run ({earlier.uuid}) and is 0.2" in said
