"""What a run was made with: the machine, the interpreter, its packages, the state of the code."""

from __future__ import annotations

import os
import sys
from typing import Any

__all__ = ["code_reference", "snapshot"]

_GIT_SECONDS = 5


def snapshot() -> dict[str, Any]:
    """Return the content of `outputs/env.json`. No environment variables: they hold secrets."""
    import platform
    import socket

    return {
        "pid": os.getpid(),
        "hostname": socket.gethostname(),
        "os": platform.platform(aliased=True),
        "system": platform.system(),
        "python_version": platform.python_version(),
        "python_version_verbose": sys.version,
        "executable": sys.executable,
        "cpu_count": os.cpu_count(),
        "user": _user(),
        "directory": _directory(),
        "argv": list(sys.argv),
        "packages": _packages(),
    }


def code_reference(directory: str | None = None) -> dict[str, Any] | None:
    """Return commit, branch, url and whether the work tree differs from it; None outside of git."""
    commit = _git(["rev-parse", "HEAD"], directory)
    if not commit:
        return None
    return {
        "commit": commit,
        "branch": _git(["rev-parse", "--abbrev-ref", "HEAD"], directory),
        "url": _without_credentials(_git(["config", "--get", "remote.origin.url"], directory) or ""),
        "dirty": bool(_git(["status", "--porcelain", "--untracked-files=no"], directory)),
    }


def _git(arguments: list[str], directory: str | None) -> str | None:
    import subprocess

    try:
        done = subprocess.run(  # optional locks would disturb the user's own git commands
            ["git", "--no-optional-locks", *arguments],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _without_credentials(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found:
        return url
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # removed meanwhile
        return None


def _user() -> str | None:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user without a name
        return None


def _packages() -> dict[str, str]:
    """Name → version, read off the directories: opening every package's metadata would take a second."""
    packages: dict[str, str] = {}
    for directory in sys.path:
        try:
            names = os.listdir(directory or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info"):
                package, _, version = name[: -len(".dist-info")].partition("-")
                packages.setdefault(package, version)
    return dict(sorted(packages.items()))
