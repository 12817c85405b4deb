"""Every wrong file in `wrong/` gets exactly the diagnosis beside it: problems, positions, suggestions.

`UPDATE_GOLDEN=1 pytest tests/golden` writes the expected texts anew; read the difference before keeping it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from polyaxon.compiler.codes import CODES
from polyaxon.compiler.resolve import Overrides, load
from polyaxon.compiler.sources import Source
from polyaxon.errors import NotFoundError

FOLDER = Path(__file__).parent / "wrong"
FILES = sorted(FOLDER.glob("*.yaml"))
HUB = {
    "image-build": "kind: component\nrun: {kind: job, container: {image: builder}}\n",
    "notify": "kind: component\nrun: {kind: job, container: {image: notifier}}\n",
}


class Files:
    """References among the wrong files; the hub knows two components."""

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        if kind == "hub" and ref in HUB:
            return Source(HUB[ref], f"hub:{ref}")
        path = FOLDER / ref
        if kind == "path" and path.is_file():
            return Source(path.read_bytes(), ref)
        raise NotFoundError(f"there is no file `{ref}`")


def diagnosis(path: Path) -> str:
    text = path.read_bytes()
    params = dict(re.findall(r"^# -P (\w+)=(\S+)", text.decode(), re.MULTILINE))
    loaded = load(Files(), Source(text, path.name), overrides=Overrides(params=params))
    verdict = "valid" if loaded.ok else "refused"
    return "\n".join([f"{verdict}", *map(str, loaded.problems)]) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_file_gets_exactly_its_diagnosis(path: Path) -> None:
    expected = path.with_suffix(".txt")
    found = diagnosis(path)
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(found)
    assert found == expected.read_text()


def test_there_are_more_than_sixty_wrong_files() -> None:
    assert len(FILES) > 60


def test_what_can_be_wrong_in_a_file_is_shown_by_one() -> None:
    """The others arise from the command line, from the world, or only while compiling."""
    elsewhere = {"PX201", "PX208", "PX209", "PX233", "PX270", "PX271"}
    shown = {code for path in FILES for code in re.findall(r"PX2\d\d", path.with_suffix(".txt").read_text())}
    assert set(map(str, CODES)) - elsewhere == shown
