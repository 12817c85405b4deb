"""Section 3: what makes an edge between two operations of a dag, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from harness import dag, job, op, operation
from rows import SCORE, begun, on

from polyaxon.compiler.expand import dag_graph
from polyaxon.engine.compilation import load_operation

A = op("a", job("a", outputs=[{"name": "score", "type": "float"}]))
VALUE = {"score": {"ref": "ops.a", "value": "outputs.score"}}
CONTEXT = {"score": {"value": "{{ ops.a.outputs.score }}", "contextOnly": True}}
JOIN = {"query": "name: a", "params": {"scores": {"value": "outputs.score", "contextOnly": True}}}

EDGES: dict[str, tuple[dict[str, Any], dict[str, tuple[bool, dict[str, str], tuple[str, ...]]]]] = {
    # row: what `b` says, and its edge to `a`: (depends, values, events)
    "dependencies": (op("b", dependencies=["a"]), {"a": (True, {}, ())}),
    "a param with ref ops.X": (op("b", job("b", **SCORE), params=VALUE), {"a": (True, {"score": "outputs.score"}, ())}),
    "an event with ref ops.X": (op("b", **on("a", "running")), {"a": (False, {}, ("running",))}),
    "two kinds to one upstream are one edge": (
        op("b", job("b", **SCORE), params=VALUE, dependencies=["a"], **on("a", "succeeded")),
        {"a": (True, {"score": "outputs.score"}, ("succeeded",))},
    ),
    "not: the text of conditions": (op("b", conditions="{{ ops.a.status == 'succeeded' }}"), {}),
    "not: templates elsewhere": (op("b", params=CONTEXT), {}),
    "not: joins": (op("b", joins=[JOIN]), {}),
    "not: runs.<uuid>": (
        op("b", job("b", **SCORE), params={"score": {"ref": "runs." + "a" * 32, "value": "outputs.score"}}),
        {},
    ),
    "not: params of hooks": (op("b", hooks=[{"hubRef": "notify", "params": {"s": VALUE["score"]}}]), {}),
}


@pytest.mark.parametrize("row", EDGES)
def test_the_edges_of_an_operation(row: str) -> None:
    raw, expected = EDGES[row]
    upstreams = dag_graph(load_operation(operation(dag(A, raw))))["b"].upstreams
    assert {name: (edge.depends, dict(edge.values), edge.events) for name, edge in upstreams.items()} == expected


def test_the_order_in_the_list_has_no_meaning() -> None:
    graph = dag_graph(load_operation(operation(dag(op("z", dependencies=["y"]), op("y", dependencies=["x"]), op("x")))))
    assert [node.name for node in graph.nodes] == ["x", "y", "z"]


def test_ties_go_in_creation_order() -> None:
    going = begun(op("c"), op("a"), op("b"), concurrency=1)
    assert going.order() == ["c", "a", "b"]
