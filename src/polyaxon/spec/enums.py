"""The words of the format as Python enums: what Python polyaxonfiles write in place of texts."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, get_args

from polyaxon.model.status import Pending
from polyaxon.model.trigger import Trigger
from polyaxon.spec import connections, fields, hooks, init, matrix, schedule, stopping
from polyaxon.spec.fields import Kinded, Model

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


class V1CleanPodPolicy(StrEnum):
    """Which pods of a distributed run are deleted at its end."""

    ALL = "All"
    RUNNING = "Running"
    NONE = "None"
    var_NONE = "None"


def _words(name: str, choices: object) -> Any:
    """Make the enum of the words that a field takes, from the type of the field."""
    return StrEnum(name, {word.upper(): word for word in _texts(choices)})


def _texts(choices: object) -> list[str]:
    """Return the words of a type of texts; of models that their `kind` tells apart, the kinds."""
    if isinstance(choices, type) and issubclass(choices, Kinded):
        return _texts(choices.model_fields["kind"].annotation)
    inner = [choice for choice in get_args(choices) if choice is not type(None)]
    return [text for choice in inner for text in ([choice] if isinstance(choice, str) else _texts(choice))]


def _field(model: type[Model], name: str) -> object:
    return model.model_fields[name].annotation


V1PatchStrategy = _words("V1PatchStrategy", fields.PatchStrategy)
"""How fields are laid over others."""
V1Optimization = _words("V1Optimization", stopping.Optimization)
"""Which way is better."""
V1ResourceType = _words("V1ResourceType", _field(matrix.Resource, "type"))
"""Whether a budget is whole."""
V1HyperoptAlgorithms = _words("V1HyperoptAlgorithms", _field(matrix.Hyperopt, "algorithm"))
"""How `hyperopt` suggests."""
AcquisitionFunctions = _words(
    "AcquisitionFunctions",
    _field(matrix.UtilityFunction, "acquisition_function"),
)
"""How `bayes` chooses the next point."""
GaussianProcessesKernels = _words("GaussianProcessesKernels", _field(matrix.GaussianProcess, "kernel"))
"""What `bayes` thinks of the function."""
V1MatrixKind = _words("V1MatrixKind", matrix.Matrix)
"""The kinds of `matrix`."""
V1ScheduleKind = _words("V1ScheduleKind", schedule.Schedule)
"""The kinds of `schedule`."""
V1EventKind = _words("V1EventKind", hooks.EventKind)
"""What may happen to a run."""
V1ConnectionKind = _words("V1ConnectionKind", connections.ConnectionKind)
"""What a connection leads to."""
V1ArtifactKind = _words("V1ArtifactKind", init.ArtifactKind)
"""What an artifact is."""


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
