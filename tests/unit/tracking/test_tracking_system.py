"""Sampling the machine."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from polyaxon.tracking import system
from polyaxon.tracking.metrics import read_points
from polyaxon.tracking.writer import Writer


def test_a_sample_says_what_is_used() -> None:
    values, times = system.sample()
    assert times is not None
    assert values["memory"] > 0
    assert values["load"] >= 0
    later, _ = system.sample((times[0] - 1, times[1] - 4))
    assert 0 < later["cpu"] <= 100


def test_gpus_are_read_where_their_library_is(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMemoryInfo=lambda device: SimpleNamespace(free=3, used=5),
        nvmlDeviceGetUtilizationRates=lambda device: SimpleNamespace(gpu=70),
    )
    monkeypatch.setattr(system, "_module", {"pynvml": nvml}.get)
    values, _ = system.sample()
    assert {name: value for name, value in values.items() if name.startswith("gpu")} == {
        "gpu_0_memory_free": 3.0,
        "gpu_0_memory_used": 5.0,
        "gpu_0_utilization": 70.0,
    }


def test_samples_are_metric_files_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_SECONDS", 0.01)
    writer = Writer(str(tmp_path))
    sampler = system.Sampler(writer)
    sampler.start()
    path = tmp_path / "resources/metric/memory.plx"
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    sampler.stop()
    sampler._thread.join()
    writer.close()
    assert read_points(str(path))[0].value > 0
