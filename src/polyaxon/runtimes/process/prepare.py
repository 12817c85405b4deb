"""The seam for what happens before the main containers: git clones, files, copies, custom init containers.

The runtime knows when and where, the room `sidecar` knows how; the composition root brings them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from polyaxon.model.launch import Container, LaunchPlan, Replica
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process.paths import PathMap

__all__ = ["Preparation", "Prepare", "Program"]


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the preparation, ready to start."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """One replica's init steps to carry out. Everything named here exists, but for the steps' own targets."""

    plan: LaunchPlan
    replica: Replica
    home: str
    paths: PathMap
    """Where paths of the container world lie here."""
    env: Mapping[str, str]
    """What programs of the preparation get."""
    run: Callable[[Program], None]
    """Run a program to its end, its output in the run's log; raises `RuntimeFailure` with its last lines when it
    fails, or when the attempt was asked to stop."""
    render: Callable[[Container], Program]
    """Render an init container."""
    log: Callable[[str], None]
    """Write a line to the run's log."""


class Prepare(Protocol):
    """Carries out the init steps, in a thread of its own, in order. Called again after a crash: it starts over.

    Raises `PolyaxonError` when a step fails; the attempt then fails with its message.
    """

    def __call__(self, preparation: Preparation) -> None: ...
