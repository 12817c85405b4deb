"""What does the compiler make of an operation? The form in which the reference stores and sends runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from polyaxon.spec.component import Shared
from polyaxon.spec.fields import Model
from polyaxon.spec.io import IO
from polyaxon.spec.kinds import RUNS

if TYPE_CHECKING:
    from polyaxon.spec.jobs import Run
else:
    Run = Model

__all__ = ["CompiledOperation"]


class CompiledOperation(Shared):
    """An operation and its component in one, all references resolved: what is stored and run."""

    kind: Literal["compiled_operation"] | None = "compiled_operation"
    """`compiled_operation`."""
    contexts: list[IO] | None = None
    """Values for templates only."""
    run: Annotated[Run | dict[str, Any], RUNS] | None = None
    """What is run."""
