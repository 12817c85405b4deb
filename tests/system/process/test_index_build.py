"""A build that reads packages from the index that pip is configured with on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyaxon.builds.builder import Request, build


def _index_answers() -> bool:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--ignore-installed",
        "--retries=0",
        "six",
    ]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0


@pytest.fixture(scope="module")
def index() -> None:
    if not _index_answers():
        pytest.skip("pip finds no package index from this machine")


@pytest.mark.usefixtures("index")
def test_packages_come_from_the_configured_index(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.11\nRUN pip3 install --no-cache-dir -U six polyaxon==2.0\n")
    request = Request(str(tmp_path / "home"), "acme/six", str(tmp_path / "Dockerfile"), str(tmp_path), dict(os.environ))
    built = build(request, lambda line: None)
    code = "import six, polyaxon.tracking; from importlib.metadata import version; print(version('polyaxon'))"
    python = f"{built.image.venv}/bin/python"
    shown = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip().endswith("+light")
