"""`AsyncRunClient` and `AsyncProjectClient`: the same methods as coroutines, each done by a thread meanwhile."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Awaitable, Callable

from polyaxon.client.failures import PolyaxonClientException
from polyaxon.client.projects import ProjectClient
from polyaxon.client.runs import RunClient

__all__ = ["AsyncProjectClient", "AsyncRunClient"]

# `Any` throughout: each method has the arguments and the result of its namesake.

_WAITING = frozenset({"iter_logs", "watch_statuses", "upload_artifact"})


class _Asynchronous:
    """Properties are those of the client as last read; methods are coroutines."""

    _kind: Callable[..., Any]

    def __init__(self, *names: Any, **options: Any) -> None:
        self._client = type(self)._kind(*names, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in _WAITING:
            raise PolyaxonClientException(
                f"`{name}` is not part of the asynchronous client", "use the other client in a thread of your own"
            )
        value = getattr(self._client, name)
        return partial(_in_thread, value) if callable(value) else value


class AsyncRunClient(_Asynchronous):
    """`RunClient` with coroutines."""

    _kind = RunClient


class AsyncProjectClient(_Asynchronous):
    """`ProjectClient` with coroutines."""

    _kind = ProjectClient


def _in_thread(method: Callable[..., Any], *names: Any, **options: Any) -> Awaitable[Any]:
    return asyncio.get_running_loop().run_in_executor(None, partial(method, *names, **options))
