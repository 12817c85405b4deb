"""Fixtures of the scheduler's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scheduler_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a fresh home."""
    bench = Bench(tmp_path)
    yield bench
    bench.local.close()
