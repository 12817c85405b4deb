"""What is run? Jobs, services and the platform's own kinds of job; `RUNS` lists every kind of `run`."""

# Annotations are evaluated here: of texts, pydantic would compile every one again in every subclass.

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic_core import core_schema

from polyaxon.spec.container import Container
from polyaxon.spec.fields import BoolOrRef, IntOrRef, Kinded, Model, OrTemplate, Shape
from polyaxon.spec.sections import Environment, Init, Volume

if TYPE_CHECKING:
    from polyaxon.spec.dag import Dag
    from polyaxon.spec.distributed import (
        DaskCluster,
        MPIJob,
        MXJob,
        PaddleJob,
        PytorchJob,
        RayCluster,
        TFJob,
        XGBJob,
    )

__all__ = ["Cleaner", "Job", "Names", "Notifier", "Pod", "Ports", "Run", "Service", "Tuner"]

Names: TypeAlias = Annotated[list[str] | str, OrTemplate]
"""Names of connections, or a template of the list."""
Ports: TypeAlias = Annotated[
    list[int] | str,
    Shape(
        "a list of port numbers",
        core_schema.list_schema(core_schema.int_schema(strict=True), strict=True),
        {"type": "array", "items": {"type": "integer"}},
        template=True,
    ),
]


class Pod(Model):
    """What everything that starts containers has."""

    environment: Environment | None = None
    """Where and under which conditions the pods run."""
    connections: Names | None = None
    """Names of the connections that the containers use."""
    volumes: list[Volume] | None = None
    """Volumes of the pods."""
    init: list[Init] | None = None
    """What happens before the main container starts, in order."""
    sidecars: list[Container] | None = None
    """Containers that run beside the main one."""
    container: Container | None = None
    """The main container."""


class Job(Pod, Kinded):
    """Runs a container until it ends."""

    kind: Literal["job"] = "job"
    """`job`."""


class Service(Pod, Kinded):
    """Runs a container until it is stopped, and makes its ports reachable."""

    kind: Literal["service"] = "service"
    """`service`."""
    ports: Ports | None = None
    """Ports to make reachable; the first one is the service's address."""
    rewrite_path: BoolOrRef | None = None
    """Whether the address's prefix is removed from requests."""
    is_external: BoolOrRef | None = None
    """Whether the service is reachable without the platform's authentication."""
    replicas: IntOrRef | None = None
    """How many pods; 1 when absent."""


class Notifier(Pod, Kinded):
    """Tells a connection about a run's status; made by the platform."""

    kind: Literal["notifier"] = "notifier"
    """`notifier`."""


class Tuner(Pod, Kinded):
    """Suggests the next runs of a search."""

    kind: Literal["tuner"] = "tuner"
    """`tuner`."""


class Cleaner(Pod, Kinded):
    """Removes a run's artifacts; made by the platform."""

    kind: Literal["cleaner"] = "cleaner"
    """`cleaner`."""


if TYPE_CHECKING:
    Run: TypeAlias = (
        Job
        | Service
        | Dag
        | TFJob
        | PytorchJob
        | MPIJob
        | MXJob
        | XGBJob
        | PaddleJob
        | RayCluster
        | DaskCluster
        | Notifier
        | Tuner
        | Cleaner
    )
else:
    # The validator goes by `RUNS`; naming the models here would import every kind for the smallest job.
    Run = Model
