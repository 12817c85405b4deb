"""The page of problems is what the tables say, and says something of every code."""

from __future__ import annotations

import os
from pathlib import Path

from polyaxon.compiler.codes import CODES, CompileCode, errors_page
from polyaxon.spec.codes import CODES as SPEC_CODES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "errors.md"


def test_the_page_is_generated_from_the_tables() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(errors_page())
    assert PAGE.read_text() == errors_page()


def test_every_code_is_explained_once() -> None:
    assert set(CODES) == set(CompileCode)
    assert not set(map(str, CODES)) & set(map(str, SPEC_CODES))
    page = errors_page()
    for name in (*CODES, *SPEC_CODES):
        assert page.count(f"### {name}: ") == 1
