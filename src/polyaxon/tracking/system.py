"""What the machine does while a run goes on: CPU, memory, load and GPUs, sampled every ten seconds by a thread.

Read from the operating system (Linux's `/proc`, else `psutil` where it is installed); GPUs through NVML where its
Python module is installed. What cannot be read is left out.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Callable, Mapping

from polyaxon.tracking import layout
from polyaxon.tracking.writer import Writer

__all__ = ["RESOURCES", "Sampler", "sample"]

RESOURCES = "resources/metric"
_SECONDS = 10.0


class Sampler:
    """Samples from `start` to `stop`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polyaxon-resources", daemon=True)

    def start(self) -> None:
        """Begin; the first sample is taken after ten seconds, so that short runs have none."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()

    def _run(self) -> None:
        before = _cpu_times()
        while not self._stopped.wait(_SECONDS):
            values, before = sample(before)
            for name, line in _lines(values).items():
                self._writer.line(f"{RESOURCES}/{name}.plx", line, layout.header("metric"))


def sample(before: tuple[float, float] | None = None) -> tuple[dict[str, float], tuple[float, float] | None]:
    """Return what is used now by name, and the CPU times to compare the next sample with.

    `cpu` is percent of all processors since `before`, `memory` bytes in use, `load` the average of a minute.
    """
    values: dict[str, float] = {}
    times = _cpu_times()
    if times is not None and before is not None and times[1] > before[1]:
        values["cpu"] = 100.0 * (times[0] - before[0]) / (times[1] - before[1])
    for name, read in _READERS.items():
        value = read()
        if value is not None:
            values[name] = value
    values.update(_gpus())
    return values, times


def _lines(values: Mapping[str, float]) -> dict[str, str]:
    at = time.time()
    return {name: lines[0] for name, lines in layout.metric_rows([(n, None, at, v) for n, v in values.items()]).items()}


def _cpu_times() -> tuple[float, float] | None:
    """(busy, all) seconds of all processors since the machine's start."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [float(text) for text in file.readline().split()[1:9]]
    except (OSError, ValueError):
        psutil = _module("psutil")
        if psutil is None:
            return None
        times = psutil.cpu_times()
        return sum(times) - times.idle, sum(times)
    idle = ticks[3] + ticks[4]  # idle and waiting for a disk
    return sum(ticks) - idle, sum(ticks)


def _memory() -> float | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            kilobytes = {line.partition(":")[0]: float(line.split()[1]) for line in file}
        return (kilobytes["MemTotal"] - kilobytes["MemAvailable"]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        psutil = _module("psutil")
        return None if psutil is None else float(psutil.virtual_memory().used)


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):
        return None


_READERS: Mapping[str, Callable[[], float | None]] = {"memory": _memory, "load": _load}


def _gpus() -> dict[str, float]:
    nvml = _module("pynvml")
    if nvml is None:
        return {}
    values = {}
    try:
        nvml.nvmlInit()
        for index in range(nvml.nvmlDeviceGetCount()):
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            memory = nvml.nvmlDeviceGetMemoryInfo(device)
            values[f"gpu_{index}_memory_free"] = float(memory.free)
            values[f"gpu_{index}_memory_used"] = float(memory.used)
            values[f"gpu_{index}_utilization"] = float(nvml.nvmlDeviceGetUtilizationRates(device).gpu)
    except nvml.NVMLError:
        return values
    return values


def _module(name: str) -> Any:  # `Any`: a library that is not installed here
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        return None
