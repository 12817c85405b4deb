"""What of the engine only some pipelines need: searches and schedules are imported when the first of them is met."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["later"]


def later(module: str, name: str) -> Callable[..., Any]:  # Any: what the function itself takes and returns
    """Return the function `name` of that module of the engine, which is imported at the first call."""

    @cache
    def function() -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(import_module(f"polyaxon.engine.{module}"), name)
        return found

    return lambda *arguments: function()(*arguments)
