"""The Python in the guides runs as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BLOCKS = [
    pytest.param(code, id=f"{page}-{number}")
    for page in ("tracking", "client", "querying")
    for number, code in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / f"docs/guide/{page}.md").read_text(), re.S)
    )
]


@pytest.mark.parametrize("code", BLOCKS)
def test_a_block_of_a_guide_runs(code: str, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "POLYAXON_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_function_is_in_the_reference() -> None:
    from polyaxon import tracking

    page = (ROOT / "docs/reference/tracking.md").read_text()
    assert [name for name in tracking.__all__ if name.islower() and f"`{name}" not in page] == []


def test_every_field_of_a_run_is_in_the_reference() -> None:
    from polyaxon.query import ENTITIES

    page = (ROOT / "docs/reference/query.md").read_text()
    missing = [name for entity in ENTITIES.values() for name in entity.fields if not re.search(rf"\b{name}\b", page)]
    assert missing == []
