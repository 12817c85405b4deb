"""The whole-graph check: everything that can be known to be wrong before anything runs."""

from __future__ import annotations

from polyaxon.compiler.compose import Composer
from polyaxon.compiler.origin import Place
from polyaxon.errors import Problem
from polyaxon.spec.operation import Operation

__all__ = ["lint"]


def lint(operation: Operation, place: Place, composer: Composer, given: frozenset[str]) -> list[Problem]:
    """Return every problem of the composed operation."""
    return []
