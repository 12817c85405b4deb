"""A private PostgreSQL for tests: on a socket of its own in a temporary directory, thrown away afterwards."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

__all__ = ["PostgresServer", "postgres_server", "why_no_postgres"]

_BINARIES = "/usr/lib/postgresql/*/bin/initdb"


def why_no_postgres() -> str | None:
    """Return why no server can be run here; None when one can."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed: `pip install polyaxon[postgres]`"
    if not glob.glob(_BINARIES):
        return "there is no PostgreSQL server on this machine: `apt-get install postgresql`"
    return None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run an empty cluster for as long as the block lasts."""
    directory = Path(tempfile.mkdtemp(prefix="plx-pg-"))
    server = PostgresServer(Path(sorted(glob.glob(_BINARIES))[-1]).parent, directory)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


class PostgresServer:
    """One cluster. Root runs it as the distribution's `postgres`, for the server refuses to run as root."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries = binaries
        self._directory = directory
        self._data = str(directory / "data")
        self._as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.url = self._url("postgres")

    def create(self) -> None:
        """Make the cluster."""
        if self._as_other:
            shutil.chown(self._directory, "postgres")
        self._call(
            "initdb", "-D", self._data, "-U", "plx", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self._directory} -c fsync=off"
        self._call("pg_ctl", "-D", self._data, "-w", "-l", str(self._directory / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash."""
        self._call("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop", check=False)

    def database(self, name: str) -> str:
        """Make another database, and return its URL."""
        self._call("createdb", "-h", str(self._directory), "-p", "5432", "-U", "plx", name)
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql://plx@/{name}?host={self._directory}&port=5432"

    def _call(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [*self._as_other, str(self._binaries / program), *arguments]
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")
