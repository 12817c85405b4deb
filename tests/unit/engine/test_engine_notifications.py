"""`plugins.notifications`: who is told of which status, how often, and what happens when nobody can be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import FAILURE, ROOT, Harness, Outcome, dag, job, op, operation

from polyaxon.engine.notifications import named_connections
from polyaxon.model.observation import Phase
from polyaxon.model.run import Run


def told(going: Harness) -> list[tuple[str | None, str]]:
    """Return (name, status) of every notifier run."""
    return [(row.name, _params(row)["status"]["value"]) for row in going.rows.values() if row.runtime == "notifier"]


def _params(row: Run) -> dict[str, Any]:
    params: dict[str, Any] = json.loads(row.raw_content or "")["params"]
    return params


def telling(*items: dict[str, Any], script: Any = None, **fields: Any) -> Harness:
    return Harness(operation(job("a"), name="train", plugins={"notifications": list(items)}, **fields), script).run()


@pytest.mark.parametrize(
    ("trigger", "script", "expected"),
    [
        ({}, {}, ["succeeded"]),
        ({"trigger": "done"}, {"a": FAILURE}, ["failed"]),
        ({"trigger": "failed"}, {}, []),
        ({"trigger": "failed"}, {"a": FAILURE}, ["failed"]),
        ({"trigger": "running"}, {}, ["running"]),
        ({"trigger": "queued"}, {}, ["queued"]),
    ],
)
def test_a_connection_is_told_of_the_status_it_wants(trigger: dict[str, str], script: Any, expected: list[str]) -> None:
    done = telling({"connections": ["slack"], **trigger}, script=script)
    assert told(done) == [("train-notify-slack", status) for status in expected]


def test_a_notification_says_what_happened_and_is_an_independent_run_with_retries() -> None:
    done = telling({"connections": ["slack"], "trigger": "failed"}, script={"a": FAILURE})
    [row] = [row for row in done.rows.values() if row.runtime == "notifier"]
    raw = json.loads(row.raw_content or "")
    assert (row.pipeline, row.root) == (None, row.uuid)
    assert {name: param["value"] for name, param in raw["params"].items()} == {
        "name": "train",
        "uuid": ROOT,
        "project": "default",
        "kind": "job",
        "status": "failed",
        "message": "exit code 1",
    }
    assert raw["component"]["run"]["connections"] == ["slack"]
    assert raw["termination"]["maxRetries"] == 3
    assert raw["termination"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"] == [2]


def test_each_attempt_that_runs_is_told_once() -> None:
    flapping = Outcome(Phase.FAILED, exit_code=1, before=(Phase.RUNNING, Phase.WARNING, Phase.RUNNING))
    done = telling(
        {"connections": ["slack"], "trigger": "running"}, script={"a": flapping}, termination={"maxRetries": 1}
    )
    assert len(told(done)) == 2


def test_the_notifications_of_a_dag_are_its_own_and_its_operations() -> None:
    flow = operation(dag(op("a"), op("b", conditions="{{ 1 > 2 }}")), name="flow")
    flow["plugins"] = {"notifications": [{"connections": ["slack"]}]}
    assert sorted(told(Harness(flow).run())) == [
        ("a-notify-slack", "succeeded"),
        ("b-notify-slack", "skipped"),
        ("flow-notify-slack", "succeeded"),
    ]


def test_an_operation_that_never_starts_is_told_of_too() -> None:
    plugins = {"notifications": [{"connections": ["slack"], "trigger": "upstream_failed"}]}
    done = Harness(operation(dag(op("a"), op("b", dependencies=["a"], plugins=plugins))), {"a": FAILURE}).run()
    assert told(done) == [("b-notify-slack", "upstream_failed")]


def test_an_unknown_connection_is_recorded_and_changes_nothing() -> None:
    done = telling({"connections": ["slak"]})
    assert done.root.status.value == "succeeded"
    [fact] = done.facts("train", "notification")
    assert "`slak` is not configured" in fact["error"]


def test_what_a_run_said_is_no_template() -> None:
    done = telling(
        {"connections": ["slack"]}, script={"a": Outcome(Phase.FAILED, exit_code=1, message="no {{ brace }}")}
    )
    [row] = [row for row in done.rows.values() if row.runtime == "notifier"]
    assert "{{" not in _params(row)["message"]["value"]


def test_connections_are_found_wherever_they_are_named() -> None:
    notifies = {"notifications": [{"connections": ["one", "two"]}]}
    inner = {
        "operations": [{"hooks": [{"hubRef": "slack", "connection": "three"}], "component": {"plugins": notifies}}]
    }
    assert list(named_connections({"plugins": notifies, "component": {"run": inner}})) == [
        "one",
        "two",
        "three",
        "one",
        "two",
    ]
