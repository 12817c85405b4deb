"""`RunClient`: find runs, read them, act on them; with a server or without one."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any, Iterable, Iterator, Mapping, Sequence

from polyaxon.client.entities import Entity, Page, Run, Statuses
from polyaxon.client.failures import PolyaxonClientException, ServerOnlyException
from polyaxon.client.names import is_on, resolve_names
from polyaxon.client.no_op import silenced
from polyaxon.client.transport import Transport, open_transport

__all__ = ["RunClient"]

# `Any` throughout: inputs and outputs are users' JSON.

_FINAL = frozenset({"succeeded", "failed", "stopped", "skipped", "upstream_failed"})


class RunClient:
    """One run of a project, or the project's runs.

    Inside a run, the run is this one unless the arguments name another. Without a server it works on the local home.
    """

    def __new__(cls, *_: Any, no_op: bool | None = None, **__: Any) -> RunClient:
        """Return a client that does nothing when `no_op` or `POLYAXON_NO_OP` says so."""
        silent = is_on("POLYAXON_NO_OP") if no_op is None else no_op
        return object.__new__(silenced(cls) if silent else cls)

    def __init__(
        self,
        owner: str | None = None,
        project: str | None = None,
        run_uuid: str | None = None,
        client: Any = None,
        is_offline: bool | None = None,
        no_op: bool | None = None,
        manual_exceptions_handling: bool = False,
        *,
        log_context: bool = False,
    ) -> None:
        del is_offline, no_op, manual_exceptions_handling, log_context  # accepted for programs that pass them
        self._owner, self._project, own_uuid = resolve_names(owner, project)
        self._uuid = run_uuid.replace("-", "").lower() if run_uuid else own_uuid
        self._client = client
        self._transport: Transport | None = getattr(client, "transport", client)
        self._data: Run | None = None

    # What it is about

    @property
    def owner(self) -> str:
        """The owner of the project."""
        return self._owner

    @property
    def project(self) -> str:
        """The name of the project."""
        return self._project

    @property
    def run_uuid(self) -> str | None:
        """The run, if one is meant."""
        return self._uuid

    @property
    def transport(self) -> Transport:
        """The connection, opened when first used."""
        if self._transport is None:
            self._transport = open_transport()
        return self._transport

    @property
    def client(self) -> Any:
        """The client passed in, else the connection."""
        return self._client or self.transport

    @property
    def run_data(self) -> Run:
        """The run as last read; read now if it was not yet."""
        return self._data or self.refresh_data()

    @property
    def status(self) -> str:
        """The run's status as last read."""
        return str(self.run_data.status)

    @property
    def settings(self) -> Any:
        """The run's settings as last read."""
        return self.run_data.settings

    @property
    def namespace(self) -> str | None:
        """The namespace the run is in, as last read."""
        settings = self.run_data.settings or {}
        return settings.get("namespace")

    def set_run_uuid(self, run_uuid: str) -> None:
        """Speak of another run from now on."""
        self._uuid = run_uuid.replace("-", "").lower()
        self._data = None

    # Read

    def list(
        self,
        query: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        all_projects: bool = False,
    ) -> Page:
        """Return a page of the project's runs (20, latest change first, unless asked otherwise)."""
        project = None if all_projects else self._project
        page = self.transport.list_runs(self._owner, project, query or "", sort or "", limit or 20, offset or 0)
        return Page(page, Run)

    def list_children(
        self, query: str | None = None, sort: str | None = None, limit: int | None = None, offset: int | None = None
    ) -> Page:
        """Return a page of the runs whose pipeline this one is."""
        own = f"pipeline:{self._required_uuid()}"
        return self.list(f"({query}), {own}" if query else own, sort, limit, offset)

    def refresh_data(self, **_: Any) -> Run:
        """Read the run."""
        self._data = Run(self.transport.get_run(*self._names()))
        return self._data

    def get_inputs(self) -> Mapping[str, Any]:
        """Return the run's inputs."""
        return dict(self.refresh_data().inputs or {})

    def get_outputs(self) -> Mapping[str, Any]:
        """Return the run's outputs."""
        return dict(self.refresh_data().outputs or {})

    def get_statuses(self, last_status: str | None = None) -> tuple[str, Sequence[Entity]]:
        """Return the status and the conditions so far, oldest first; those after the first `last_status` if given."""
        statuses = Statuses(self.transport.statuses(*self._names()))
        conditions = [Entity(condition) for condition in statuses.status_conditions or ()]
        if last_status is not None:
            types = [condition.type for condition in conditions]
            conditions = conditions[types.index(last_status) + 1 :] if last_status in types else conditions
        return statuses.status, conditions

    def get_logs(self, **_: Any) -> str:
        """Return what the run logged so far."""
        return "\n".join(self.iter_logs())

    def iter_logs(self) -> Iterator[str]:
        """Yield the lines that the run logged so far."""
        return self.transport.logs(*self._names())

    def get_artifacts_lineage(self, **_: Any) -> Page:
        """Return what the run used and made."""
        return Page(self.transport.list_artifacts(*self._names()), Entity)

    def get_artifacts_tree(self, path: str = "") -> Entity:
        """Return the `files` (name → size) and `dirs` in the run's directory, one level."""
        return Entity(self.transport.tree(*self._names(), path))

    def download_artifact(self, path: str, path_to: str | None = None, **_: Any) -> str:
        """Copy one file of the run; return where it is."""
        return self.transport.fetch(*self._names(), path, path_to or path.rsplit("/", 1)[-1])

    def download_artifacts(self, path: str = "", path_to: str | None = None, **_: Any) -> str:
        """Copy a directory of the run; return where it is."""
        default = path.rstrip("/").rsplit("/", 1)[-1] or self._required_uuid()
        return self.transport.fetch(*self._names(), path, path_to or default)

    # Wait

    def watch_statuses(self, interval_seconds: float = 1.0) -> Iterator[tuple[str, Sequence[Entity]]]:
        """Yield the status and conditions whenever they change, until the run is over."""
        seen = -1
        while True:
            status, conditions = self.get_statuses()
            if len(conditions) != seen:
                seen = len(conditions)
                yield status, conditions
            if status in _FINAL:
                return
            time.sleep(interval_seconds)

    def wait_for_condition(
        self,
        statuses: Iterable[str] | None = None,
        timeout_seconds: float | None = None,
        interval_seconds: float = 1.0,
        **_: Any,
    ) -> str:
        """Return the status once it is one of `statuses`, or final; raise `TimeoutError` when it takes too long."""
        wanted = {*_FINAL, *(statuses or ())}
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            status, _conditions = self.get_statuses()
            if status in wanted:
                return status
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(f"run `{self._uuid}` is still `{status}` after {timeout_seconds:g} seconds")
            time.sleep(interval_seconds)

    # Act

    def stop(self) -> None:
        """Ask for the run to stop."""
        self._act("stop")

    def skip(self) -> None:
        """Ask for a run that has not begun to be skipped."""
        self._act("skip")

    def approve(self) -> None:
        """Approve a run that waits for it."""
        self._act("approve")

    def invalidate(self) -> None:
        """Keep later runs from reusing this one."""
        self._act("invalidate")

    def resume(self, **body: Any) -> RunClient:
        """Ask for the run to go on where it ended."""
        self._act("resume", body)
        return self

    def restart(self, copy: bool = False, **body: Any) -> RunClient:
        """Run it again as a new run (with its artifacts when `copy`); return that run's client."""
        created = self.transport.act(*self._names(), "copy" if copy else "restart", _given(body))
        return RunClient(self._owner, self._project, created.get("uuid"), client=self._transport)

    def delete(self) -> None:
        """Delete the run."""
        self.transport.delete_run(*self._names())

    def transfer(self, to_project: str) -> None:
        """Move the run to another project."""
        self._act("transfer", {"project": to_project})

    # Write

    def create(
        self,
        name: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | str | None = None,
        content: str | None = None,
        is_managed: bool | None = None,
        managed_by: str | None = None,
        pending: str | None = None,
        meta_info: Mapping[str, Any] | None = None,
    ) -> Run:
        """Create a run: of user code (nothing drives it), or from a specification where there is a server."""
        managed = bool(content) if is_managed is None else is_managed
        body = {
            "name": name,
            "description": description,
            "tags": to_tags(tags),
            "content": content,
            "is_managed": managed,
            "managed_by": managed_by or ("agent" if managed else "user"),
            "pending": pending,
            "meta_info": dict(meta_info) if meta_info else None,
        }
        self._data = Run(self.transport.create_run(self._owner, self._project, _given(body)))
        self._uuid = str(self._data.uuid)
        return self._data

    def update(self, data: Mapping[str, Any], async_req: bool = False) -> Run:
        """Replace fields of the run."""
        del async_req
        self._data = Run(self.transport.update_run(*self._names(), data))
        return self._data

    def log_inputs(self, reset: bool = False, async_req: bool = True, **inputs: Any) -> None:
        """Add inputs to the run, or replace them."""
        del async_req
        self._merge("inputs", inputs, reset)

    def log_outputs(self, reset: bool = False, async_req: bool = True, **outputs: Any) -> None:
        """Add outputs to the run, or replace them."""
        del async_req
        self._merge("outputs", outputs, reset)

    def log_meta(self, reset: bool = False, async_req: bool = True, **meta: Any) -> None:
        """Add to the run's meta information, or replace it."""
        del async_req
        self._merge("meta_info", meta, reset)

    def log_tags(self, tags: Sequence[str] | str, reset: bool = False, async_req: bool = True) -> None:
        """Add tags (a list, or a text with commas) to the run, or replace them."""
        del async_req
        self._merge("tags", to_tags(tags), reset)

    def log_status(self, status: str, reason: str | None = None, message: str | None = None, **_: Any) -> None:
        """Add a condition to the run."""
        now = datetime.now(timezone.utc).isoformat()
        condition = {
            "type": status,
            "status": True,
            "reason": reason or "PolyaxonClient",
            "message": message or "",
            "last_update_time": now,
            "last_transition_time": now,
        }
        self.transport.add_status(*self._names(), condition)
        self._data = None

    def log_succeeded(self, reason: str | None = None, message: str = "Operation has succeeded") -> None:
        """Say that the run succeeded, unless it is over."""
        self._end("succeeded", reason, message)

    def log_failed(self, reason: str | None = None, message: str | None = None) -> None:
        """Say that the run failed, unless it is over."""
        self._end("failed", reason, message)

    def log_stopped(self, reason: str | None = None, message: str | None = None) -> None:
        """Say that the run was stopped, unless it is over."""
        self._end("stopped", reason, message)

    def log_artifact_lineage(
        self, body: Mapping[str, Any] | Sequence[Mapping[str, Any]], async_req: bool = True
    ) -> None:
        """Add lines to the run's lineage: `{name, kind, path, summary, is_input}`."""
        del async_req
        self.transport.add_artifacts(*self._names(), [body] if isinstance(body, Mapping) else list(body))

    def upload_artifact(self, *_: Any, **__: Any) -> None:
        """Send a file into the run's directory; only where there is a server."""
        raise ServerOnlyException("Uploading artifacts")

    # Private

    def _required_uuid(self) -> str:
        if self._uuid is None:
            raise PolyaxonClientException(
                "no run is meant", "pass `run_uuid=…`, or call `create`, or call it inside a run"
            )
        return self._uuid

    def _names(self) -> tuple[str, str, str]:
        return self._owner, self._project, self._required_uuid()

    def _act(self, action: str, body: Mapping[str, Any] | None = None) -> None:
        self.transport.act(*self._names(), action, _given(body or {}))
        self._data = None

    def _merge(self, part: str, values: Any, reset: bool) -> None:
        body = {part: values} if reset else {part: values, "merge": True}
        self._data = Run(self.transport.update_run(*self._names(), body))

    def _end(self, status: str, reason: str | None, message: str | None) -> None:
        if self.get_statuses()[0] not in _FINAL:
            self.log_status(status, reason, message)


def to_tags(tags: Sequence[str] | str | None) -> list[str] | None:
    """Return a list from a list or a text with commas."""
    if tags is None:
        return None
    parts = tags.split(",") if isinstance(tags, str) else [str(tag) for tag in tags]
    return [part.strip() for part in parts if part.strip()]


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}
