"""What this machine has to give to runs: processors, memory, devices. Cheap enough to ask at every start."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from polyaxon.runtimes.process.gpus import count_devices

__all__ = ["capacity"]

_CGROUP_MEMORY = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def capacity(environ: Mapping[str, str], gpus: Sequence[str] | None = None) -> dict[str, float]:
    """Return how much there is of `cpu`, `memory` (bytes) and, where there are any, `gpu`."""
    found = {"cpu": float(_processors()), "memory": float(_memory())}
    devices = count_devices(environ, gpus)
    return {**found, "gpu": float(devices)} if devices else found


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def _memory() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _CGROUP_MEMORY:
        with suppress(OSError, ValueError):
            total = min(total, int(Path(file).read_text()))
    return total
