"""Init steps that copy from an artifacts store: files, directories, or whichever the paths turn out to be."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from polyaxon.artifacts.local import copy_into, safe_join
from polyaxon.errors import NotFoundError
from polyaxon.model.launch import InitStep
from polyaxon.runtimes.process import Preparation
from polyaxon.sidecar.target import target_directory

__all__ = ["copy_artifacts", "copy_paths"]


def copy_artifacts(preparation: Preparation, step: InitStep) -> None:
    """Copy the step's files and directories; without any, the whole store."""
    files, directories = _pairs(step.spec.get("files")), _pairs(step.spec.get("dirs"))
    root, target = _root(preparation, step), _target(preparation, step)
    if not files and not directories:
        directories = [(".", ".")]
    for source, wanted in (*files, *directories):
        _copy(preparation, root, source, os.path.join(target, wanted))


def copy_paths(preparation: Preparation, step: InitStep) -> None:
    """Copy each path, a file or a directory."""
    root, target = _root(preparation, step), _target(preparation, step)
    for source, wanted in _pairs(step.spec.get("paths")):
        _copy(preparation, root, source, os.path.join(target, wanted))


def _copy(preparation: Preparation, root: str, source: str, target: str) -> None:
    local = preparation.paths.localize(source)
    path = local if local.startswith(root + "/") else safe_join(root, source)
    if not os.path.exists(path):
        raise NotFoundError(f"`{source}` is not in the store `{root}`")
    copy_into(path, preparation.paths.localize(target))
    preparation.log(f"init: copied `{source}`")


def _root(preparation: Preparation, step: InitStep) -> str:
    """Return the directory of the store that the step reads from."""
    connection = preparation.plan.connections.get(step.connection or "")
    if connection is None:
        return preparation.plan.places.store
    if connection.kind == "host_path":
        return str(connection.schema.get("hostPath") or connection.schema.get("mountPath"))
    return os.path.join(preparation.home, "volumes", str(connection.schema.get("volumeClaim")))


def _target(preparation: Preparation, step: InitStep) -> str:
    directory = target_directory(preparation, step)
    known = step.connection and step.connection in preparation.plan.connections
    return os.path.join(directory, str(step.connection)) if known and not step.path else directory


def _pairs(value: Any) -> list[tuple[str, str]]:  # the file's own words: a text, a list of texts and pairs, or nothing
    items: Iterable[Any] = [value] if isinstance(value, str) else value or ()
    return [(item, item.lstrip("/")) if isinstance(item, str) else (str(item[0]), str(item[1])) for item in items]
