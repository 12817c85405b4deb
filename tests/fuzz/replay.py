"""Give inputs to a target: `python tests/fuzz/replay.py TARGET FILE...` says what each costs. Exit 1: one is wrong."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from limits import cost_of
from targets import TARGETS

WARM = {
    "files": b"{kind: component, run: {kind: dag, operations: [{name: a, cmd: 'echo {{ 1 + 1 }}'}]}}",
    "templates": b"{{ n + 1 }}",
    "patches": b"{base: {cmd: 'echo {{ 1 + 1 }}'}, patch: {container: {image: x}}}",
}
"""An input that imports what inputs need: that is paid once, not for each of them."""


def main() -> int:
    """Replay; return the exit code."""
    name, *paths = sys.argv[1:]
    target = TARGETS[name]
    cost_of(target(WARM[name]))
    failed = False
    for path in paths:
        try:
            cost = cost_of(target(Path(path).read_bytes()))
        except Exception:  # noqa: BLE001  (whatever it is, it is the finding)
            traceback.print_exc()
            failed = True
            continue
        failed = failed or cost.is_too_much
        print(f"{path}: {cost}" + ("  TOO MUCH" if cost.is_too_much else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
