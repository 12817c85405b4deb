"""Files in the style of the reference's documentation are right, without a word: a valid file refused is the worst."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyaxon.compiler.resolve import load
from polyaxon.compiler.sources import Source
from polyaxon.errors import NotFoundError

FILES = sorted((Path(__file__).parent / "right").glob("*.yaml"))


class Nothing:
    """No references are followed: what the files name in a hub is not here."""

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        raise NotFoundError(ref)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_said_of_a_right_file(path: Path) -> None:
    loaded = load(Nothing(), Source(path.read_bytes(), path.name), shallow=True, partial=True)
    assert loaded.problems == ()
    assert loaded.operation is not None


def test_there_are_twenty_right_files() -> None:
    assert len(FILES) >= 20
