"""A private PostgreSQL for the contract's tests: on a socket of its own, thrown away afterwards."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the URL of an empty cluster; skips, saying why, where there is no server or driver to run one."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: `pip install polyaxon[postgres]`")
    binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not binaries:
        pytest.skip("no PostgreSQL server on this machine: apt-get install postgresql")
    directory = Path(tempfile.mkdtemp(prefix="plx-pg-"))
    server = _Server(Path(binaries[-1]).parent, directory)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


class _Server:
    """One cluster. A root user runs it as the distribution's `postgres`, which the server insists on."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries = binaries
        self._directory = directory
        self._as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.url = f"postgresql://plx@/postgres?host={directory}&port=5432"

    def start(self) -> None:
        if self._as_other:
            shutil.chown(self._directory, "postgres")
        data = str(self._directory / "data")
        self._call("initdb", "-D", data, "-U", "plx", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses= -c unix_socket_directories={self._directory} -c fsync=off"
        self._call("pg_ctl", "-D", data, "-w", "-l", str(self._directory / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._call("pg_ctl", "-D", str(self._directory / "data"), "-m", "immediate", "stop", check=False)

    def _call(self, program: str, *arguments: str, check: bool = True) -> None:
        done = subprocess.run(
            [*self._as_other, str(self._binaries / program), *arguments],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")
