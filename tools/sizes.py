"""The size ratchet: modules and functions stay readable in one go, and what is too long may only get shorter.

A module has at most 500 lines and a function at most 60. `tools/sizes.json` lists the exceptions with the size each has
now: growing beyond it fails, and so does having shrunk without lowering the number (`--update` writes the file anew).
No module may exceed 750 lines, exception or not.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / "tools" / "sizes.json"
ROOMS = ("src", "tests", "benchmarks", "examples", "tools")
MODULE_LINES = 500
MODULE_LIMIT = 750
FUNCTION_LINES = 60


def measure(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (name, lines, allowed) for the module and for each of its functions."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    yield name, text.count("\n"), MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{name}:{node.name}", lines, FUNCTION_LINES


def too_long() -> dict[str, int]:
    """Return what exceeds its limit, with its size."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for name, lines, allowed in measure(path):
                if lines > allowed:
                    found[name] = max(lines, found.get(name, 0))
    return found


def complaints(found: dict[str, int], exceptions: dict[str, int]) -> Iterator[str]:
    """Yield one sentence per broken rule."""
    for name, lines in sorted(found.items()):
        limit = FUNCTION_LINES if ":" in name else MODULE_LINES
        if ":" not in name and lines > MODULE_LIMIT:
            yield f"{name} has {lines} lines; no module may have more than {MODULE_LIMIT}: split it"
        elif name not in exceptions:
            yield f"{name} has {lines} lines, more than {limit}: split it"
        elif lines > exceptions[name]:
            yield f"{name} grew from {exceptions[name]} to {lines} lines, above the limit of {limit}: split it"
    for name, lines in sorted(exceptions.items()):
        if found.get(name, 0) < lines:
            yield f"{name} got shorter: run `python tools/sizes.py --update` to keep it so"


def main() -> int:
    """Check, or with `--update` write the exceptions anew; return the exit code."""
    found = too_long()
    if "--update" in sys.argv[1:]:
        EXCEPTIONS.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    exceptions = json.loads(EXCEPTIONS.read_text(encoding="utf-8")) if EXCEPTIONS.exists() else {}
    broken = list(complaints(found, exceptions))
    sys.stdout.writelines(f"{sentence}\n" for sentence in broken)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
