"""Leaving a scheduler behind that drives what is left and goes when nothing is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from polyaxon.settings import Settings

__all__ = ["leave_scheduler"]

LOG = "scheduler.log"


def leave_scheduler(settings: Settings, root: str | None = None) -> Path:
    """Start `polyaxon scheduler` in a session of its own, for this root alone or for whatever the home has to run;
    return where it logs.

    The settings of this command line (mirrors) go with it.
    """
    what = ["--until-idle"] if root is None else ["--run", root]
    log = Path(settings.home, LOG)
    log.parent.mkdir(parents=True, exist_ok=True)
    mirrors = "\n".join(f"{prefix}={target}" for prefix, target in settings.mirrors.items())
    environment = {**os.environ, "POLYAXON_HOME": settings.home, "POLYAXON_MIRRORS": mirrors}
    with log.open("ab") as output:
        subprocess.Popen(
            [sys.executable, "-m", "polyaxon", "scheduler", *what],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    return log
