"""`python -m polyaxon.artifacts --remove=PATHS`: what a cleaner run does. PATHS is a JSON list or one path."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from polyaxon.artifacts.local import remove
from polyaxon.errors import UserError

__all__ = ["main"]


def main(argv: Sequence[str], home: str) -> int:
    """Remove the paths from the home's store; return the exit code."""
    given = [item.removeprefix("--remove=") for item in argv if item.startswith("--remove=")]
    code = 0
    for text in given:
        for path in json.loads(text) if text.startswith("[") else [text]:
            try:
                there = remove(os.path.join(home, "artifacts"), path)
            except UserError as error:
                sys.stderr.write(f"{error}\n")
                code = 2
            else:
                sys.stdout.write(f"{path}: {'removed' if there else 'was not there'}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ["POLYAXON_HOME"]))
