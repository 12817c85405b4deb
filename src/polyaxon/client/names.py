"""Whose run or project is meant: arguments first, then the run this process belongs to, then the defaults."""

from __future__ import annotations

import os
from typing import Mapping

from polyaxon.model.project import split_project

__all__ = ["is_on", "resolve_names"]


def resolve_names(
    owner: str | None, project: str | None, env: Mapping[str, str] | None = None
) -> tuple[str, str, str | None]:
    """Return (owner, project, uuid of the run this process belongs to, if any).

    `project` may have its owner before it. Nothing is read from caches: a run knows what it is.
    """
    settings = os.environ if env is None else env
    if project:
        before, project = split_project(project, "`project`")
        owner = owner or before
    instance = settings.get("POLYAXON_RUN_INSTANCE", "").split(".")
    if len(instance) == 4:
        return owner or instance[0], project or instance[1], instance[3].replace("-", "").lower()
    return owner or "default", project or "default", None


def is_on(name: str, env: Mapping[str, str] | None = None) -> bool:
    """Return whether an environment variable is on."""
    settings = os.environ if env is None else env
    return settings.get(name, "").strip().lower() in ("1", "true", "t", "yes", "y", "on")
