"""The process runtime keeps every promise of the contract, with real processes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from polyaxon.model.ids import RunId
from polyaxon.runtimes.base import Runtime
from polyaxon.runtimes.process import ProcessRuntime
from polyaxon.testing.runtime_contract import RuntimeContract


class TestProcessRuntime(RuntimeContract):
    def opened(self, home: str) -> AbstractAsyncContextManager[Runtime]:
        return _opened(home)

    def read_log(self, runtime: Runtime, run: RunId) -> str:
        return Path(runtime.places(run).run_artifacts, "plxlogs", "main.log").read_text()


class TestProcessRuntimeWithoutPidfds(TestProcessRuntime):
    """As on systems whose kernel cannot tell of a process's end: processes are looked at now and then."""

    @pytest.fixture(autouse=True)
    def _without_pidfds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "pidfd_open")


@asynccontextmanager
async def _opened(home: str) -> AsyncIterator[Runtime]:
    runtime = ProcessRuntime(home)
    await runtime.open()
    try:
        yield runtime
    finally:
        await runtime.close()
