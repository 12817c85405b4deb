"""The words of the format as Python enums: what Python polyaxonfiles write in place of texts."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, get_args

from polyaxon.model.status import Pending
from polyaxon.model.trigger import Trigger
from polyaxon.spec import connections, hooks, init

__all__ = [
    "AcquisitionFunctions",
    "GaussianProcessesKernels",
    "PullPolicy",
    "V1ArtifactKind",
    "V1CleanPodPolicy",
    "V1ConnectionKind",
    "V1EventKind",
    "V1HyperoptAlgorithms",
    "V1MatrixKind",
    "V1Optimization",
    "V1PatchStrategy",
    "V1PipelineKind",
    "V1ResourceType",
    "V1RunEdgeKind",
    "V1RunPending",
    "V1ScheduleKind",
    "V1TriggerPolicy",
]


V1TriggerPolicy = Trigger


class V1PatchStrategy(StrEnum):
    """How fields are laid over others."""

    REPLACE = "replace"
    ISNULL = "isnull"
    POST_MERGE = "post_merge"
    PRE_MERGE = "pre_merge"


class V1Optimization(StrEnum):
    """Which way is better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class V1ResourceType(StrEnum):
    """Whether a budget is whole."""

    INT = "int"
    FLOAT = "float"


class V1HyperoptAlgorithms(StrEnum):
    """How `hyperopt` suggests."""

    TPE = "tpe"
    RAND = "rand"
    ANNEAL = "anneal"


class AcquisitionFunctions(StrEnum):
    """How `bayes` chooses the next point."""

    UCB = "ucb"
    EI = "ei"
    POI = "poi"


class GaussianProcessesKernels(StrEnum):
    """What `bayes` thinks of the function."""

    RBF = "rbf"
    MATERN = "matern"


class V1MatrixKind(StrEnum):
    """The kinds of `matrix`."""

    MAPPING = "mapping"
    GRID = "grid"
    RANDOM = "random"
    HYPEROPT = "hyperopt"
    TPE = "tpe"
    BAYES = "bayes"
    HYPERBAND = "hyperband"
    ITERATIVE = "iterative"
    ASHA = "asha"
    CMAES = "cmaes"


class V1ScheduleKind(StrEnum):
    """The kinds of `schedule`."""

    CRON = "cron"
    INTERVAL = "interval"
    DATETIME = "datetime"


class V1CleanPodPolicy(StrEnum):
    """Which pods of a distributed run are deleted at its end."""

    ALL = "All"
    RUNNING = "Running"
    NONE = "None"
    var_NONE = "None"


def _words(name: str, choices: object) -> Any:
    """Make the enum of the words that a field takes."""
    return StrEnum(name, {word.upper(): word for word in get_args(choices)})


V1EventKind = _words("V1EventKind", hooks.EventKind)
V1ConnectionKind = _words("V1ConnectionKind", connections.ConnectionKind)
V1ArtifactKind = _words("V1ArtifactKind", init.ArtifactKind)


class PullPolicy(StrEnum):
    """When an image is pulled."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class V1PipelineKind(StrEnum):
    """What has runs below it."""

    DAG = "dag"
    MATRIX = "matrix"
    SCHEDULE = "schedule"


V1RunPending = Pending


class V1RunEdgeKind(StrEnum):
    """Why one run leads to another."""

    ACTION = "action"
    EVENT = "event"
    HOOK = "hook"
    DAG = "dag"
    JOIN = "join"
    RUN = "run"
    TB = "tb"
    BUILD = "build"
    MANUAL = "manual"
