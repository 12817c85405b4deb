"""Section 16: which edges are recorded between runs, and which of them a trigger looks at."""

from __future__ import annotations

import pytest
from harness import ROOT, Harness, dag, job, op, operation
from rows import SCORE, done, on

from polyaxon.engine.events import Fetched
from polyaxon.model.ids import RunId, child_id
from polyaxon.model.run import RunFacts
from polyaxon.model.status import Status

OTHER = RunId("e" * 32)
VALUE = {"score": {"ref": "ops.a", "value": "outputs.score"}}


def edges(going: Harness, kind: str) -> list[tuple[RunId, RunId, dict]]:
    return [(edge.upstream, edge.downstream, dict(edge.values)) for edge in going.edges if edge.kind == kind]


DAG = {
    # row: (what `b` says, what flows along its edge to `a`)
    "dag: an order only": (op("b", dependencies=["a"]), {}),
    "dag: values of refs": (op("b", job("b", **SCORE), params=VALUE), {"values": {"score": "outputs.score"}}),
    "dag: statuses of events": (op("b", **on("a", "running")), {"statuses": ["running"]}),
}


@pytest.mark.parametrize("row", DAG)
def test_edge(row: str) -> None:
    raw, values = DAG[row]
    going = done(op("a", job("gives")), raw)
    assert edges(going, "dag") == [(going.id("a"), going.id("b"), values)]


def found(**more: object) -> RunFacts:
    return RunFacts(OTHER, "past", "default", status=Status.SUCCEEDED, outputs={"score": 0.5}, **more)


def test_join_from_the_joined_run() -> None:
    join = {"query": "name: past", "params": {"scores": {"value": "outputs.score", "contextOnly": True}}}
    going = Harness(operation(job("a"), joins=[join]))
    going.answer = lambda fetch: Fetched(fetch.run, joins=[[found()] for _ in fetch.joins])
    assert edges(going.run(), "join") == [(OTHER, ROOT, {})]


def test_run_from_the_source_of_a_ref() -> None:
    raw = operation(job("a", **SCORE), params={"score": {"ref": f"runs.{OTHER}", "value": "outputs.score"}})
    going = Harness(raw)
    going.answer = lambda fetch: Fetched(fetch.run, runs={OTHER: found()} if fetch.runs else {})
    assert edges(going.run(), "run") == [(OTHER, ROOT, {})]


def test_hook_to_its_run() -> None:
    going = Harness(operation(job("a"), hooks=[{"hubRef": "n"}]), meta={"components": {"n": job("n")}}).run()
    assert edges(going, "hook") == [(ROOT, child_id(ROOT, "hook:0"), {"hook": 0})]


def test_build_from_the_builder() -> None:
    components = {"builder": job("builder", inputs=[{"name": "destination", "type": "str"}])}
    going = Harness(operation(job("a"), build={"hubRef": "builder"}), meta={"components": components}).run()
    ((upstream, downstream, _),) = edges(going, "build")
    assert (upstream in going.rows, downstream) == (True, ROOT)


def test_a_trigger_looks_at_dag_edges_only() -> None:
    raw = op("b", job("b", **SCORE), params={"score": {"ref": f"runs.{OTHER}", "value": "outputs.score"}})
    going = Harness(operation(dag(op("a"), {**raw, "dependencies": ["a"]})))
    failed = RunFacts(OTHER, "past", "default", status=Status.FAILED, outputs={"score": 0.5})
    going.answer = lambda fetch: Fetched(fetch.run, runs={OTHER: failed}) if fetch.runs else going.lookup(fetch)
    assert going.run().statuses() == {"a": "succeeded", "b": "succeeded"}


def test_edges_are_recorded_once_whatever_happens() -> None:
    going = Harness(operation(dag(op("a"), op("b", dependencies=["a"]))))
    while going.step():
        going.crash()
        going.settle()
    assert len(edges(going, "dag")) == 1
