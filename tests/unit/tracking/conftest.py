"""Fixtures of the tests of tracking."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tracking_program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process that is not inside any run, with a home of its own."""
    for name in list(os.environ):
        if name.startswith(("POLYAXON_", "TF_CONFIG", "RANK", "WORLD_SIZE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("POLYAXON_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
