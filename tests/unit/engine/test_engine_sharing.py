"""What operations of one component share: nobody changes it, and none gets what is another's."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import fields
from typing import Any

import pytest
from harness import FAILURE, Harness, Outcome, job, op, operation

from polyaxon.compiler.expand import dag_graph
from polyaxon.compiler.layout import base_of
from polyaxon.engine.compilation import load_operation

STEP = {**job("step"), "termination": {"maxRetries": 1}, "plugins": {"collectLogs": False}, "tags": ["t"]}
TOLD = {**job("told"), "inputs": [{"name": "n", "type": "int", "value": 3}]}
TOLD["run"]["container"]["args"] = ["{{ n }}", "{{ globals.uuid }}"]
OPERATIONS = [
    {"name": "a", "dagRef": "step"},
    {"name": "b", "dagRef": "step", "dependencies": ["a"]},
    {"name": "c", "dagRef": "step", "dependencies": ["a", "b"], "description": "the ü one"},
    {"name": "d", "dagRef": "step", "conditions": "1 == 1"},
    {"name": "e", "dagRef": "step", "tags": ["u"], "queue": "q", "cache": {"disable": True}},
    {"name": "f", "dagRef": "step", "tags": ["u"], "queue": "q", "cache": {"disable": True}, "dependencies": ["e"]},
    {"name": "g", "dagRef": "step", "runPatch": {"container": {"image": "other"}}},
    {"name": "h", "dagRef": "told"},
    {"name": "i", "dagRef": "told", "params": {"n": {"value": 4}}},
    {"name": "j", "dagRef": "told", "params": {"n": {"value": 5}, "more": {"value": [1], "contextOnly": True}}},
    {"name": "k", "dagRef": "step", "patchStrategy": "isnull", "termination": {"maxRetries": 5}},
]


def flow_of(*operations: dict[str, Any]) -> dict[str, Any]:
    """A dag of those operations, the others of which are gone from their dependencies."""
    names = {item["name"] for item in operations}
    kept = [
        {
            **item,
            **({"dependencies": [up for up in item["dependencies"] if up in names]} if "dependencies" in item else {}),
        }
        for item in operations
    ]
    run = {"kind": "dag", "operations": kept, "components": [STEP, TOLD]}
    return operation({"name": "pipe", "run": run}, name="pipe")


def ended(*operations: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """What became of each run: its row's content, its key and its plan, without what only names it."""
    done = Harness(flow_of(*operations)).run()
    found = {}
    for item in operations:
        row = done.row(item["name"])
        content = json.loads(row.content or "{}")
        content.pop("dependencies", None)
        text = json.dumps(done.plans[row.uuid].to_dict())
        found[item["name"]] = (content, row.inputs, row.queue, row.tags, row.state, text)
    return found


def test_an_operation_comes_to_the_same_alone_and_among_others() -> None:
    together = ended(*OPERATIONS)
    backwards = ended(*reversed(OPERATIONS))
    for item in OPERATIONS:
        if item.get("dependencies"):  # what came before is part of a key
            assert backwards[item["name"]] == together[item["name"]]
        else:
            assert backwards[item["name"]] == together[item["name"]] == ended(item)[item["name"]]


@pytest.mark.parametrize("fails", [False, True])
def test_nobody_changes_what_operations_share(fails: bool) -> None:
    def outcome(_plan: Any, attempt: int) -> Outcome:
        return FAILURE if fails and attempt == 1 else Outcome(outputs={"loss": 0.5})

    done = Harness(flow_of(*OPERATIONS, op("own")), {"step": outcome})
    root = done.flow.root.operation
    assert root is not None
    seen: dict[Any, dict[str, Any]] = {}
    while done.step():
        for node in dag_graph(root).nodes:
            for layout in base_of(node.component).layouts.values():
                seen[layout] = {**shared(layout), **seen.get(layout, {})}  # as it was when first seen
    assert len(seen) >= 5
    assert sum(any("plan" in name for name in before) for before in seen.values()) >= 4
    for layout, before in seen.items():
        assert shared(layout) == before


def shared(layout: Any) -> dict[str, Any]:
    """A copy of everything in the layout that is there already."""
    plans = {f"plan for {image}": plan for image, plan in layout.plans.items()}
    names = [item.name for item in fields(layout) if item.name not in ("rendering", "plans", "declared")]
    found = {name: getattr(layout, name) for name in names} | plans
    return deepcopy({name: value for name, value in found.items() if value is not None})


def test_an_operation_of_a_dag_is_left_as_it_is_written() -> None:
    root = load_operation(flow_of(*OPERATIONS))
    node = dag_graph(root)["b"]
    assert node.written.component is None
    assert node.operation.component is node.component
    assert node.operation == node.written.model_copy(update={"component": node.component})
    assert node.written.component is None
