"""Which run this process speaks for, and where that run's files are: decided once, from arguments and environment.

| mode    | when                                               | run directory                                |
|---------|----------------------------------------------------|----------------------------------------------|
| no-op   | `no_op` or `POLYAXON_NO_OP`                        | none                                         |
| managed | `POLYAXON_IS_MANAGED` and `POLYAXON_RUN_INSTANCE`  | `POLYAXON_RUN_ARTIFACTS_PATH`, or below the  |
|         |                                                    | context root                                 |
| offline | `is_offline` or `POLYAXON_IS_OFFLINE`              | `POLYAXON_OFFLINE_ROOT/runs/<uuid>`          |
| user    | otherwise                                          | `<home>/artifacts/<uuid>`; with a server     |
|         |                                                    | `POLYAXON_ARTIFACTS_ROOT/<uuid>`             |
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

__all__ = ["MANAGED", "NO_OP", "OFFLINE", "USER", "Place", "find_place", "home", "is_reporting", "new_uuid", "switch"]

MANAGED, USER, OFFLINE, NO_OP = "managed", "user", "offline", "no-op"


class Place:
    """The answer. `is_new` when the run begins here; `directory` is empty for no-op."""

    __slots__ = ("directory", "is_new", "mode", "owner", "project", "uuid")

    def __init__(self, mode: str, owner: str, project: str, uuid: str, directory: str, is_new: bool) -> None:
        self.mode = mode
        self.owner = owner
        self.project = project
        self.uuid = uuid
        self.directory = directory
        self.is_new = is_new


def find_place(
    env: Mapping[str, str],
    owner: str | None = None,
    project: str | None = None,
    run_uuid: str | None = None,
    artifacts_path: str | None = None,
    is_offline: bool | None = None,
    is_new: bool | None = None,
) -> Place:
    """Return the place of the run that the arguments, else the environment, mean; a new one where they mean none."""
    if project:
        from polyaxon.model.project import split_project  # few programs name one

        before, project = split_project(project, "`project`")
        owner = owner or before
    offline = switch(env, "POLYAXON_IS_OFFLINE") if is_offline is None else is_offline
    instance = env.get("POLYAXON_RUN_INSTANCE")
    if switch(env, "POLYAXON_IS_MANAGED") and instance and not is_new and not offline:
        managed = _managed(env, instance, artifacts_path)
        if run_uuid is None or _hex(run_uuid) == managed.uuid:
            return managed
    mode = OFFLINE if offline else USER
    uuid = _hex(run_uuid) if run_uuid else new_uuid()
    directory = artifacts_path or os.path.join(_root(env, mode), uuid)
    new = run_uuid is None if is_new is None else is_new
    return Place(mode, owner or "default", project or "default", uuid, os.path.abspath(directory), new)


def home(env: Mapping[str, str]) -> str:
    """Return the directory of the local home."""
    return os.path.abspath(env.get("POLYAXON_HOME") or os.path.join(os.path.expanduser("~"), ".polyaxon"))


def switch(env: Mapping[str, str], name: str) -> bool:
    """Return whether an environment variable is on."""
    return env.get(name, "").strip().lower() in ("1", "true", "t", "yes", "y", "on")


def is_reporting(env: Mapping[str, str]) -> bool:
    """Whether this process is the one of a distributed run that reports: the first, or every one when asked.

    All replicas carry the same run; all of them logging the same loss would be noise at best.
    """
    if switch(env, "POLYAXON_TRACKING_ALL_RANKS"):
        return True
    for rank, size in _RANKS:
        if env.get(rank, "").isdigit() and env.get(size, "").isdigit() and int(env[size]) > 1:
            return int(env[rank]) == 0
    return _is_chief(env["TF_CONFIG"]) if env.get("TF_CONFIG") else True


def new_uuid() -> str:
    """Return 32 fresh hexadecimal digits."""
    return os.urandom(16).hex()


_RANKS = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)


def _is_chief(config: str) -> bool:
    """By TensorFlow's rule: the chief (or master) reports; in a cluster without one, the first worker."""
    import json

    try:
        value = json.loads(config)
        task, cluster = value["task"], value["cluster"]
        kind, index = str(task["type"]).lower(), int(task["index"])
    except (ValueError, KeyError, TypeError):
        return True
    chiefs = {"chief", "master"} & {str(name).lower() for name in cluster}
    return index == 0 and (kind in chiefs if chiefs else kind == "worker")


def _managed(env: Mapping[str, str], instance: str, artifacts_path: str | None) -> Place:
    parts = instance.split(".")
    if len(parts) != 4:
        from polyaxon.errors import UsageError

        raise UsageError(
            f"`POLYAXON_RUN_INSTANCE` is `{instance}`",
            "it has four parts: `owner.project.runs.uuid`, set by the runtime",
        )
    owner, project, _, uuid = parts
    context = env.get("POLYAXON_CONTEXT_ROOT") or "/plx-context"
    default = env.get("POLYAXON_RUN_ARTIFACTS_PATH") or os.path.join(context, "artifacts", _hex(uuid))
    return Place(MANAGED, owner, project, _hex(uuid), os.path.abspath(artifacts_path or default), is_new=False)


def _root(env: Mapping[str, str], mode: str) -> str:
    if mode == OFFLINE:
        return os.path.join(env.get("POLYAXON_OFFLINE_ROOT") or os.path.join(home(env), "offline"), "runs")
    if env.get("POLYAXON_HOST"):
        return env.get("POLYAXON_ARTIFACTS_ROOT") or os.path.join("/tmp", "plx", "artifacts")
    return os.path.join(home(env), "artifacts")


def _hex(uuid: str) -> str:
    return uuid.replace("-", "").lower()
