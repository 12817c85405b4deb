"""The program that the chaos tests kill: submits the flow once, and drives it to its end however often it is begun."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime

from polyaxon import server
from polyaxon.compiler.resolve import load
from polyaxon.hub.sources import HubSources
from polyaxon.model.run import Run
from polyaxon.scheduler.crash import CrashPoint
from polyaxon.server import Local, open_local
from polyaxon.settings import read_settings


def submitted(local: Local, file: str) -> Run:
    """Return the flow's run, made when there is none."""
    for run in local.store.list(None, "pipeline:nil", "", 1, 0, datetime.now(UTC)).runs:
        return run
    sources = HubSources(local.settings.home)
    loaded = load(sources, sources.read("path", file, None))
    if loaded.operation is None:
        raise SystemExit("\n".join(map(str, loaded.problems)))
    return local.submit(loaded.operation, name="flow", components=loaded.components)


def kept_waiting() -> float:
    """Return the seconds in which this process could have run and others had the processors."""
    try:
        with open("/proc/self/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except OSError:
        return 0.0


def noted(reach: CrashPoint, path: str) -> CrashPoint:
    """Note in a file which moment was reached when, then reach it."""
    notes = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def moment(name: str) -> None:
        os.write(notes, f"{os.getpid()} {name} {time.monotonic()} {kept_waiting()}\n".encode())
        reach(name)

    return moment


def main(file: str) -> int:
    """Return 0 when the flow succeeded and 3 when it failed: a driver that breaks ends with 1."""
    if "CHAOS_MOMENTS" in os.environ:
        make = server.crash_points
        server.crash_points = lambda spec: noted(make(spec), os.environ["CHAOS_MOMENTS"])
    with open_local(read_settings()) as local:
        root = submitted(local, file).uuid
        return 0 if local.drive([root])[root].status.value == "succeeded" else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
