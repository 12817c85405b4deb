"""What a container's probes ask: from the words of Kubernetes to checks that can be made here. Pure.

A service that says nothing is ready when its first port is listened on: looked up, not connected to, because a
connection may be taken for a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from polyaxon.model.launch import Container
from polyaxon.model.record import dataclass

__all__ = ["Check", "Checks", "activity_check", "checks_of"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a process: `listen` and `tcp` ask a port, `http` an address, `exec` a command. In seconds."""

    kind: str
    port: int = 0
    host: str = "127.0.0.1"
    path: str = "/"
    scheme: str = "http"
    headers: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    delay: float = 0.0
    period: float = 10.0
    timeout: float = 1.0
    failures: int = 3
    successes: int = 1

    @property
    def text(self) -> str:
        """What has to happen, in words."""
        if self.kind == "exec":
            return f"`{' '.join(self.command)}` ends with 0"
        if self.kind == "http":
            return f"{self.scheme}://{self.host}:{self.port}{self.path} answers"
        return f"port {self.port} answers"


@dataclass(frozen=True, slots=True)
class Checks:
    """What is asked of one process. `lasting` is False when it is ready once and for all."""

    startup: Check | None = None
    ready: Check | None = None
    live: Check | None = None
    lasting: bool = True

    def __bool__(self) -> bool:
        return bool(self.startup or self.ready or self.live)


def checks_of(container: Container, ports: Mapping[int, int], served: int | None) -> tuple[Checks, list[str]]:
    """Return the checks of a container and what of its probes cannot be made here.

    `ports` are the declared ports with the real ones; `served` is the declared first port of a service.
    """
    problems: list[str] = []
    startup, ready, live = (
        _check(container, name, ports, problems) for name in ("startupProbe", "readinessProbe", "livenessProbe")
    )
    if served is None:
        return Checks(startup, None, live), problems  # whether a job is ready means nothing to anybody
    if ready is None:
        ready = Check("listen", ports.get(served, served), period=1.0)
        return Checks(startup, ready, live, lasting=False), problems
    return Checks(startup, ready, live), problems


def activity_check(http: Mapping[str, Any] | None, command: tuple[str, ...], ports: Mapping[int, int]) -> Check | None:
    """Return the check of `termination.probe`."""
    if http:
        declared = int(http.get("port") or 0)
        return _http(http, ports.get(declared, declared))
    return Check("exec", command=command, timeout=10.0) if command else None


def _check(container: Container, name: str, ports: Mapping[int, int], problems: list[str]) -> Check | None:
    probe = container.extra.get(name)
    if not isinstance(probe, Mapping):
        return None
    found = _action(container, probe, ports)
    if found is None:
        problems.append(f"`{name}` is not honoured by the process runtime: it takes `httpGet`, `tcpSocket` or `exec`")
        return None
    return replace(
        found,
        delay=_seconds(probe, "initialDelaySeconds", 0.0),
        period=_seconds(probe, "periodSeconds", 10.0),
        timeout=_seconds(probe, "timeoutSeconds", 1.0),
        failures=int(_seconds(probe, "failureThreshold", 3)),
        successes=int(_seconds(probe, "successThreshold", 1)),
    )


def _action(container: Container, probe: Mapping[str, Any], ports: Mapping[int, int]) -> Check | None:
    for kind in ("httpGet", "tcpSocket"):
        action = probe.get(kind)
        if isinstance(action, Mapping):
            declared = _port(container, action.get("port"))
            if declared is None:
                return None
            port = ports.get(declared, declared)
            return _http(action, port) if kind == "httpGet" else Check("tcp", port, action.get("host") or "127.0.0.1")
    command = (probe.get("exec") or {}).get("command")
    return Check("exec", command=tuple(map(str, command))) if command else None


def _http(action: Mapping[str, Any], port: int) -> Check:
    headers = tuple((str(item["name"]), str(item["value"])) for item in action.get("httpHeaders") or ())
    path = str(action.get("path") or "/")
    return Check(
        "http",
        port,
        action.get("host") or "127.0.0.1",
        path if path.startswith("/") else f"/{path}",
        str(action.get("scheme") or "http").lower(),
        headers,
    )


def _port(container: Container, value: Any) -> int | None:
    """A probe's port is a number, or the name of one of the container's ports."""
    if isinstance(value, int) or str(value).isdigit():
        return int(value)
    for port in container.extra.get("ports") or ():
        if port.get("name") == value:
            return int(port["containerPort"])
    return None


def _seconds(probe: Mapping[str, Any], name: str, default: float) -> float:
    value = probe.get(name)
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError):
        return default
