"""Nothing made while a big file is read is garbage: looking for it meanwhile only costs time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused", "garbage_set_aside"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Switch the garbage collector off for a while."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def garbage_set_aside() -> Iterator[None]:
    """Let the garbage collector never look at what is there at the end: for a process that loads once and then goes on.

    One look at the modules and the values of a file of a thousand operations takes as long as a tenth of running them.
    """
    with collector_paused():
        yield
        gc.freeze()
