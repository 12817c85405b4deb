"""How long the command line takes to answer, beside a bare interpreter: `python benchmarks/startup.py`.

Medians over fresh processes, taken in turns so that a busy moment of the machine hits all alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
TYPED = ROOT / "examples" / "quick-start" / "experimentation" / "typed.yaml"
ROUNDS = 15

COMMANDS: dict[str, tuple[Sequence[str], float | None]] = {
    "python -c pass": (["-c", "pass"], None),
    "polyaxon --help": (["-m", "polyaxon", "--help"], 0.10),
    "polyaxon version": (["-m", "polyaxon", "version"], 0.10),
    "polyaxon check -f typed.yaml": (["-m", "polyaxon", "check", "-f", str(TYPED)], 0.30),
    "polyaxon ops ls": (["-m", "polyaxon", "ops", "ls"], 0.30),
    "import polyaxon.tracking": (["-c", "import polyaxon.tracking"], None),
}


def seconds(arguments: Sequence[str], environment: dict[str, str]) -> float:
    """Time one fresh process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "POLYAXON_HOME": home}
        taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for arguments, _ in COMMANDS.values():
            seconds(arguments, environment)  # fills the bytecode cache
        for _ in range(ROUNDS):
            for name, (arguments, _) in COMMANDS.items():
                taken[name].append(seconds(arguments, environment))
    anchor = median(taken["python -c pass"])
    print(f"{'command':34} {'median':>8} {'best':>8} {'× python':>9} {'budget':>8}")
    for name, (_, budget) in COMMANDS.items():
        middle = median(taken[name])
        verdict = "" if budget is None else f"{budget:.2f} s" + ("" if middle <= budget else "  OVER")
        print(f"{name:34} {middle:6.3f} s {min(taken[name]):6.3f} s {middle / anchor:9.1f} {verdict:>8}")


if __name__ == "__main__":
    main()
