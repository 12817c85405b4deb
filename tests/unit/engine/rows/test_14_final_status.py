"""Section 14: what a pipeline's ending follows from."""

from __future__ import annotations

import pytest
from harness import HANGS, ROOT, Harness, job, op, operation
from rows import BAD, SCRIPT, begun, done, ending, sweep

from polyaxon.engine.events import Action

HANDLED = op("handler", dependencies=["bad"], trigger="one_failed")
COMBINATIONS: dict[str, tuple[list[dict], str]] = {
    "all succeeded": ([ending("succeeded", "a"), ending("succeeded", "b")], "succeeded"),
    "succeeded + skipped": ([ending("succeeded", "a"), ending("skipped", "b")], "succeeded"),
    "all skipped": ([ending("skipped", "a"), ending("skipped", "b")], "succeeded"),
    "any failed": ([ending("succeeded", "a"), ending("failed", "b")], "failed"),
    "failed, handled by one_failed": ([BAD, HANDLED], "failed"),
    "failed, handled by all_done": ([BAD, {**HANDLED, "trigger": "all_done"}], "failed"),
    "upstream_failed without failed: a trigger that nothing satisfied": (
        [op("a"), op("b", dependencies=["a"], trigger="one_failed")],
        "failed",
    ),
    "upstream_failed without failed: only a stop caused it": (
        [ending("stopped", "a"), op("b", dependencies=["a"])],
        "stopped",
    ),
    "upstream_failed without failed: a stop and a trigger": (
        [ending("stopped", "a"), op("b"), op("c", dependencies=["b"], trigger="all_failed")],
        "failed",
    ),
    "upstream_failed by a stop further up": (
        [ending("stopped", "a"), op("b", dependencies=["a"]), op("c", dependencies=["b"])],
        "stopped",
    ),
    "some stopped, others succeeded": ([ending("stopped", "a"), ending("succeeded", "b")], "stopped"),
    "stopped + failed": ([ending("stopped", "a"), ending("failed", "b")], "failed"),
    "stopped + skipped": ([ending("stopped", "a"), ending("skipped", "b")], "stopped"),
    "all stopped": ([ending("stopped", "a"), ending("stopped", "b")], "stopped"),
}


@pytest.mark.parametrize("row", COMBINATIONS)
def test_of_a_dag(row: str) -> None:
    operations, expected = COMBINATIONS[row]
    assert done(*operations).root.status == expected


POINTS: dict[str, tuple[list[str], str]] = {
    "all succeeded": (["succeeded", "succeeded"], "succeeded"),
    "any failed": (["succeeded", "failed"], "failed"),
    "some stopped, others succeeded": (["stopped", "succeeded"], "stopped"),
    "stopped + failed": (["stopped", "failed"], "failed"),
    "all stopped": (["stopped", "stopped"], "stopped"),
}


@pytest.mark.parametrize("row", POINTS)
def test_of_a_matrix(row: str) -> None:
    endings, expected = POINTS[row]
    search = sweep(*range(len(endings)))
    outcome = {"succeeded": SCRIPT["gives"], "failed": SCRIPT["fails"], "stopped": SCRIPT["stops"]}
    script = {"trial": lambda plan, _: outcome[endings[int(plan.main.container.command[2])]]}
    assert Harness(operation(search["component"], matrix=search["matrix"]), script).run().root.status == expected


@pytest.mark.parametrize("points", [[], [{"x": 1}, {"x": 2}]], ids=["empty", "two"])
def test_no_children_an_empty_mapping_succeeds(points: list[dict]) -> None:
    search = sweep(1)
    raw = operation(search["component"], matrix={"kind": "mapping", "values": "{{ points }}"})
    raw["params"] = {"points": {"value": points, "contextOnly": True}}
    going = Harness(raw).run()
    assert (going.root.status, len(going.started)) == ("succeeded", len(points))


def test_a_pipeline_that_is_stopping_is_stopped() -> None:
    going = begun(op("a", job("hangs")), op("b"))
    going.request(ROOT, Action.STOP)
    going.settle()
    assert going.root.status == "stopped"


def test_already_stopped_stays_so() -> None:
    going = begun(op("a", job("hangs")))
    going.request(ROOT, Action.STOP)
    going.settle()
    going.run()
    assert going.root.status == "stopped"


SCHEDULES = {"its runs succeeded": "gives", "its runs failed": "fails", "its runs were stopped": "stops"}


@pytest.mark.parametrize("row", SCHEDULES)
def test_a_schedule_succeeds_when_it_is_exhausted(row: str) -> None:
    schedule = {"kind": "interval", "frequency": 60, "maxRuns": 2}
    assert Harness(operation(job(SCHEDULES[row]), schedule=schedule), SCRIPT).run().root.status == "succeeded"


def test_its_own_failure_to_compile_is_failed_without_children() -> None:
    going = done(op("a", dependencies=["b"]), op("b", dependencies=["a"]))
    assert (going.root.status, going.statuses()) == ("failed", {})


def test_early_stopping_goes_through_stopping() -> None:
    search = sweep(1, 2, 3, component="trial", concurrency=2)
    search["matrix"]["earlyStopping"] = [{"kind": "failure_early_stopping", "percent": 30}]
    script = {"trial": lambda plan, _: SCRIPT["fails"] if plan.main.container.command[2] == "1" else HANGS}
    going = Harness(operation(search["component"], matrix=search["matrix"]), script).settle()
    assert "stopping" in [condition.type.value for condition in going.conditions[ROOT]]
    assert going.run().root.status in {"failed", "stopped"}
