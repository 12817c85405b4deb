"""The environment variables of a process. Pure: what the machine has comes in as an argument.

Later wins: what is inherited, the image's, the container's own, connections', the platform's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from polyaxon.model.launch import Container, LaunchPlan, Replica

__all__ = ["inherited", "platform", "wants_gpus", "with_path"]

_NAMES = frozenset(
    """
    PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TEMP TMP TERM COLORTERM NO_COLOR DISPLAY WAYLAND_DISPLAY
    XAUTHORITY LD_LIBRARY_PATH DYLD_LIBRARY_PATH
    http_proxy https_proxy ftp_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY ALL_PROXY
    SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE POLYAXON_BASE_IMAGES POLYAXON_MIRRORS
    """.split(),  # noqa: SIM905
)
_PREFIXES = ("LC_", "XDG_", "PIP_", "UV_", "GIT_", "SSH_", "PYENV_", "CUDA_", "NVIDIA_", "NCCL_", "GLOO_", "OMP_",
             "MKL_", "OPENBLAS_", "NUMEXPR_", "JAVA_", "HF_")  # fmt: skip
_GIT_STATE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
"""Set by git for its hooks and aliases: they would lead every git below us to the wrong repository."""


def inherited(environ: Mapping[str, str], library: str, extra: tuple[str, ...] = ()) -> dict[str, str]:
    """Return what every process of a run gets from the machine: enough to find and run programs, no secrets.

    `library` holds our package for user code; `extra` are further names to pass on.
    """
    known = {
        name: value
        for name, value in environ.items()
        if name in _NAMES or name in extra or (name.startswith(_PREFIXES) and name not in _GIT_STATE)
    }
    known.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
    known["PYTHONPATH"] = library
    known["PYTHONUNBUFFERED"] = "1"
    return known


def platform(plan: LaunchPlan, replica: Replica, home: str, context: str) -> dict[str, str]:
    """Return the variables by which code in the run finds its run. `context` holds `artifacts/<run>`."""
    plugins = plan.plugins
    env = {
        "POLYAXON_IS_MANAGED": "true",
        "POLYAXON_API_VERSION": "v1",
        "POLYAXON_HOME": home,
        "POLYAXON_RUN_INSTANCE": f"{plan.owner}.{plan.project}.runs.{plan.run}",
        "POLYAXON_CONTEXT_ROOT": context,
        "POLYAXON_RUN_ARTIFACTS_PATH": plan.places.run_artifacts,
        "POLYAXON_COLLECT_ARTIFACTS": _flag(plugins.get("collectArtifacts")),
        "POLYAXON_COLLECT_RESOURCES": _flag(plugins.get("collectResources")),
    }
    if plugins.get("logLevel"):
        env["POLYAXON_LOG_LEVEL"] = str(plugins["logLevel"])
    if replica.connections or plan.connections:
        env.update(_connections(plan, replica))
    return env


def wants_gpus(container: Container) -> int:
    """Return how many devices the container asks for."""
    if not (container.requests or container.limits):
        return 0
    asked = {**container.requests, **container.limits}
    counts = [asked[name] for name in asked if "gpu" in name]
    try:
        return max((int(float(str(count))) for count in counts), default=0)
    except ValueError:
        return 0


def with_path(env: Mapping[str, str], directories: tuple[str, ...]) -> str:
    """Return the PATH with the directories first."""
    return ":".join((*directories, env.get("PATH", ""))).rstrip(":")


def _connections(plan: LaunchPlan, replica: Replica) -> dict[str, str]:
    names = dict.fromkeys((*replica.connections, *(step.connection for step in replica.init if step.connection)))
    known = [plan.connections[name] for name in names if name in plan.connections]
    env: dict[str, str] = {}
    for connection in known:
        env.update({name: str(value) for name, value in connection.env.items()})
    if known:
        catalog = [{"name": item.name, "kind": item.kind, "schema": dict(item.schema)} for item in known]
        env["POLYAXON_CONNECTIONS_CATALOG"] = json.dumps({"connections": catalog}, separators=(",", ":"))
    return env


def _flag(value: Any) -> str:  # plugins are the file's own mapping: a bool, or nothing for the default
    return "false" if value is False else "true"
