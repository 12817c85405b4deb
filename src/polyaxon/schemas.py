"""The names that Python polyaxonfiles import: `from polyaxon.schemas import V1Component, V1Job, …`.

Every name stands for a model of `polyaxon.spec`, built with snake_case keywords; params may be plain values. A Python
polyaxonfile holds a component or an operation in its variable `main`.
"""

from __future__ import annotations

from typing import Any

from polyaxon.model import run, status
from polyaxon.spec import (
    cache,
    compiled,
    component,
    connections,
    container,
    dag,
    distributed,
    enums,
    environment,
    hooks,
    init,
    io,
    jobs,
    matrix,
    operation,
    params,
    plugins,
    pods,
    schedule,
    space,
    stopping,
    termination,
)
from polyaxon.spec.fields import to_camel

__all__ = [
    "V1IO",
    "V1TPE",
    "AcquisitionFunctions",
    "GaussianProcessConfig",
    "GaussianProcessesKernels",
    "KubernetesObject",
    "PullPolicy",
    "UtilityFunctionConfig",
    "V1ActivityProbe",
    "V1ActivityProbeExec",
    "V1ActivityProbeHttp",
    "V1Affinity",
    "V1ArtifactKind",
    "V1ArtifactsType",
    "V1Asha",
    "V1AutoscalerOptions",
    "V1AverageStoppingPolicy",
    "V1Bayes",
    "V1BucketConnection",
    "V1Build",
    "V1Cache",
    "V1ClaimConnection",
    "V1CleanPodPolicy",
    "V1Cleaner",
    "V1CleanerJob",
    "V1CloningKind",
    "V1Cmaes",
    "V1CompiledOperation",
    "V1Component",
    "V1ConfigMapEnvSource",
    "V1ConfigMapKeySelector",
    "V1ConfigMapVolumeSource",
    "V1Connection",
    "V1ConnectionKind",
    "V1ConnectionResource",
    "V1Container",
    "V1ContainerPort",
    "V1CronSchedule",
    "V1Culling",
    "V1Dag",
    "V1DaskCluster",
    "V1DaskJob",
    "V1DaskReplica",
    "V1DateTimeSchedule",
    "V1DiffStoppingPolicy",
    "V1DockerfileType",
    "V1EmptyDirVolumeSource",
    "V1EnvFromSource",
    "V1EnvVar",
    "V1EnvVarSource",
    "V1Environment",
    "V1Event",
    "V1EventKind",
    "V1EventTrigger",
    "V1ExecAction",
    "V1FailureEarlyStopping",
    "V1FileType",
    "V1GaussianProcessConfig",
    "V1GitConnection",
    "V1GitType",
    "V1GridSearch",
    "V1HTTPGetAction",
    "V1Hook",
    "V1HostAlias",
    "V1HostConnection",
    "V1HostPathConnection",
    "V1HostPathVolumeSource",
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
    "V1HyperoptAlgorithms",
    "V1Init",
    "V1IntervalSchedule",
    "V1Iterative",
    "V1Job",
    "V1Join",
    "V1JoinParam",
    "V1KFReplica",
    "V1KeyToPath",
    "V1Lifecycle",
    "V1LocalObjectReference",
    "V1MPIJob",
    "V1MXJob",
    "V1Mapping",
    "V1Matrix",
    "V1MatrixKind",
    "V1MedianStoppingPolicy",
    "V1MetricEarlyStopping",
    "V1Mount",
    "V1NFSVolumeSource",
    "V1NodeAffinity",
    "V1Notification",
    "V1Notifier",
    "V1NotifierJob",
    "V1ObjectFieldSelector",
    "V1Operation",
    "V1Optimization",
    "V1OptimizationMetric",
    "V1OptimizationResource",
    "V1PaddleJob",
    "V1Param",
    "V1PatchStrategy",
    "V1PersistentVolumeClaimVolumeSource",
    "V1PipelineKind",
    "V1Plugins",
    "V1PodAffinity",
    "V1PodAntiAffinity",
    "V1PodDNSConfig",
    "V1PodFailurePolicy",
    "V1PodSecurityContext",
    "V1PolyaxonSidecarContainer",
    "V1Polyaxonfile",
    "V1Probe",
    "V1ProjectedVolumeSource",
    "V1PytorchElasticPolicy",
    "V1PytorchJob",
    "V1RandomSearch",
    "V1RayCluster",
    "V1RayJob",
    "V1RayReplica",
    "V1ResourceRequirements",
    "V1ResourceType",
    "V1RunEdgeKind",
    "V1RunKind",
    "V1RunPending",
    "V1Runtime",
    "V1ScheduleKind",
    "V1SchedulingPolicy",
    "V1SecretEnvSource",
    "V1SecretKeySelector",
    "V1SecretVolumeSource",
    "V1SecurityContext",
    "V1Service",
    "V1Statuses",
    "V1TCPSocketAction",
    "V1TFJob",
    "V1Template",
    "V1TensorboardType",
    "V1Termination",
    "V1Toleration",
    "V1Tpe",
    "V1TriggerPolicy",
    "V1TruncationStoppingPolicy",
    "V1Tuner",
    "V1TunerJob",
    "V1UtilityFunctionConfig",
    "V1Validation",
    "V1Volume",
    "V1VolumeMount",
    "V1XGBJob",
    "V1XGBoostJob",
]

V1CloningKind = run.Cloning
V1RunKind = run.RunKind

V1Statuses = status.Status

V1Cache = cache.Cache

V1Component = component.Component
V1Mount = component.Mount
V1Template = component.Template

V1Connection = connections.Connection
V1ConnectionResource = connections.ConnectionResource

V1Affinity = pods.Affinity
V1Container = container.Container
V1PodDNSConfig = pods.DnsConfig
V1HostAlias = pods.HostAlias
V1PodFailurePolicy = termination.PodFailurePolicy
V1PodSecurityContext = pods.PodSecurityContext
V1Toleration = pods.Toleration
V1Volume = pods.Volume

V1Dag = dag.Dag

V1AutoscalerOptions = distributed.AutoscalerOptions
V1DaskCluster = distributed.DaskCluster
V1DaskReplica = distributed.DaskReplica
V1PytorchElasticPolicy = distributed.ElasticPolicy
V1KFReplica = distributed.KFReplica
V1MPIJob = distributed.MPIJob
V1MXJob = distributed.MXJob
V1PaddleJob = distributed.PaddleJob
V1PytorchJob = distributed.PytorchJob
V1RayCluster = distributed.RayCluster
V1RayReplica = distributed.RayReplica
V1SchedulingPolicy = distributed.SchedulingPolicy
V1TFJob = distributed.TFJob
V1XGBoostJob = distributed.XGBJob

V1Environment = environment.Environment

V1Build = hooks.Build
V1EventTrigger = hooks.Event
V1Hook = hooks.Hook

V1ArtifactsType = init.ArtifactsType
V1DockerfileType = init.DockerfileType
V1FileType = init.FileType
V1GitType = init.GitType
V1Init = init.Init
V1TensorboardType = init.TensorboardType

V1IO = io.IO
V1Validation = io.Validation

V1CleanerJob = jobs.Cleaner
V1Job = jobs.Job
V1NotifierJob = jobs.Notifier
V1Service = jobs.Service
V1TunerJob = jobs.Tuner

V1Asha = matrix.Asha
V1Bayes = matrix.Bayes
V1Cmaes = matrix.Cmaes
V1GaussianProcessConfig = matrix.GaussianProcess
V1GridSearch = matrix.GridSearch
V1Hyperband = matrix.Hyperband
V1Hyperopt = matrix.Hyperopt
V1Iterative = matrix.Iterative
V1Mapping = matrix.Mapping
V1RandomSearch = matrix.RandomSearch
V1OptimizationResource = matrix.Resource
V1TPE = matrix.Tpe
V1Tuner = matrix.Tuner
V1UtilityFunctionConfig = matrix.UtilityFunction

V1CompiledOperation = compiled.CompiledOperation
V1Operation = operation.Operation

V1Join = params.Join
V1Param = params.Param

V1Notification = plugins.Notification
V1Plugins = plugins.Plugins
V1PolyaxonSidecarContainer = plugins.SidecarPlugin

V1CronSchedule = schedule.CronSchedule
V1DateTimeSchedule = schedule.DateTimeSchedule
V1IntervalSchedule = schedule.IntervalSchedule

V1HpChoice = space.HpChoice
V1HpDateRange = space.HpDateRange
V1HpDateTimeRange = space.HpDateTimeRange
V1HpGeomSpace = space.HpGeomSpace
V1HpLinSpace = space.HpLinSpace
V1HpLogNormal = space.HpLogNormal
V1HpLogSpace = space.HpLogSpace
V1HpLogUniform = space.HpLogUniform
V1HpNormal = space.HpNormal
V1HpPChoice = space.HpPChoice
V1HpQLogNormal = space.HpQLogNormal
V1HpQLogUniform = space.HpQLogUniform
V1HpQNormal = space.HpQNormal
V1HpQUniform = space.HpQUniform
V1HpRange = space.HpRange
V1HpUniform = space.HpUniform

V1AverageStoppingPolicy = stopping.AverageStoppingPolicy
V1DiffStoppingPolicy = stopping.DiffStoppingPolicy
V1FailureEarlyStopping = stopping.FailureEarlyStopping
V1MedianStoppingPolicy = stopping.MedianStoppingPolicy
V1OptimizationMetric = stopping.Metric
V1MetricEarlyStopping = stopping.MetricEarlyStopping
V1TruncationStoppingPolicy = stopping.TruncationStoppingPolicy

V1Culling = termination.Culling
V1ActivityProbeExec = termination.ExecProbe
V1ActivityProbeHttp = termination.HttpProbe
V1ActivityProbe = termination.Probe
V1Termination = termination.Termination

# Names that changed, or that exist twice.
V1RayJob = distributed.RayCluster
V1DaskJob = distributed.DaskCluster
V1XGBJob = distributed.XGBJob
V1JoinParam = params.Param
V1Event = hooks.Event
V1Tpe = matrix.Tpe
V1Notifier = jobs.Notifier
V1Cleaner = jobs.Cleaner


class KubernetesObject(dict[str, Any]):
    """One of Kubernetes' smaller objects, by its snake_case fields: the mapping that the file would hold."""

    def __init__(self, **fields: Any) -> None:
        super().__init__({to_camel(name): value for name, value in fields.items() if value is not None})


V1ConfigMapEnvSource = KubernetesObject
V1ConfigMapKeySelector = KubernetesObject
V1ConfigMapVolumeSource = KubernetesObject
V1ContainerPort = KubernetesObject
V1EmptyDirVolumeSource = KubernetesObject
V1EnvFromSource = KubernetesObject
V1EnvVar = KubernetesObject
V1EnvVarSource = KubernetesObject
V1ExecAction = KubernetesObject
V1HTTPGetAction = KubernetesObject
V1HostPathVolumeSource = KubernetesObject
V1KeyToPath = KubernetesObject
V1Lifecycle = KubernetesObject
V1LocalObjectReference = KubernetesObject
V1NFSVolumeSource = KubernetesObject
V1NodeAffinity = KubernetesObject
V1ObjectFieldSelector = KubernetesObject
V1PersistentVolumeClaimVolumeSource = KubernetesObject
V1PodAffinity = KubernetesObject
V1PodAntiAffinity = KubernetesObject
V1Probe = KubernetesObject
V1ProjectedVolumeSource = KubernetesObject
V1ResourceRequirements = KubernetesObject
V1SecretEnvSource = KubernetesObject
V1SecretKeySelector = KubernetesObject
V1SecretVolumeSource = KubernetesObject
V1SecurityContext = KubernetesObject
V1TCPSocketAction = KubernetesObject
V1VolumeMount = KubernetesObject

AcquisitionFunctions = enums.AcquisitionFunctions
GaussianProcessesKernels = enums.GaussianProcessesKernels
PullPolicy = enums.PullPolicy
V1ArtifactKind = enums.V1ArtifactKind
V1CleanPodPolicy = enums.V1CleanPodPolicy
V1ConnectionKind = enums.V1ConnectionKind
V1EventKind = enums.V1EventKind
V1HyperoptAlgorithms = enums.V1HyperoptAlgorithms
V1MatrixKind = enums.V1MatrixKind
V1Optimization = enums.V1Optimization
V1PatchStrategy = enums.V1PatchStrategy
V1PipelineKind = enums.V1PipelineKind
V1ResourceType = enums.V1ResourceType
V1RunEdgeKind = enums.V1RunEdgeKind
V1RunPending = enums.V1RunPending
V1ScheduleKind = enums.V1ScheduleKind
V1TriggerPolicy = enums.V1TriggerPolicy

# Other names of the same, and what only Python code writes.
GaussianProcessConfig = matrix.GaussianProcess
UtilityFunctionConfig = matrix.UtilityFunction
V1BucketConnection = connections.BucketConnection
V1ClaimConnection = connections.ClaimConnection
V1GitConnection = connections.GitConnection
V1HostConnection = connections.HostConnection
V1HostPathConnection = connections.HostPathConnection
V1Matrix = matrix.Matrix
V1Polyaxonfile = component.Authored
V1Runtime = jobs.Run
