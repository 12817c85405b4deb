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
from polyaxon.spec.fields import Model
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


NEEDED: dict[str, dict[str, Any]] = {
    "Bayes": {
        "params": {"a": {"kind": "choice", "value": [1]}},
        "metric": {"name": "m", "optimization": "minimize"},
        "num_initial_runs": 1,
        "max_iterations": 1,
    },
    "BucketConnection": {"bucket": "s3://b"},
    "Build": {"hub_ref": "a"},
    "ClaimConnection": {"volume_claim": "c", "mount_path": "/c"},
    "Connection": {"name": "a", "kind": "custom"},
    "ConnectionResource": {"name": "a"},
    "Container": {"image": "x", "working_dir": "/w", "env": [{"name": "A", "value": "1"}]},
    "CronSchedule": {"cron": "@daily", "max_runs": 2},
    "Culling": {"timeout": 1},
    "DateTimeSchedule": {"start_at": "2030-01-01"},
    "DiffStoppingPolicy": {"percent": 1, "evaluation_interval": 1},
    "DockerfileType": {"image": "x", "lang_env": "C"},
    "Event": {"kinds": ["run_status_done"], "ref": "ops.a"},
    "FailureEarlyStopping": {"percent": 1},
    "FileType": {"content": "x"},
    "GridSearch": {"params": {"a": {"kind": "choice", "value": [1]}}},
    "Hook": {"hub_ref": "a", "disable_defaults": True},
    "HostConnection": {"url": "https://h"},
    "HostPathConnection": {"host_path": "/h", "mount_path": "/c"},
    "HttpProbe": {"port": 80},
    "Hyperopt": {
        "params": {"a": {"kind": "choice", "value": [1]}},
        "metric": {"name": "m", "optimization": "minimize"},
    },
    "IO": {"name": "a", "is_optional": True},
    "Init": {"connection": "c"},
    "IntervalSchedule": {"frequency": 60},
    "Iterative": {"max_iterations": 1},
    "Join": {"query": "status: succeeded"},
    "Mapping": {"values": [{"a": 1}]},
    "Metric": {"name": "m", "optimization": "minimize"},
    "MetricEarlyStopping": {"metric": "m", "value": 1, "optimization": "minimize"},
    "Notification": {"connections": ["c"]},
    "PodFailurePolicy": {"rules": [{"action": "FailJob"}]},
    "RandomSearch": {"params": {"a": {"kind": "choice", "value": [1]}}, "num_runs": 1},
    "Resource": {"name": "n"},
    "TruncationStoppingPolicy": {"percent": 1, "evaluation_interval": 1},
    "Tuner": {"hub_ref": "a"},
    "UtilityFunction": {"kappa": 1},
    "Volume": {"name": "v", "empty_dir": {}},
    **{
        name: {"value": value}
        for name, value in {
            **dict.fromkeys(("HpRange", "HpLinSpace", "HpLogSpace", "HpGeomSpace"), "1:10:2"),
            **dict.fromkeys(("HpUniform", "HpLogUniform", "HpNormal", "HpLogNormal"), "1:2"),
            **dict.fromkeys(("HpQUniform", "HpQLogUniform", "HpQNormal", "HpQLogNormal"), "1:2:0.5"),
            "HpChoice": [1],
            "HpPChoice": [["a", 0.5]],
            "HpDateRange": ["2030-01-01", "2030-02-01", 1],
            "HpDateTimeRange": ["2030-01-01", "2030-02-01", 60],
        }.items()
    },
}
NEEDED["Tpe"] = NEEDED["Hyperopt"]
NEEDED["Hyperband"] = {**NEEDED["Hyperopt"], "max_iterations": 9, "resource": {"name": "n"}}
NEEDED["Asha"] = {**NEEDED["Hyperband"], "num_runs": 3}
NEEDED["Cmaes"] = {**NEEDED["Hyperopt"], "num_runs": 3}
MODELS = {
    name: value
    for name in schemas.__all__
    if isinstance(value := getattr(schemas, name), type) and issubclass(value, Model)
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_class_is_built_with_keywords_and_read_back_from_what_it_writes(name: str) -> None:
    model = MODELS[name]
    built = model(**({} if name == "V1TunerJob" else NEEDED.get(model.__name__, {})))
    written = built.to_dict()
    assert not [key for key in written if "_" in key]
    assert model.from_dict(written) == built
    assert model.from_dict(written).to_dict() == written


IMPORTED = [
    "AcquisitionFunctions",
    "GaussianProcessConfig",
    "GaussianProcessesKernels",
    "PullPolicy",
    "UtilityFunctionConfig",
    "V1ArtifactKind",
    "V1Bayes",
    "V1BucketConnection",
    "V1Build",
    "V1Cache",
    "V1ClaimConnection",
    "V1CleanPodPolicy",
    "V1CleanerJob",
    "V1CloningKind",
    "V1CompiledOperation",
    "V1Component",
    "V1Connection",
    "V1ConnectionKind",
    "V1ConnectionResource",
    "V1CronSchedule",
    "V1Dag",
    "V1DaskCluster",
    "V1DaskReplica",
    "V1DateTimeSchedule",
    "V1DiffStoppingPolicy",
    "V1Environment",
    "V1EventKind",
    "V1EventTrigger",
    "V1FailureEarlyStopping",
    "V1GitConnection",
    "V1GridSearch",
    "V1Hook",
    "V1HostConnection",
    "V1HostPathConnection",
    "V1HpChoice",
    "V1HpDateRange",
    "V1HpDateTimeRange",
    "V1HpGeomSpace",
    "V1HpLinSpace",
    "V1HpLogNormal",
    "V1HpLogSpace",
    "V1HpLogUniform",
    "V1HpNormal",
    "V1HpPChoice",
    "V1HpQLogNormal",
    "V1HpQLogUniform",
    "V1HpQNormal",
    "V1HpQUniform",
    "V1HpRange",
    "V1HpUniform",
    "V1Hyperband",
    "V1Hyperopt",
    "V1IO",
    "V1Init",
    "V1IntervalSchedule",
    "V1Iterative",
    "V1Job",
    "V1Join",
    "V1JoinParam",
    "V1KFReplica",
    "V1MPIJob",
    "V1Mapping",
    "V1Matrix",
    "V1MatrixKind",
    "V1MedianStoppingPolicy",
    "V1MetricEarlyStopping",
    "V1Notification",
    "V1NotifierJob",
    "V1Operation",
    "V1Optimization",
    "V1OptimizationMetric",
    "V1OptimizationResource",
    "V1Param",
    "V1PatchStrategy",
    "V1PipelineKind",
    "V1Plugins",
    "V1Polyaxonfile",
    "V1PytorchJob",
    "V1RandomSearch",
    "V1RayCluster",
    "V1RayReplica",
    "V1ResourceType",
    "V1RunEdgeKind",
    "V1RunKind",
    "V1RunPending",
    "V1Runtime",
    "V1ScheduleKind",
    "V1SchedulingPolicy",
    "V1Service",
    "V1Statuses",
    "V1TFJob",
    "V1TPE",
    "V1Template",
    "V1Termination",
    "V1TriggerPolicy",
    "V1TruncationStoppingPolicy",
    "V1Tuner",
    "V1TunerJob",
    "V1ArtifactsType",
    "V1DockerfileType",
    "V1FileType",
    "V1GitType",
    "V1TensorboardType",
]


@pytest.mark.parametrize("name", IMPORTED)
def test_what_python_files_import_is_there(name: str) -> None:
    assert hasattr(schemas, name)
    assert name in schemas.__all__


def test_connections_take_their_schema_as_an_object() -> None:
    connection = schemas.V1Connection(
        name="sets",
        kind=schemas.V1ConnectionKind.VOLUME_CLAIM,
        schema=schemas.V1ClaimConnection(volume_claim="sets", mount_path="/sets"),
    )
    assert connection.to_dict()["schema"] == {"volumeClaim": "sets", "mountPath": "/sets"}


def test_types_have_names() -> None:
    from polyaxon import types
    from polyaxon.spec.types import TYPES

    assert {getattr(types, name) for name in types.__all__} == set(TYPES)
    assert V1IO(name="lr", type=types.FLOAT).to_dict() == {"name": "lr", "type": "float"}


def test_a_file_without_a_kind_can_be_built() -> None:
    built = schemas.V1Polyaxonfile(container=V1Container(image="x"), cmd="ls", params={"a": 1})
    assert built.to_dict() == {"container": {"image": "x"}, "cmd": "ls", "params": {"a": {"value": 1}}}
