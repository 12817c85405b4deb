"""Where runs are: in a server (`http`) or in the local home (`local`). The rest of the client does not know which.

Values are mappings with the field names of the REST API. Errors are those of `failures` and `polyaxon.errors`.
"""

from __future__ import annotations

import os
from typing import Any, Iterator, Mapping, Protocol, Sequence

__all__ = ["Transport", "open_transport"]

# `Any` throughout: bodies are JSON.


class Transport(Protocol):
    """One connection. Any thread may call it."""

    is_local: bool

    def list_runs(
        self, owner: str, project: str | None, query: str, sort: str, limit: int, offset: int
    ) -> Mapping[str, Any]:
        """Return a page of runs; of all projects when there is none."""
        ...

    def get_run(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]: ...

    def create_run(self, owner: str, project: str, body: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def update_run(self, owner: str, project: str, uuid: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Replace the fields of the body; with `merge: true` in it, merge mappings and unite lists."""
        ...

    def delete_run(self, owner: str, project: str, uuid: str) -> None: ...

    def statuses(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]: ...

    def add_status(self, owner: str, project: str, uuid: str, condition: Mapping[str, Any]) -> None: ...

    def act(self, owner: str, project: str, uuid: str, action: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do `stop`, `skip`, `approve`, `invalidate`, `archive`, `restore`, `restart`, `resume`, `copy` or
        `transfer`."""
        ...

    def list_artifacts(self, owner: str, project: str, uuid: str) -> Mapping[str, Any]:
        """Return the run's lineage."""
        ...

    def add_artifacts(self, owner: str, project: str, uuid: str, artifacts: Sequence[Mapping[str, Any]]) -> None: ...

    def logs(self, owner: str, project: str, uuid: str) -> Iterator[str]:
        """Yield the lines logged so far."""
        ...

    def tree(self, owner: str, project: str, uuid: str, path: str) -> Mapping[str, Any]:
        """Return `{"files": {name: size}, "dirs": [name]}` of one level of the run's directory."""
        ...

    def fetch(self, owner: str, project: str, uuid: str, path: str, target: str) -> str:
        """Copy a file or directory of the run to `target`; return where it is."""
        ...

    def list_projects(self, owner: str, query: str, sort: str, limit: int, offset: int) -> Mapping[str, Any]: ...

    def get_project(self, owner: str, name: str) -> Mapping[str, Any]: ...

    def create_project(self, owner: str, body: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def update_project(self, owner: str, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def delete_project(self, owner: str, name: str) -> None: ...


def open_transport(env: Mapping[str, str] | None = None) -> Transport:
    """Return the server's transport when `POLYAXON_HOST` is set, else the local home's."""
    settings = os.environ if env is None else env
    host = settings.get("POLYAXON_HOST", "").strip()
    if host:
        from polyaxon.client.http import HttpTransport

        return HttpTransport(
            host,
            token=settings.get("POLYAXON_AUTH_TOKEN"),
            token_kind=settings.get("POLYAXON_AUTHENTICATION_TYPE") or "Token",
            timeout_seconds=float(settings.get("POLYAXON_TIMEOUT") or 60),
        )
    from polyaxon.client.local import LocalTransport

    home = settings.get("POLYAXON_HOME") or os.path.join(os.path.expanduser("~"), ".polyaxon")
    return LocalTransport(os.path.abspath(home))
