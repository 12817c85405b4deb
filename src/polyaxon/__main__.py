"""The entry of `polyaxon` and `python -m polyaxon`: run the command line, answer with its exit code."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from types import ModuleType

ALLOCATIONS = 250_000
"""Between collections of young objects: at the default of 700, a seventh of a short command's time is spent looking
for garbage among modules that are being imported. A run of a thousand operations is looked through once or twice;
what a long-lived scheduler may leave uncollected meanwhile is some tens of megabytes."""


def main() -> None:
    """Run the command line on this process's arguments and exit.

    The process ends without taking its modules apart, which costs a short command a tenth of its time; whatever must
    survive was written before.
    """
    gc.set_threshold(ALLOCATIONS, 20, 50)
    _leave_out_plugins()
    from polyaxon.cli.app import run_app

    code = run_app(sys.argv[1:])
    with suppress(OSError, ValueError):  # nobody reads any more, or the stream is closed
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _leave_out_plugins() -> None:
    """Let pydantic have no plugins.

    Looking for them in the metadata of every installed package costs more than building our models, and importing what
    would look, only to be told not to, a fifteenth of a short command. The names are the same in all of pydantic 2; if
    one is ever another, the variable still does the first half.
    """
    if os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__") == "__all__":
        loader = ModuleType("pydantic.plugin._loader")
        loader.get_plugins = tuple  # type: ignore[attr-defined]  # what pydantic's own answers: ()
        sys.modules.setdefault(loader.__name__, loader)


if __name__ == "__main__":
    main()
