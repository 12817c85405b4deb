"""A scheduler that dies where it is told: `crashing_scheduler.py HOME PLAN WHERE` (not a test; tests start it).

WHERE names a function of the process runtime and whether to die `before` or `after` it: `before:spawn`, `after:spawn`,
`before:flush`, `after:flush`, `during:prepare`, `after:start`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from polyaxon.model.launch import LaunchPlan
from polyaxon.runtimes.process import ProcessRuntime
from polyaxon.runtimes.process.keeping import Keeper
from polyaxon.sidecar import Preparer


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(function: Callable[..., Any], when: str) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> Any:
        if when == "before":
            die()
        result = function(*args, **named)
        die()
        return result

    return call


def main(home: str, plan: str, where: str) -> None:
    when, _, name = where.partition(":")
    if name == "spawn":
        Keeper.spawn = dying(Keeper.spawn, when)  # type: ignore[method-assign]
    elif name == "flush":
        Keeper._flush = dying(Keeper._flush, when)  # type: ignore[method-assign]

    async def play() -> None:
        runtime = ProcessRuntime(home, prepare=die if name == "prepare" else Preparer())
        await runtime.open()
        await runtime.start(LaunchPlan.from_dict(json.loads(plan)), 1)
        if name == "start":
            die()
        async for _ in runtime.observations():
            continue

    asyncio.run(play())


if __name__ == "__main__":
    main(*sys.argv[1:])
