"""How paths of the container world become paths of this machine. Pure.

A polyaxonfile may say `/plx-context/artifacts/…`, the `path` of an init step or the mount path of a connection or a
volume; on this machine those directories have other names. Longer prefixes are replaced first, and only where a whole
path starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from polyaxon.model.launch import Connection, LaunchPlan, Replica
from polyaxon.runtimes.process.layout import Layout

__all__ = ["CONTEXT", "PathMap", "path_map", "volume_directory"]

CONTEXT = "/plx-context"


class PathMap:
    """A table of prefixes and what they stand for here."""

    __slots__ = ("table",)

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = {prefix.rstrip("/"): target.rstrip("/") for prefix, target in table.items() if prefix != "/"}

    def localize(self, text: str) -> str:
        """Return the text with every path below a known prefix replaced."""
        if "/" not in text or not self.table:
            return text
        pattern = _pattern(tuple(sorted(self.table, key=len, reverse=True)))
        return pattern.sub(lambda match: self.table[match[0]], text)


@lru_cache(maxsize=256)
def _pattern(prefixes: tuple[str, ...]) -> re.Pattern[str]:
    # A path starts after something that cannot belong to it, and its next part starts or it ends there.
    return re.compile(r"(?<![\w./-])(?:" + "|".join(map(re.escape, prefixes)) + r")(?![\w.-])")


def path_map(plan: LaunchPlan, replica: Replica, layout: Layout, image_paths: Mapping[str, str]) -> PathMap:
    """Return the table for one replica: the image's directories, connections, init targets, the context."""
    table = {CONTEXT: plan.places.context, **image_paths}
    for name in (*replica.connections, *(step.connection for step in replica.init if step.connection)):
        mount = _connection_mount(plan.connections.get(name), layout)
        if mount:
            table.update((mount,))
    table.update(_mounts(plan, replica, layout))
    for step in replica.init:
        if step.path and _is_foreign(step.path, plan, table):
            table[step.path] = f"{plan.places.context}/mounts{step.path}"
    return PathMap(table)


def volume_directory(volume: Mapping[str, Any], plan: LaunchPlan, layout: Layout) -> str | None:
    """Return the directory that a volume means here; None for those that only a cluster has."""
    host, claim = volume.get("hostPath"), volume.get("persistentVolumeClaim")
    if isinstance(host, Mapping) and host.get("path"):
        return str(host["path"])
    if isinstance(claim, Mapping) and claim.get("claimName"):
        return layout.volume(str(claim["claimName"]))
    if "emptyDir" in volume:
        return f"{plan.places.context}/volumes/{volume.get('name')}"
    return None


def _mounts(plan: LaunchPlan, replica: Replica, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield where the containers mount volumes, and what lies there."""
    if not replica.volumes:
        return
    directories = {volume.get("name"): volume_directory(volume, plan, layout) for volume in replica.volumes}
    steps = (step.container for step in replica.init)
    for container in (replica.container, *replica.sidecars, *steps):
        for mount in (container.extra.get("volumeMounts") or ()) if container is not None else ():
            directory = directories.get(mount.get("name"))
            if directory is not None and mount.get("mountPath"):
                yield str(mount["mountPath"]), f"{directory}/{mount.get('subPath') or ''}".rstrip("/")


def _connection_mount(connection: Connection | None, layout: Layout) -> tuple[str, str] | None:
    """Return where a connection is mounted in a container and the directory of this machine that it means."""
    if connection is None:
        return None
    mount, schema = connection.schema.get("mountPath"), connection.schema
    if connection.kind == "host_path" and schema.get("hostPath"):
        return (mount or schema["hostPath"], schema["hostPath"])
    if connection.kind == "volume_claim" and schema.get("volumeClaim"):
        return (mount or f"/{schema['volumeClaim']}", layout.volume(schema["volumeClaim"]))
    return None


def _is_foreign(path: str, plan: LaunchPlan, table: Mapping[str, str]) -> bool:
    """Whether the path belongs to the container world alone: absolute, and not below a directory of the run."""
    places = plan.places
    own = (places.context, places.run_artifacts, places.store, *table)
    return path.startswith("/") and not any(path == known or path.startswith(f"{known}/") for known in own)
