"""A light wheel of this project for the environments we build: tracking and client, no dependencies, Python ≥ 3.8.

It holds what `polyaxon.tracking` and `polyaxon.client` need and nothing else: the modules are found by following their
imports. The same sources give the same bytes.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import polyaxon

__all__ = ["LIGHT_VERSION", "light_files", "wheel_name", "write_wheel"]

LIGHT_VERSION = f"{polyaxon.__version__}+light"
"""A local version: package indexes do not take any, so none can offer another wheel of it."""

_ROOTS = ("tracking", "client")
_EPOCH = (2020, 1, 1, 0, 0, 0)
_PARSING = Lock()
"""CPython 3.11 counts in one place how deep the trees of all threads are: of two that parse at once, one may fail."""


def wheel_name() -> str:
    """Return the wheel's file name."""
    return f"polyaxon-{LIGHT_VERSION}-py3-none-any.whl"


def write_wheel(directory: str) -> str:
    """Write the wheel into the directory and return its path."""
    path = Path(directory, wheel_name())
    information = f"polyaxon-{LIGHT_VERSION}.dist-info"
    files = {f"polyaxon/{name}": content for name, content in light_files().items()}
    files[f"{information}/METADATA"] = _metadata().encode()
    files[f"{information}/WHEEL"] = _WHEEL.encode()
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{information}/RECORD"] = f"{record}{information}/RECORD,,\n".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return str(path)


def light_files() -> dict[str, bytes]:
    """Return the files of the light package by their names in it, in order."""
    package = Path(polyaxon.__file__).parent
    wanted = [package / "__init__.py", package / "py.typed"]
    for root in _ROOTS:
        wanted += sorted((package / root).rglob("*.py"))
    known: dict[Path, bytes] = {}
    while wanted:
        file = wanted.pop(0)
        if file in known or not file.is_file():
            continue
        known[file] = file.read_bytes()
        if file.suffix == ".py":
            wanted += _imported(package, file, known[file])
        # The store's reader creates a database that is not there yet.
        if file.parent.name == "store":
            wanted += sorted((file.parent / "migrations").rglob("*.sql"))
    return {file.relative_to(package).as_posix(): known[file] for file in sorted(known)}


def _imported(package: Path, file: Path, content: bytes) -> Iterator[Path]:
    """Yield the files of this package that the module imports, and the packages they lie in."""
    with _PARSING:
        tree = ast.parse(content)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                own = ("polyaxon", *file.relative_to(package).parent.parts)
                base = ".".join((*own[: len(own) - node.level + 1], *filter(None, (base,))))
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "polyaxon":
                for depth in range(1, len(parts)):
                    inner = package.joinpath(*parts[1 : depth + 1])
                    yield from (inner / "__init__.py", inner.with_suffix(".py"))


def _metadata() -> str:
    return (
        "Metadata-Version: 2.1\n"
        "Name: polyaxon\n"
        f"Version: {LIGHT_VERSION}\n"
        "Summary: Tracking and client of polyaxon, for training code\n"
        "License: Apache-2.0\n"
        "Requires-Python: >=3.8\n"
    )


_WHEEL = "Wheel-Version: 1.0\nGenerator: polyaxon\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
