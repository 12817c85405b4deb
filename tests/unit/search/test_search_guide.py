"""The guide's programs run as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "search.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def test_the_guide_has_programs() -> None:
    assert len(PROGRAMS) >= 4


@pytest.mark.parametrize("program", PROGRAMS, ids=[f"program-{place}" for place in range(len(PROGRAMS))])
def test_a_program_of_the_guide_runs(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(program, str(GUIDE), "exec"), {"__name__": "guide"})
    printed = capsys.readouterr().out
    assert "print(" not in program or printed
