"""Fixtures of the chaos tier."""

from __future__ import annotations

from pathlib import Path

import pytest
from chaos_flow import Chaos


@pytest.fixture
def chaos(tmp_path: Path) -> Chaos:
    """Return a fresh home."""
    (tmp_path / "home").mkdir()
    return Chaos(tmp_path)
