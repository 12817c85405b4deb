"""What is done with a component? Operations as people write them."""

from __future__ import annotations

from typing import Literal

from polyaxon.spec.component import Authored

__all__ = ["Operation"]


class Operation(Authored):
    """One use of a component: its params, when and how often it runs, and changes to it."""

    kind: Literal["operation"] | None = "operation"
    """`operation`."""
