"""Fixtures of the command line's system tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import SEED, Cli


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    made = Cli(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def mirrored(tmp_path: Path) -> list[str]:
    """The options that lead the seed's addresses to the example, with a training script that takes no time."""
    project = tmp_path / "project"
    shutil.copytree(SEED.parent, project)
    shutil.copy(Path(__file__).parent / "quick_model.py", project / "model.py")
    return [
        "--mirror",
        f"https://raw.githubusercontent.com/polyaxon/polyaxon-quick-start/master={project}",
        "--mirror",
        f"https://github.com/polyaxon/polyaxon-quick-start={project}",
    ]
