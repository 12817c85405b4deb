"""The page about the command line is the command line's own words."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_command_line_is_up_to_date() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "cli_reference.py"))
    assert (ROOT / "docs/reference/cli.md").read_text() == tool["page"](), "run `python tools/cli_reference.py`"
