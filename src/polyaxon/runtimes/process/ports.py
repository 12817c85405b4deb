"""Which ports the processes of a distributed attempt use: chosen once, written down, the same after a crash."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from polyaxon.model.launch import LaunchPlan
from polyaxon.runtimes.process import distributed
from polyaxon.runtimes.process.render import Machine

__all__ = ["choose_ports"]


def choose_ports(plan: LaunchPlan, machine: Machine, stem: str) -> Machine:
    """Return the machine with what this attempt's processes need to find each other; files start with `stem`."""
    if plan.runtime == "mpijob":
        hostfile = f"{stem}hostfile"
        Path(hostfile).write_text(distributed.hostfile_text(plan))
        return replace(machine, hostfile=hostfile)
    names = (
        distributed.needed_ports(plan, distributed.ranks(plan)) if len(plan.replicas) > 1 or _is_framework(plan) else []
    )
    if not names:
        return machine
    with suppress(FileNotFoundError):
        return replace(machine, ports=json.loads(Path(f"{stem}ports").read_text()))
    chosen = _free_ports(names)
    temporary = f"{stem}ports.{os.getpid()}"
    Path(temporary).write_text(json.dumps(chosen))
    os.replace(temporary, f"{stem}ports")
    return replace(machine, ports=chosen)


def _is_framework(plan: LaunchPlan) -> bool:
    return plan.runtime in {"tfjob", "pytorchjob", "raycluster", "daskcluster"}


def _free_ports(names: list[str]) -> dict[str, int]:
    """Return a free port per name; all are held until the last is found, so that none is given twice."""
    held: list[socket.socket] = []
    chosen: dict[str, int] = {}
    for name in names:
        for port in (distributed.preferred_port(name) or 0, 0):
            probe = socket.socket()
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                probe.close()
                continue
            held.append(probe)
            chosen[name] = probe.getsockname()[1]
            break
    for probe in held:
        probe.close()
    return chosen
