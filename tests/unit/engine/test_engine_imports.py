"""What deciding may cost to load: every run of the command line waits for it."""

from __future__ import annotations

import subprocess
import sys


def test_deciding_loads_no_numerical_library() -> None:
    code = "import sys, polyaxon.engine.decisions; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_deciding_loads_no_search_before_there_is_one() -> None:
    code = "import sys, polyaxon.engine.decisions; print(sorted({'polyaxon.search', 'cronsim'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
