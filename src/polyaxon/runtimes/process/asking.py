"""Asking a process how it is: ports that are listened on, addresses that answer, commands that end with 0."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from polyaxon.runtimes.keeper import signal_group
from polyaxon.runtimes.process.probes import Check

__all__ = ["Listeners", "ask", "last_activity"]

_LISTEN = "0A"
_FRESH_SECONDS = 0.05
_MAX_BYTES = 1 << 20


class Listeners:
    """The ports of this machine that are listened on, read from the kernel's table at most every few moments."""

    def __init__(self) -> None:
        self._ports: frozenset[int] = frozenset()
        self._read_at = 0.0

    async def has(self, port: int) -> bool:
        """Whether somebody listens on the port; where there is no table to look in, by connecting."""
        if not os.path.exists("/proc/net/tcp"):
            return await _connect(Check("tcp", port)) is None
        now = time.monotonic()
        if now - self._read_at > _FRESH_SECONDS:
            self._ports, self._read_at = _listening(), now
        return port in self._ports


async def ask(check: Check, listeners: Listeners, env: Mapping[str, str], cwd: str) -> str | None:
    """Return None when the answer is good, else what is wrong."""
    if check.kind == "listen":
        return None if await listeners.has(check.port) else f"nobody listens on port {check.port}"
    try:
        async with asyncio.timeout(check.timeout):
            if check.kind == "tcp":
                return await _connect(check)
            if check.kind == "http":
                status, _ = await _get(check)
                return None if 200 <= status < 400 else f"HTTP {status}"
    except TimeoutError:
        return f"no answer within {check.timeout:g} s"
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        return _reason(error)
    return await asyncio.to_thread(_execute, check, env, cwd)


async def last_activity(check: Check, env: Mapping[str, str], cwd: str) -> datetime | str | None:
    """Return when the service was last in use: now or None for a command, what an address says; a text when unknown."""
    if check.kind == "exec":
        return None if await asyncio.to_thread(_execute, check, env, cwd) else datetime.now(UTC)
    try:
        async with asyncio.timeout(max(5.0, check.timeout)):
            status, body = await _get(check)
        if status != 200:
            return f"HTTP {status}"
        said = datetime.fromisoformat(str(json.loads(body)["last_activity"]))
    except TimeoutError:
        return "no answer"
    except (OSError, ValueError, KeyError, TypeError, asyncio.IncompleteReadError) as error:
        return "no `last_activity` in its answer" if isinstance(error, KeyError | TypeError) else _reason(error)
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _listening() -> frozenset[int]:
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN:
                    ports.add(int(fields[1].rsplit(":", 1)[-1], 16))
    return frozenset(ports)


async def _connect(check: Check) -> str | None:
    try:
        _, writer = await asyncio.open_connection(check.host, check.port)
    except OSError as error:
        return _reason(error)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return None


async def _get(check: Check) -> tuple[int, bytes]:
    """Ask with HTTP/1.0: its answer ends where the connection does."""
    context = None
    if check.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # as a kubelet does
    reader, writer = await asyncio.open_connection(check.host, check.port, ssl=context)
    try:
        headers = {"Host": f"{check.host}:{check.port}", "User-Agent": "polyaxon-probe", **dict(check.headers)}
        lines = [f"GET {check.path} HTTP/1.0", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.read(_MAX_BYTES)
    finally:
        writer.close()
    return int(head.split(None, 2)[1]), body


def _execute(check: Check, env: Mapping[str, str], cwd: str) -> str | None:
    try:
        child = subprocess.Popen(
            check.command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return _reason(error)
    try:
        code = child.wait(check.timeout)
    except subprocess.TimeoutExpired:
        signal_group(child.pid, signal.SIGKILL)
        child.wait()
        return f"`{check.command[0]}` did not end within {check.timeout:g} s"
    return None if code == 0 else f"`{check.command[0]}` ended with {code}"


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}".rstrip(": ")
