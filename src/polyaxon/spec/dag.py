"""What is run as a graph of operations? The `dag` kind of `run`."""

# Annotations are evaluated here: of texts, pydantic would compile every one again in every subclass.

from typing import TYPE_CHECKING, Annotated, Literal

from polyaxon.spec.component import Component
from polyaxon.spec.fields import Kinded, Model, PositiveIntOrRef
from polyaxon.spec.jobs import Names
from polyaxon.spec.kinds import COMPONENT_LIKE, EARLY_STOPPING, OPERATION_LIKE
from polyaxon.spec.operation import Operation
from polyaxon.spec.sections import Environment, Volume

if TYPE_CHECKING:
    from polyaxon.spec.stopping import EarlyStopping
else:
    EarlyStopping = Model  # the validator goes by `EARLY_STOPPING`

__all__ = ["Dag"]


class Dag(Kinded):
    """Runs operations in the order of their dependencies."""

    kind: Literal["dag"] = "dag"
    """`dag`."""
    operations: list[Annotated[Operation | Component, OPERATION_LIKE]] | None = None
    """The operations."""
    components: list[Annotated[Component | Operation, COMPONENT_LIKE]] | None = None
    """Components that the operations refer to by `dagRef`."""
    concurrency: PositiveIntOrRef | None = None
    """How many operations at the same time; no limit when absent."""
    early_stopping: list[Annotated[EarlyStopping, EARLY_STOPPING]] | None = None
    """When to end before all operations are done."""
    environment: Environment | None = None
    """Where and under which conditions the operations' pods run, unless they say otherwise."""
    connections: Names | None = None
    """Names of the connections that all operations use."""
    volumes: list[Volume] | None = None
    """Volumes that all operations have."""
