"""What a decision may know of the world besides the runs: places, connections, names and defaults, given once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Any

from polyaxon.model.ids import RunId
from polyaxon.model.launch import Connection, Places
from polyaxon.model.record import dataclass

__all__ = ["CatchUp", "Defaults", "World"]


class CatchUp(StrEnum):
    """What a schedule does about the ticks that passed while nobody was there."""

    SKIP = "skip"
    """Go on with the next tick in the future."""
    ALL = "all"
    """Run every missed tick, one after another."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The numbers a file leaves open, in seconds where they are times."""

    grace_seconds: float = 30.0
    retry_seconds: float = 1.0
    retry_cap_seconds: float = 300.0
    pending_timeout_seconds: float | None = None
    """How long a run may wait in the queue; None is for ever."""
    stuck_stopping_seconds: float = 1800.0
    upload_timeout_seconds: float = 7200.0
    catch_up: CatchUp = CatchUp.SKIP
    zone: tzinfo = UTC
    """Of schedule times that name none."""
    window: int = 256
    """How many children of one pipeline may wait in a queue: bounds memory and the size of one decision."""
    queue: str = "default"


@dataclass(frozen=True, slots=True)
class World:
    """The surroundings of one scheduler process. `priorities` are per queue, higher first."""

    places: Callable[[RunId], Places]
    connections: Mapping[str, Connection] = field(default_factory=dict)
    owner: str = "default"
    user: str | None = None
    priorities: Mapping[str, int] = field(default_factory=dict)
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Components by name, as plain data, for hooks and builds whose tree did not bring them along."""
    defaults: Defaults = field(default_factory=Defaults)
