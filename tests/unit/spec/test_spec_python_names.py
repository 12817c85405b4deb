"""Python polyaxonfiles: the names they import, built with keywords, mean what the same file in YAML means."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from polyaxon import schemas
from polyaxon.errors import SpecError
from polyaxon.schemas import (
    V1IO,
    V1Component,
    V1Container,
    V1Dag,
    V1Environment,
    V1EnvVar,
    V1GitType,
    V1GridSearch,
    V1HpChoice,
    V1HpUniform,
    V1Init,
    V1Job,
    V1Operation,
    V1Param,
    V1RandomSearch,
    V1ResourceRequirements,
    V1Termination,
    V1TriggerPolicy,
)
from polyaxon.spec.check import read
from polyaxon.spec.load import parse

YAML = """
kind: operation
name: sweep
termination: {maxRetries: 2}
matrix:
  kind: random
  params: {lr: {kind: uniform, value: [0, 1]}}
  numRuns: 3
trigger: all_done
params: {lr: 0.5, data: {ref: ops.prepare, value: outputs.path}}
component:
  kind: component
  inputs:
  - {name: lr, type: float, value: 0.1}
  - {name: layers, type: "list[int]", value: [1, 2]}
  - {name: data, type: path}
  run:
    kind: job
    environment: {nodeSelector: {disk: ssd}}
    init:
    - git: {url: https://example.org/r}
    container:
      image: trainer:1
      command: [python, train.py]
      env: [{name: A, value: "1"}]
      resources: {limits: {cpu: 2}}
"""


def build() -> V1Operation:
    component = V1Component(
        inputs=[
            V1IO(name="lr", type=float, value=0.1),
            V1IO(name="layers", type=list[int], value=[1, 2]),
            V1IO(name="data", type="path"),
        ],
        run=V1Job(
            environment=V1Environment(node_selector={"disk": "ssd"}),
            init=[V1Init(git=V1GitType(url="https://example.org/r"))],
            container=V1Container(
                image="trainer:1",
                command=["python", "train.py"],
                env=[V1EnvVar(name="A", value="1")],
                resources=V1ResourceRequirements(limits={"cpu": 2}),
            ),
        ),
    )
    return V1Operation(
        name="sweep",
        component=component,
        params={"lr": 0.5, "data": V1Param(ref="ops.prepare", value="outputs.path")},
        matrix=V1RandomSearch(num_runs=3, params={"lr": V1HpUniform(value=[0, 1])}),
        trigger=V1TriggerPolicy.ALL_DONE,
        termination=V1Termination(max_retries=2),
    )


def test_an_operation_built_in_python_equals_the_one_in_yaml() -> None:
    assert build() == read(parse(YAML, "x.yaml"))


def test_what_python_built_is_written_and_read_back() -> None:
    written = build().to_dict()
    assert read(parse(json.dumps(written), "x.json")) == build()
    assert V1Operation.from_dict(written) == build()


def test_kinds_are_written_although_python_code_leaves_them_to_the_class() -> None:
    dag = V1Component(run=V1Dag(operations=[V1Operation(name="a", component=V1Component(run=V1Job()))]))
    assert dag.to_dict()["run"]["kind"] == "dag"
    assert dag.to_dict()["run"]["operations"][0]["component"]["run"] == {"kind": "job"}


def test_a_mistake_in_python_code_is_diagnosed_like_one_in_a_file() -> None:
    grid = V1GridSearch(params={"a": V1HpChoice(value=[1])})
    with pytest.raises(SpecError, match="no field `parms`"):
        read(parse(json.dumps({"matrix": {**grid.to_dict(), "parms": 1}}), "x.py"))


class ClientContainer:
    """Like an object of the Kubernetes client: attributes and the names they have on the wire."""

    attribute_map: ClassVar[dict[str, str]] = {"name": "name", "working_dir": "workingDir", "env": "env"}

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(dict.fromkeys(self.attribute_map), **fields)


def test_objects_of_a_kubernetes_client_are_taken() -> None:
    container = ClientContainer(working_dir="/w", env=[ClientContainer(name="A")])
    assert V1Job(container=container).to_dict() == {
        "kind": "job",
        "container": {"workingDir": "/w", "env": [{"name": "A"}]},
    }


def test_every_name_exists() -> None:
    assert len(schemas.__all__) == len(set(schemas.__all__)) > 100
    for name in schemas.__all__:
        assert getattr(schemas, name) is not None
