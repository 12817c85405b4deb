"""Which process has which device: a lock per device, held by the process itself (`locks`)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from polyaxon.runtimes.process.layout import Layout
from polyaxon.runtimes.process.locks import take

__all__ = ["Gpus", "count_devices"]


class Gpus:
    """The devices of this machine."""

    def __init__(self, layout: Layout, environ: Mapping[str, str], chosen: Sequence[str] | None = None) -> None:
        """`chosen` are the devices to give out; None looks for them."""
        self._layout = layout
        self._environ = environ
        self._devices = None if chosen is None else tuple(chosen)

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that may be given out, looked for at the first call."""
        if self._devices is None:
            self._devices = _visible(self._environ)
        return self._devices

    def too_few(self, count: int) -> str:
        """Say that there will never be as many."""
        here = ", ".join(f"`{device}`" for device in self.devices)
        return f"it asks for {count} GPU and this machine has {len(self.devices)} ({here}): it can never run here"

    def acquire(self, count: int) -> dict[str, int] | None:
        """Return `count` free devices with their locks, to be inherited and closed; None when too few are free."""
        taken: dict[str, int] = {}
        Path(self._layout.home, "gpus").mkdir(parents=True, exist_ok=True)
        for device in self.devices:
            if len(taken) == count:
                break
            descriptor = take(self._layout.gpu(device))
            if descriptor is not None:
                taken[device] = descriptor
        if len(taken) == count:
            return taken
        for descriptor in taken.values():
            os.close(descriptor)
        return None


def count_devices(environ: Mapping[str, str], chosen: Sequence[str] | None = None) -> int:
    """Return how many devices there are, without asking their driver."""
    if chosen is not None:
        return len(chosen)
    if "CUDA_VISIBLE_DEVICES" in environ:
        return len(_visible(environ))
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def _visible(environ: Mapping[str, str]) -> tuple[str, ...]:
    chosen = environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return tuple(device.strip() for device in chosen.split(",") if device.strip() not in {"", "-1", "none"})
    from shutil import which  # see `layout.remove_tree`

    program = which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return ()
    asked = subprocess.run(
        [program, "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True, check=False, timeout=30
    )
    return tuple(asked.stdout.split()) if asked.returncode == 0 else ()
