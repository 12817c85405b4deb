"""Libraries that may or may not be installed where training code runs: imported when used, named when missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from polyaxon.errors import UsageError

__all__ = ["library"]


def library(module: str, purpose: str, package: str | None = None) -> Any:  # `Any`: it is not installed here
    """Return the module, or say what needs it and how to install it."""
    try:
        return import_module(module)
    except ImportError:
        name = package or module.partition(".")[0]
        raise UsageError(f"{purpose} needs `{name}`", f"run `pip install {name}`") from None
