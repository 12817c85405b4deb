"""`ProjectClient`: a project and its runs."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from polyaxon.client.entities import Page, Project, Run
from polyaxon.client.failures import ServerOnlyException
from polyaxon.client.names import is_on, resolve_names
from polyaxon.client.no_op import silenced
from polyaxon.client.transport import Transport, open_transport
from polyaxon.errors import NotFoundError

__all__ = ["ProjectClient"]

# `Any` throughout: bodies are JSON.


class ProjectClient:
    """One project, or the owner's projects. Without a server it works on the local home."""

    def __new__(cls, *_: Any, no_op: bool | None = None, **__: Any) -> ProjectClient:
        """Return a client that does nothing when `no_op` or `POLYAXON_NO_OP` says so."""
        silent = is_on("POLYAXON_NO_OP") if no_op is None else no_op
        return object.__new__(silenced(cls) if silent else cls)

    def __init__(
        self,
        owner: str | None = None,
        project: str | None = None,
        client: Any = None,
        is_offline: bool | None = None,
        no_op: bool | None = None,
        manual_exceptions_handling: bool = False,
        *,
        log_context: bool = False,
    ) -> None:
        del is_offline, no_op, manual_exceptions_handling, log_context  # accepted for programs that pass them
        self._owner, self._project, _ = resolve_names(owner, project)
        self._transport: Transport | None = getattr(client, "transport", client)
        self._data: Project | None = None

    @property
    def owner(self) -> str:
        """The owner of the project."""
        return self._owner

    @property
    def project(self) -> str:
        """The name of the project."""
        return self._project

    @property
    def transport(self) -> Transport:
        """The connection, opened when first used."""
        if self._transport is None:
            self._transport = open_transport()
        return self._transport

    @property
    def project_data(self) -> Project:
        """The project as last read; read now if it was not yet."""
        return self._data or self.refresh_data()

    def refresh_data(self) -> Project:
        """Read the project."""
        self._data = Project(self.transport.get_project(self._owner, self._project))
        return self._data

    def create(self, data: Mapping[str, Any]) -> Project:
        """Create a project and speak of it from now on."""
        self._data = Project(self.transport.create_project(self._owner, data))
        self._project = str(self._data.name)
        return self._data

    def get_or_create(self) -> Project:
        """Return the project, created when there is none."""
        try:
            return self.refresh_data()
        except NotFoundError:
            return self.create({"name": self._project})

    def list(
        self,
        query: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Page:
        """Return a page of the owner's projects."""
        page = self.transport.list_projects(self._owner, query or "", sort or "", limit or 100, offset or 0)
        return Page(page, Project)

    def list_runs(
        self,
        query: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Page:
        """Return a page of the project's runs (20 unless asked otherwise)."""
        page = self.transport.list_runs(self._owner, self._project, query or "", sort or "", limit or 20, offset or 0)
        return Page(page, Run)

    def update(self, data: Mapping[str, Any]) -> Project:
        """Change fields of the project; a new name is followed."""
        self._data = Project(self.transport.update_project(self._owner, self._project, data))
        self._project = str(self._data.name or self._project)
        return self._data

    def delete(self) -> None:
        """Delete the project."""
        self.transport.delete_project(self._owner, self._project)

    def stop_runs(self, uuids: Sequence[str]) -> None:
        """Ask for the runs to stop."""
        self._act("stop", uuids)

    def skip_runs(self, uuids: Sequence[str]) -> None:
        """Ask for runs that have not begun to be skipped."""
        self._act("skip", uuids)

    def approve_runs(self, uuids: Sequence[str]) -> None:
        """Approve runs that wait for it."""
        self._act("approve", uuids)

    def invalidate_runs(self, uuids: Sequence[str]) -> None:
        """Keep later runs from reusing these."""
        self._act("invalidate", uuids)

    def list_versions(self, kind: str, **_: Any) -> Page:
        """Return registered versions; only where there is a server."""
        raise ServerOnlyException(f"The registry of {kind} versions")

    def _act(self, action: str, uuids: Sequence[str]) -> None:
        for uuid in uuids:
            self.transport.act(self._owner, self._project, uuid, action, {})
