"""What the processes of a Ray or Dask cluster run when their file does not say. Pure: ports are an argument.

The defaults are those of the operators (spec/runtimes.md §6, §7, §9.4), on one machine: every address is 127.0.0.1.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace

from polyaxon.model.launch import Container, LaunchPlan, Replica

__all__ = ["DASHBOARD", "SUBMITTER", "is_own_work", "submitter", "with_command"]

DASHBOARD = "dashboard"
"""The name of the port of a Ray cluster's dashboard, which takes jobs."""
SUBMITTER = "submitter"
_HOST = "127.0.0.1"


def is_own_work(plan: LaunchPlan) -> bool:
    """Whether the cluster has a job of its own, with which it ends."""
    return plan.runtime in {"raycluster", "rayjob"} and bool(plan.spec.get("entrypoint"))


def submitter(plan: LaunchPlan) -> Replica:
    """The process that hands the `entrypoint` of a Ray cluster to it, as soon as it answers."""
    head = plan.main.container
    return Replica(SUBMITTER, container=Container(SUBMITTER, image=head.image if head is not None else None))


def with_command(plan: LaunchPlan, role: str, container: Container, ports: Mapping[str, int]) -> Container:
    """Return the container with the command that its role has by default; one with a command stays as it is."""
    if container.command or container.args:
        return container
    make = {"raycluster": _ray, "rayjob": _ray, "daskcluster": _dask}.get(plan.runtime)
    command = make(plan, role, ports) if make is not None else ()
    return replace(container, command=command) if command else container


def _ray(plan: LaunchPlan, role: str, ports: Mapping[str, int]) -> tuple[str, ...]:
    dashboard = ports.get(DASHBOARD, 8265)
    if role == SUBMITTER:
        address = f"http://{_HOST}:{dashboard}"
        environment = plan.spec.get("runtimeEnv")
        extra = f" --runtime-env-json={shlex.quote(json.dumps(environment))}" if environment else ""
        wait = f"until ray job list --address={address} >/dev/null 2>&1; do sleep 1; done"
        return ("sh", "-c", f"{wait}; exec ray job submit --address={address}{extra} -- {plan.spec['entrypoint']}")
    params = {name: str(value) for replica in plan.replicas if replica.role == role for name, value in _params(replica)}
    port = ports.get("head-0", 6379)
    if role == "head":
        own = {"port": str(port), "dashboard-host": _HOST, "dashboard-port": str(dashboard), **params}
        return ("ray", "start", "--head", "--block", *(f"--{name}={value}" for name, value in own.items()))
    return (
        "ray",
        "start",
        "--block",
        f"--address={_HOST}:{port}",
        *(f"--{name}={text}" for name, text in params.items()),
    )


def _params(replica: Replica) -> list[tuple[str, object]]:
    return list((replica.extra.get("rayStartParams") or {}).items())


def _dask(_plan: LaunchPlan, role: str, ports: Mapping[str, int]) -> tuple[str, ...]:
    port = ports.get("scheduler-0", 8786)
    if role == "scheduler":
        return ("dask-scheduler", f"--host={_HOST}", f"--port={port}", f"--dashboard-address={_HOST}:8787")
    return ("dask-worker", f"tcp://{_HOST}:{port}", "--name=$(DASK_WORKER_NAME)", "--dashboard-address=:0")
