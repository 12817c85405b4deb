"""Which model does a `kind` stand for? One table for every section that has kinds.

The models are named, not imported: a file pays only for the kinds that it uses.
"""

from __future__ import annotations

from polyaxon.spec.fields import ByKind

__all__ = [
    "COMPONENT_LIKE",
    "COUNTABLE",
    "EARLY_STOPPING",
    "FILES",
    "MATRICES",
    "OPERATION_LIKE",
    "POLICIES",
    "RUNS",
    "SCHEDULES",
    "SPACE",
]

_AUTHORED = {"component": "component:Component", "operation": "operation:Operation"}
FILES = ByKind("file", {**_AUTHORED, "compiled_operation": "compiled:CompiledOperation"}, default="operation")
"""What a file may be; without a kind it is an operation that may hold its own component."""
COMPONENT_LIKE = ByKind("file", _AUTHORED, default="component")
"""What may stand where a component is expected."""
OPERATION_LIKE = ByKind("file", _AUTHORED, default="operation")
"""What may stand where an operation is expected."""

RUNS = ByKind(
    "runtime",
    {
        "job": "jobs:Job",
        "service": "jobs:Service",
        "dag": "dag:Dag",
        "tfjob": "distributed:TFJob",
        "pytorchjob": "distributed:PytorchJob",
        "mpijob": "distributed:MPIJob",
        "mxjob": "distributed:MXJob",
        "xgbjob": "distributed:XGBJob",
        "paddlejob": "distributed:PaddleJob",
        "raycluster": "distributed:RayCluster",
        "rayjob": "distributed:RayCluster",
        "daskcluster": "distributed:DaskCluster",
        "daskjob": "distributed:DaskCluster",
        "notifier": "jobs:Notifier",
        "tuner": "jobs:Tuner",
        "cleaner": "jobs:Cleaner",
    },
    partial=True,
)
"""The kinds of `run`; without a kind it is a patch of the run of whatever is referred to."""
MATRICES = ByKind(
    "matrix",
    {
        "mapping": "matrix:Mapping",
        "grid": "matrix:GridSearch",
        "random": "matrix:RandomSearch",
        "hyperopt": "matrix:Hyperopt",
        "tpe": "matrix:Tpe",
        "bayes": "matrix:Bayes",
        "hyperband": "matrix:Hyperband",
        "iterative": "matrix:Iterative",
        "asha": "matrix:Asha",
        "cmaes": "matrix:Cmaes",
    },
)
SPACE = ByKind(
    "parameter",
    {
        "choice": "space:HpChoice",
        "pchoice": "space:HpPChoice",
        "range": "space:HpRange",
        "linspace": "space:HpLinSpace",
        "logspace": "space:HpLogSpace",
        "geomspace": "space:HpGeomSpace",
        "daterange": "space:HpDateRange",
        "datetimerange": "space:HpDateTimeRange",
        "uniform": "space:HpUniform",
        "quniform": "space:HpQUniform",
        "loguniform": "space:HpLogUniform",
        "qloguniform": "space:HpQLogUniform",
        "normal": "space:HpNormal",
        "qnormal": "space:HpQNormal",
        "lognormal": "space:HpLogNormal",
        "qlognormal": "space:HpQLogNormal",
    },
)
COUNTABLE = frozenset({"choice", "range", "linspace", "logspace", "geomspace", "daterange", "datetimerange"})
"""Kinds whose values can be listed, each as likely as the others."""
SCHEDULES = ByKind(
    "schedule",
    {
        "cron": "schedule:CronSchedule",
        "interval": "schedule:IntervalSchedule",
        "datetime": "schedule:DateTimeSchedule",
    },
)
EARLY_STOPPING = ByKind(
    "early stopping",
    {
        "metric_early_stopping": "stopping:MetricEarlyStopping",
        "failure_early_stopping": "stopping:FailureEarlyStopping",
    },
)
POLICIES = ByKind(
    "policy",
    {
        "median": "stopping:MedianStoppingPolicy",
        "average": "stopping:AverageStoppingPolicy",
        "truncation": "stopping:TruncationStoppingPolicy",
        "diff": "stopping:DiffStoppingPolicy",
    },
)
