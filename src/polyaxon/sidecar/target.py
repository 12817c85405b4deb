"""Where an init step puts what it fetches."""

from __future__ import annotations

import os

from polyaxon.model.launch import InitStep
from polyaxon.runtimes.process import Preparation

__all__ = ["target_directory"]


def target_directory(preparation: Preparation, step: InitStep) -> str:
    """Return where the step puts things: its own path, or the context's artifacts; it exists afterwards."""
    path = preparation.paths.localize(step.path) if step.path else preparation.plan.places.artifacts
    os.makedirs(path, exist_ok=True)
    return path
