"""What is run on several pods at once? The kubeflow kinds, ray and dask clusters."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AliasChoices, Field
from pydantic_core import core_schema

from polyaxon.spec.container import Resources
from polyaxon.spec.fields import Before, BoolOrRef, CountOrRef, IntOrRef, Kinded, Model, OrTemplate, Shape
from polyaxon.spec.jobs import Pod

__all__ = [
    "AutoscalerOptions",
    "DaskCluster",
    "DaskReplica",
    "ElasticPolicy",
    "KFReplica",
    "MPIJob",
    "MXJob",
    "PaddleJob",
    "PytorchJob",
    "RayCluster",
    "RayReplica",
    "SchedulingPolicy",
    "TFJob",
    "XGBJob",
]


class KFReplica(Pod):
    """The pods of one role."""

    replicas: CountOrRef | None = None
    """How many pods; 1 when absent."""


class SchedulingPolicy(Model):
    """All pods together or none."""

    min_available: IntOrRef | None = None
    """How many pods must fit."""
    queue: str | None = None
    """The batch scheduler's queue."""
    min_resources: (
        Annotated[
            int | dict[str, Any],
            Shape(
                "a mapping of resources to amounts, or a number",
                core_schema.union_schema(
                    [core_schema.int_schema(strict=True), core_schema.dict_schema(core_schema.str_schema())]
                ),
                {"type": ["integer", "object"]},
            ),
        ]
        | None
    ) = None
    """Which resources must be free."""
    priority_class: str | None = None
    """The batch scheduler's priority class."""
    schedule_timeout_seconds: IntOrRef | None = None
    """Seconds to wait for a place."""


class ElasticPolicy(Model):
    """How many workers come and go, and how they find each other."""

    min_replicas: IntOrRef | None = None
    """At least so many workers."""
    max_replicas: IntOrRef | None = None
    """At most so many workers."""
    rdvz_backend: str | None = None
    """`c10d`, `etcd` or `etcd-v2`."""
    rdvz_port: IntOrRef | None = None
    """Port of the rendezvous."""
    rdvz_host: str | None = None
    """Host of the rendezvous."""
    rdvz_id: str | None = None
    """Name of the rendezvous."""
    rdvz_conf: list[dict[str, Any]] | None = None
    """Further settings: a list of `{key, value}`."""
    standalone: bool | None = None
    """Whether the rendezvous is within one node."""
    n_proc_per_node: IntOrRef | None = None
    """Processes in each pod."""
    max_restarts: IntOrRef | None = None
    """How often workers are started again."""
    metrics: list[dict[str, Any]] | None = Field(
        default=None, validation_alias=AliasChoices("metrics", "Metrics"), serialization_alias="metrics"
    )
    """Metrics that decide about the number of workers. The reference writes this one field with a capital."""


CleanPodPolicy: TypeAlias = Annotated[Literal["All", "Running", "None"] | str, OrTemplate]


class _Kubeflow(Kinded):
    """What the kubeflow kinds share."""

    clean_pod_policy: CleanPodPolicy | None = None
    """Which pods are deleted at the end."""
    scheduling_policy: SchedulingPolicy | None = None
    """All pods together or none."""


class TFJob(_Kubeflow):
    """A TensorFlow job."""

    kind: Literal["tfjob"] = "tfjob"
    """`tfjob`."""
    chief: KFReplica | None = None
    """The pod that leads."""
    worker: KFReplica | None = None
    """The pods that compute."""
    ps: KFReplica | None = None
    """The parameter servers."""
    evaluator: KFReplica | None = None
    """The pods that evaluate."""
    enable_dynamic_worker: bool | None = None
    """Whether workers may come and go."""
    success_policy: str | None = None
    """Empty: success when the chief (or the first worker) succeeds; `AllWorkers`: when all do."""


class PytorchJob(_Kubeflow):
    """A PyTorch job."""

    kind: Literal["pytorchjob"] = "pytorchjob"
    """`pytorchjob`."""
    master: KFReplica | None = None
    """The pod of rank 0."""
    worker: KFReplica | None = None
    """The other pods."""
    n_proc_per_node: (
        Annotated[
            int | str,
            Shape(
                "a whole number, or `auto`, `cpu`, `gpu`",
                core_schema.union_schema(
                    [core_schema.int_schema(strict=True), core_schema.literal_schema(["auto", "cpu", "gpu"])]
                ),
                {"anyOf": [{"type": "integer"}, {"enum": ["auto", "cpu", "gpu"]}]},
                template=True,
            ),
        ]
        | None
    ) = None
    """Processes in each pod."""
    elastic_policy: ElasticPolicy | None = None
    """How many workers come and go."""


class MPIJob(_Kubeflow):
    """An MPI job."""

    kind: Literal["mpijob"] = "mpijob"
    """`mpijob`."""
    launcher: KFReplica | None = None
    """The pod that starts the others' processes."""
    worker: KFReplica | None = None
    """The pods that compute."""
    slots_per_worker: IntOrRef | None = None
    """Processes in each worker; 1 when absent."""


class MXJob(_Kubeflow):
    """An MXNet job; read for old files."""

    kind: Literal["mxjob"] = "mxjob"
    """`mxjob`."""
    mode: Literal["MXTrain", "MXTune"] | None = None
    """Training or tuning."""
    scheduler: KFReplica | None = None
    """The pod that coordinates."""
    server: KFReplica | None = None
    """The parameter servers."""
    worker: KFReplica | None = None
    """The pods that compute."""
    tuner: KFReplica | None = None
    """The pod that tunes."""
    tuner_tracker: KFReplica | None = None
    """The pod that tracks tuning."""
    tuner_server: KFReplica | None = None
    """The pods that serve tuning."""


class XGBJob(_Kubeflow):
    """An XGBoost job; read for old files."""

    kind: Literal["xgbjob"] = "xgbjob"
    """`xgbjob`."""
    master: KFReplica | None = None
    """The pod of rank 0."""
    worker: KFReplica | None = None
    """The other pods."""


class PaddleJob(_Kubeflow):
    """A PaddlePaddle job; read for old files."""

    kind: Literal["paddlejob"] = "paddlejob"
    """`paddlejob`."""
    master: KFReplica | None = None
    """The pod that coordinates."""
    worker: KFReplica | None = None
    """The pods that compute."""
    elastic_policy: ElasticPolicy | None = None
    """How many workers come and go."""


def _texts(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _text(item) for key, item in value.items()}


def _text(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    from polyaxon.spec.types import cast

    return cast("str", value)


StartParams: TypeAlias = Annotated[
    dict[str, str], Before(_texts, "a mapping of names to any values", {"type": "object"})
]


class RayReplica(KFReplica):
    """The pods of the head or of one group of workers."""

    min_replicas: IntOrRef | None = None
    """At least so many pods."""
    max_replicas: IntOrRef | None = None
    """At most so many pods."""
    ray_start_params: StartParams | None = None
    """Options of `ray start`."""


class AutoscalerOptions(Model):
    """How the ray autoscaler works."""

    upscaling_mode: str | None = None
    """`Conservative`, `Default` or `Aggressive`."""
    image_pull_policy: str | None = None
    """When its image is pulled."""
    resources: Resources | None = None
    """Its resources."""


class RayCluster(Kinded):
    """A ray cluster, perhaps with a program to run on it."""

    kind: Annotated[Literal["raycluster"], Before(lambda kind: "raycluster" if kind == "rayjob" else kind)] = (
        "raycluster"
    )
    """`raycluster`, or `rayjob` in old files."""
    entrypoint: str | None = None
    """The program to run on the cluster."""
    runtime_env: dict[str, Any] | None = None
    """Ray's runtime environment."""
    metadata: StartParams | None = None
    """Texts that ray keeps with the job."""
    ray_version: str | None = None
    """The version of ray."""
    head: RayReplica | None = None
    """The head."""
    workers: dict[str, RayReplica] | None = None
    """Groups of workers, by name."""
    enable_in_tree_autoscaling: BoolOrRef | None = None
    """Whether ray's autoscaler runs."""
    autoscaler_options: AutoscalerOptions | None = None
    """How the autoscaler works."""


class DaskReplica(KFReplica):
    """The pods of one role of a dask cluster."""


class DaskCluster(Kinded):
    """A dask cluster."""

    kind: Annotated[Literal["daskcluster"], Before(lambda kind: "daskcluster" if kind == "daskjob" else kind)] = (
        "daskcluster"
    )
    """`daskcluster`, or `daskjob` in old files."""
    job: DaskReplica | None = Field(default=None)
    """The program of a `daskjob`."""
    scheduler: DaskReplica | None = None
    """The scheduler."""
    worker: DaskReplica | None = None
    """The workers."""
    min_replicas: IntOrRef | None = None
    """At least so many workers."""
    max_replicas: IntOrRef | None = None
    """At most so many workers."""
