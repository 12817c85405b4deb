"""Which ports the processes of an attempt use: chosen once, written down, the same after a crash.

A distributed run's processes get one each to find each other. A service gets the ports its file says where they are
free, else others; every further replica gets ports of its own, for here they share one machine.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path

from polyaxon.model.launch import LaunchPlan
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process import distributed, locks
from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.render import Machine, port_name, served_ports

__all__ = ["Ports", "choose_ports"]


@dataclass(slots=True)
class Ports:
    """What was chosen: the machine as rendering sees it, and the locks that each process is to inherit."""

    machine: Machine
    locks: dict[str, list[int]] = field(default_factory=dict)

    def take(self, process: str) -> list[int]:
        """Return the locks of one process, which are then the caller's to close."""
        return self.locks.pop(process, [])

    def close(self) -> None:
        """Let go of what no process took."""
        for descriptors in self.locks.values():
            for descriptor in descriptors:
                os.close(descriptor)
        self.locks.clear()


def choose_ports(plan: LaunchPlan, machine: Machine, stem: str) -> Ports:
    """Return the machine with what this attempt's processes need; files start with `stem`."""
    if plan.runtime == "mpijob":
        hostfile = f"{stem}hostfile"
        Path(hostfile).write_text(distributed.hostfile_text(plan))
        return Ports(replace(machine, hostfile=hostfile))
    if plan.runtime not in _NEED_PORTS:
        return Ports(machine)
    with suppress(FileNotFoundError, ValueError):
        return Ports(replace(machine, ports=json.loads(Path(f"{stem}ports").read_text())))
    ranks = distributed.ranks(plan)
    wishes: dict[str, int] = {}
    if plan.runtime == "service":
        for rank in ranks:
            declared = served_ports(plan, rank.replica.container)
            wishes |= {port_name(rank.name, port): port if rank.index == 0 else 0 for port in declared}
    else:
        wishes = {name: distributed.preferred_port(name) or 0 for name in distributed.needed_ports(plan, ranks)}
    chosen, held = _free_ports(wishes, machine.layout)
    temporary = f"{stem}ports.{os.getpid()}"
    Path(temporary).write_text(json.dumps(chosen))
    os.replace(temporary, f"{stem}ports")
    return Ports(replace(machine, ports=chosen), held)


_NEED_PORTS = frozenset({"service", "tfjob", "pytorchjob", "raycluster", "rayjob", "daskcluster"})


def _free_ports(wishes: Mapping[str, int], layout: Layout) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Return a free port per name with its lock; all are bound until the last is found, so that none is given twice."""
    if wishes:
        os.makedirs(f"{layout.home}/ports", exist_ok=True)
    bound: list[socket.socket] = []
    chosen: dict[str, int] = {}
    held: dict[str, list[int]] = {}
    try:
        for name, wish in wishes.items():
            lock = _bind(wish, bound, layout) if wish else None
            while lock is None:
                lock = _bind(0, bound, layout)
            chosen[name] = bound[-1].getsockname()[1]
            held.setdefault(name.partition(":")[0], []).append(lock)
    finally:
        for probe in bound:
            probe.close()
    return chosen, held


def _bind(port: int, bound: list[socket.socket], layout: Layout) -> int | None:
    """Bind the port (any, for 0) and return its lock; None when it is taken, or kept for a service that is starting."""
    probe = socket.socket()
    # As servers do: a port that was in use a moment ago is free. One that is listened on is not, at any address.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("", port))
    except OSError:
        probe.close()
        if not port:
            raise  # there is no port left at all
        return None
    lock = locks.take(layout.port(probe.getsockname()[1]))
    if lock is None:
        probe.close()
        return None
    bound.append(probe)
    return lock
