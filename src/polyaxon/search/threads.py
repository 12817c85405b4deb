"""Why one thread? The matrices here are small, and a BLAS library that spreads them over busy cores waits for itself.

On a machine whose cores are training, a suggestion with several BLAS threads was measured twenty times slower than with
one. The limit holds for the duration of a suggestion and changes no result. An environment variable would do the
same, but the training processes would inherit it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from importlib import import_module
from typing import Any

__all__ = ["one_thread"]


def one_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS uses one thread; nothing happens where `threadpoolctl` is not installed."""
    controller = _controller()
    return nullcontext() if controller is None else controller.limit(limits=1, user_api="blas")


@lru_cache(maxsize=1)
def _controller() -> Any:  # Any: the library is optional and untyped
    try:
        return import_module("threadpoolctl").ThreadpoolController()
    except ImportError:
        return None
