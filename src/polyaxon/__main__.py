"""The entry of `polyaxon` and `python -m polyaxon`: run the command line, answer with its exit code."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line on this process's arguments and exit."""
    from polyaxon.cli.app import run_app

    sys.exit(run_app(sys.argv[1:]))


if __name__ == "__main__":
    main()
