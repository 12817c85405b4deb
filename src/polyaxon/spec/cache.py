"""When is an earlier run's result good enough? The `cache` section."""

from __future__ import annotations

from typing import Annotated, Literal

from polyaxon.spec.fields import BoolOrRef, IntOrRef, Model, OrTemplate

__all__ = ["Cache"]


class Cache(Model):
    """Whether and how results of earlier runs are used again."""

    disable: BoolOrRef | None = None
    """True is off, false is on; unset is on for the children of dags and searches and off for others."""
    ttl: IntOrRef | None = None
    """Seconds since the end of the earlier run after which it is too old."""
    io: Annotated[list[str] | str, OrTemplate] | None = None
    """Inputs and outputs that count; all when absent."""
    sections: list[Literal["containers", "init", "connections"]] | None = None
    """Parts of `run` that count; all when absent."""
