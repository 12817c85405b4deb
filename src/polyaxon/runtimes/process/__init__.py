"""The process runtime: runs launch plans as processes of this machine, with no container engine."""

from __future__ import annotations

from polyaxon.runtimes.process.prepare import Preparation, Prepare, Program
from polyaxon.runtimes.process.runtime import ProcessRuntime

__all__ = ["Preparation", "Prepare", "ProcessRuntime", "Program"]
