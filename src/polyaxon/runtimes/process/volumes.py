"""The directories that stand for a plan's volumes and claims, made before its processes start."""

from __future__ import annotations

from pathlib import Path

from polyaxon.model.launch import Connection, LaunchPlan
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.paths import volume_directory

__all__ = ["make_volumes"]


def make_volumes(layout: Layout, plan: LaunchPlan) -> None:
    """Make them, but for directories of the machine itself, which are there or not."""
    wanted = [layout.volume(str(item.schema["volumeClaim"])) for item in plan.connections.values() if _is_claim(item)]
    for replica in plan.replicas:
        own = (item for item in replica.volumes if "hostPath" not in item)
        wanted += filter(None, (volume_directory(item, plan, layout) for item in own))
    for directory in wanted:
        Path(directory).mkdir(parents=True, exist_ok=True)


def _is_claim(connection: Connection) -> bool:
    return connection.kind == "volume_claim" and bool(connection.schema.get("volumeClaim"))
