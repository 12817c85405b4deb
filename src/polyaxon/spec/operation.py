"""What is done with a component? Operations as people write them."""

# Annotations are evaluated here: of texts, pydantic would compile every one again in every subclass.

from typing import Literal

from polyaxon.spec.component import Authored

__all__ = ["Operation"]


class Operation(Authored):
    """One use of a component: its params, when and how often it runs, and changes to it."""

    kind: Literal["operation"] | None = "operation"
    """`operation`."""
