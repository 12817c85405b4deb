"""Every file in `plans/` compiles to exactly what stands beside it: its content, its graph, its launch plans.

`UPDATE_GOLDEN=1 pytest tests/golden` writes the expected texts anew; read the difference before keeping it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from polyaxon.compiler.compile import Compiled, Surroundings, cache_key, compile_operation, launch_plan
from polyaxon.compiler.expand import child_operation, dag_graph, inherited
from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.errors import NotFoundError
from polyaxon.model.ids import RunId
from polyaxon.model.launch import Connection, Places
from polyaxon.model.run import RunFacts, RunKind
from polyaxon.spec.operation import Operation

FOLDER = Path(__file__).parent / "plans"
FILES = sorted(FOLDER.glob("*.yaml"))
SETS = Connection("sets", "volume_claim", {"volumeClaim": "sets", "mountPath": "/data"})


class NoSources:
    """These files refer to nothing."""

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        raise NotFoundError(f"there is no `{ref}`")


def surroundings(name: str, **more: Any) -> Surroundings:
    uuid = f"{sum(map(ord, name)):032x}"
    places = Places("/ctx", "/ctx/artifacts", f"/store/{uuid}", f"/store/{uuid}/outputs", "/store")
    return Surroundings(lambda: RunFacts(RunId(uuid), name, "quick"), places, connections={"sets": SETS}, **more)


def result(operation: Operation, around: Surroundings) -> dict[str, Any]:
    compiled = compile_operation(operation, around)
    found: dict[str, Any] = {
        "kind": compiled.kind,
        "runtime": compiled.runtime,
        "key": cache_key(compiled, "quick")[0],
        "content": compiled.content(),
    }
    if compiled.condition is not None:
        found["condition"] = {"answer": compiled.condition, "saw": compiled.condition_values}
    if compiled.kind is RunKind.DAG:
        found["children"] = children(operation, compiled, around)
    elif compiled.kind in (RunKind.MATRIX, RunKind.SCHEDULE):
        suggestion = {"r": 0.25} if compiled.kind is RunKind.MATRIX else None
        found["child"] = result(child_operation(compiled, operation), surroundings("child", suggestion=suggestion))
    else:
        found["plan"] = launch_plan(compiled, around).to_dict()
    return found


def children(operation: Operation, dag: Compiled, around: Surroundings) -> dict[str, Any]:
    graph = dag_graph(operation)
    parent = RunFacts(around.run.uuid, around.run.name, "quick", inputs=dag.inputs)
    upstream = {
        node.name: RunFacts(RunId("b" * 32), node.name, "quick", outputs={"score": 0.75}) for node in graph.nodes
    }
    return {
        node.name: {
            "after": {name: edge._asdict() for name, edge in node.upstreams.items()},
            "trigger": node.trigger,
            **result(
                node.operation,
                surroundings(node.name, dag=parent, upstream=upstream, inherited=inherited(dag)),
            ),
        }
        for node in graph.nodes
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_compiles_to_its_plan(path: Path) -> None:
    loaded = load(NoSources(), Source(path.read_text(), path.name))
    assert loaded.operation is not None, loaded.problems
    found = json.dumps(result(loaded.operation, surroundings(path.stem)), indent=2, default=dict) + "\n"
    expected = path.with_suffix(".json")
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(found)
    assert found == expected.read_text()
