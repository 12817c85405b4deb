"""Leaving a scheduler behind that drives what is left and goes when nothing is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from polyaxon.settings import Settings

__all__ = ["leave_scheduler"]

LOG = "scheduler.log"


def leave_scheduler(settings: Settings) -> Path:
    """Start `polyaxon scheduler --until-idle` in a session of its own; return where it logs.

    The settings of this command line (mirrors) go with it.
    """
    log = Path(settings.home, LOG)
    log.parent.mkdir(parents=True, exist_ok=True)
    mirrors = "\n".join(f"{prefix}={target}" for prefix, target in settings.mirrors.items())
    environment = {**os.environ, "POLYAXON_HOME": settings.home, "POLYAXON_MIRRORS": mirrors}
    with log.open("ab") as output:
        subprocess.Popen(
            [sys.executable, "-m", "polyaxon", "scheduler", "--until-idle"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    return log
