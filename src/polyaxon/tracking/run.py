"""`Run`: the run that this process speaks for.

Everything said goes to the run's directory first (event files and the journal); runs of user code and offline runs
are entered in a database or in files besides. Whoever drives a managed run reads its journal afterwards.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

from polyaxon.tracking import exits, layout, place
from polyaxon.tracking.files import Files
from polyaxon.tracking.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping, Sequence, Union

    from polyaxon.client import RunClient
    from polyaxon.tracking.logs import Capture
    from polyaxon.tracking.record import OfflineRecord, UserRecord
    from polyaxon.tracking.system import Sampler

    Tags = Union[Sequence[str], str, None]

__all__ = ["Run"]

# `Any` throughout: inputs, outputs and summaries are users' JSON.

_FINAL = frozenset({"succeeded", "failed", "stopped", "skipped", "upstream_failed"})
_SAVE_SECONDS = 5.0
_SUMMARY_BYTES = 64 << 20


class Run(Files):
    """A run that is being tracked. Any thread may call any method.

    Constructing one decides what it is about (see `place`), makes its directory and, for a new run, enters it as
    running. It ends with `end()` or with the process.
    """

    def __new__(cls, *_: Any, no_op: bool | None = None, **__: Any) -> Run:
        """Return a run whose methods do nothing when `no_op` or `POLYAXON_NO_OP` says so."""
        if place.switch(os.environ, "POLYAXON_NO_OP") if no_op is None else no_op:
            from polyaxon.client.no_op import silenced

            return object.__new__(silenced(cls))
        return object.__new__(cls)

    def __init__(
        self,
        owner: str | None = None,
        project: str | None = None,
        run_uuid: str | None = None,
        client: Any = None,
        track_code: bool = True,
        track_env: bool = True,
        track_logs: bool = True,
        refresh_data: bool = False,
        artifacts_path: str | None = None,
        collect_artifacts: bool | None = None,
        collect_resources: bool | None = None,
        is_offline: bool | None = None,
        is_new: bool | None = None,
        name: str | None = None,
        description: str | None = None,
        tags: Tags = None,
        *,
        no_op: bool | None = None,
        log_context: bool = False,
    ) -> None:
        del no_op, log_context
        self._pid = os.getpid()
        self._place = place.find_place(os.environ, owner, project, run_uuid, artifacts_path, is_offline, is_new)
        self._client: RunClient | None = None
        self._given_client = client
        self._is_over = False
        self._status: str | None = None
        self._progress = (-1.0, 0.0, 0)
        self._capture: Capture | None = None
        self._sampler: Sampler | None = None
        self._code_thread: threading.Thread | None = None
        self._save_due = time.monotonic() + _SAVE_SECONDS
        is_reporting = place.is_reporting(os.environ)
        self._record = self._enter(name, description, _to_tags(tags)) if is_reporting else None
        directory = self._place.directory
        with suppress(OSError):  # the writer will say so
            os.makedirs(directory, exist_ok=True)
        writer = Writer(directory, self._save_soon if self._record is not None else None)
        super().__init__(directory, writer, is_reporting, _asked(collect_artifacts, "POLYAXON_COLLECT_ARTIFACTS", True))
        self._begin(name, description, _to_tags(tags))
        if track_env:
            self.log_env()
        if is_reporting:
            self._accompany(track_code, track_logs, collect_resources)
        if refresh_data:
            self.client.refresh_data()
        exits.watch(self)

    # What it is about

    @property
    def owner(self) -> str:
        """The owner of the project."""
        return self._place.owner

    @property
    def project(self) -> str:
        """The name of the project."""
        return self._place.project

    @property
    def run_uuid(self) -> str:
        """The run's uuid."""
        return self._place.uuid

    @property
    def is_managed(self) -> bool:
        """Whether something else drives the run and judges how it ended."""
        return self._place.mode == place.MANAGED

    @property
    def is_offline(self) -> bool:
        """Whether the run lives in files only."""
        return self._place.mode == place.OFFLINE

    @property
    def is_new(self) -> bool:
        """Whether the run began with this process."""
        return self._place.is_new

    @property
    def status(self) -> str | None:
        """The last status said here; None when that is left to whoever drives the run."""
        return self._status

    @property
    def client(self) -> RunClient:
        """The client of this run, for what is not tracking: reading runs, children, inputs."""
        if self._client is None:
            from polyaxon.client import RunClient

            self._client = RunClient(self.owner, self.project, self.run_uuid, self._given_client)
        return self._client

    def __getattr__(self, attribute: str) -> Any:
        """Everything else a run client has (`get_inputs`, `list_children`, `run_data`, …)."""
        if attribute.startswith("_") or "_place" not in vars(self):  # no-op, or not yet constructed
            raise AttributeError(attribute)
        return getattr(self.client, attribute)

    # Values

    def log_inputs(self, /, reset: bool = False, async_req: bool = True, **inputs: Any) -> None:
        """Add inputs, or replace them all."""
        del async_req
        self._say("inputs", values=_safe_keys(inputs), reset=reset)

    def log_outputs(self, /, reset: bool = False, async_req: bool = True, **outputs: Any) -> None:
        """Add outputs, or replace them all. An output wins over a metric of the same name."""
        del async_req
        self._say("outputs", values=_safe_keys(outputs), reset=reset)

    def log_meta(self, /, reset: bool = False, async_req: bool = True, **meta: Any) -> None:
        """Add to the meta information, or replace it."""
        del async_req
        self._say("meta", values=_safe_keys(meta), reset=reset)

    def log_tags(self, tags: Tags, reset: bool = False, async_req: bool = True) -> None:
        """Add tags (a list, or a text with commas), or replace them."""
        del async_req
        self._say("tags", tags=_to_tags(tags), reset=reset)

    def log_progress(self, value: Any) -> None:
        """Say how much is done, from 0 to 1. Small steps in quick succession are passed over."""
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise TypeError(f"progress is a number, not {value!r}")
        if not 0 <= value <= 1:
            raise ValueError(f"progress is between 0 and 1, not {value!r}")
        last, since, count = self._progress
        now = time.monotonic()
        if now - since >= 1:
            since, count = now, 0
        if abs(value - last) < 0.025 and count >= 2 and value < 1:
            return
        self._progress = (value, since, count + 1)
        self.log_meta(progress=value)

    def set_name(self, name: str, async_req: bool = True) -> None:
        """Call the run by another name."""
        del async_req
        self._say("name", value=name)

    def set_description(self, description: str, async_req: bool = True) -> None:
        """Describe the run."""
        del async_req
        self._say("description", value=description)

    def set_readme(self, readme: str, async_req: bool = True) -> None:
        """Write the run's notes, in Markdown."""
        del async_req
        self._say("readme", value=readme)

    # Status

    def log_status(
        self,
        status: str,
        reason: str | None = None,
        message: str | None = None,
        last_transition_time: Any = None,
        last_update_time: Any = None,
    ) -> None:
        """Say where the run is. A managed run's `failed` wins over its exit code 0."""
        del last_update_time
        self._status = status.lower()
        at = layout.seconds(last_transition_time)
        reason, message = reason or "PolyaxonClient", message or ""
        self._say("status", status=self._status, reason=reason, message=message, at=at)
        if self._record is not None:
            self._record.add_status(self._status, reason, message)

    def log_succeeded(self, reason: str | None = None, message: str = "Operation has succeeded") -> None:
        """Say that the run succeeded, unless it said how it ended before."""
        self._end_with("succeeded", reason, message)

    def log_stopped(self, reason: str | None = None, message: str = "Operation is stopped") -> None:
        """Say that the run was stopped, unless it said how it ended before."""
        self._end_with("stopped", reason, message)

    def log_failed(self, reason: str | None = None, message: str | None = None) -> None:
        """Say that the run failed, unless it said how it ended before."""
        self._end_with("failed", reason, message)

    def end(self) -> None:
        """End the tracking: a run that began here and said nothing else has succeeded. Safe to call twice."""
        if self._is_over or self._pid != os.getpid():
            return
        if self._place.is_new:
            self.log_succeeded()
        self._finish()

    # How the process ends (`exits` calls these)

    def on_exit(self, code: int) -> None:
        """The process ends by itself."""
        if code and self._place.is_new:
            self.log_failed("ExitHandler", f"the process ended with exit code {code}")
        self.end()

    def on_exception(self, error: BaseException) -> None:
        """Nobody caught the exception."""
        if isinstance(error, KeyboardInterrupt):
            if self._place.is_new:
                self.log_stopped("ExitHandler", "interrupted")
        else:
            self.log_failed("ExitHandler", f"{type(error).__name__}: {error}")
        self._writer.flush()

    def on_terminate(self, then: Callable[[], None]) -> None:
        """The process is about to die of SIGTERM."""
        if self._place.is_new:
            self.log_stopped("ExitHandler", "terminated")
        self._writer.flush_then(then)

    # Private

    def _enter(self, name: str | None, description: str | None, tags: list[str]) -> UserRecord | OfflineRecord | None:
        """Make the run known; a server may choose another uuid, which moves the run's directory."""
        if self._place.mode == place.MANAGED:
            return None
        from polyaxon.tracking.record import OfflineRecord, UserRecord

        if self._place.mode == place.OFFLINE:
            offline = OfflineRecord(self._place)
            offline.begin(name, description, tags)
            return offline
        record = UserRecord(self._place, getattr(self._given_client, "transport", self._given_client))
        before = self._place.uuid
        if self._place.is_new and record.begin(name, description, tags) != before:
            self._place.directory = self._place.directory.replace(before, self._place.uuid)
        return record

    def _begin(self, name: str | None, description: str | None, tags: list[str]) -> None:
        """Say what the run was given; a new run is running."""
        for part, value in (("name", name), ("description", description)):
            if value is not None:
                self._say(part, value=value)
        if tags:
            self.log_tags(tags)
        if self._place.is_new or (self._place.mode == place.OFFLINE and self._status is None):
            self.log_status("running", message="Operation is running")

    def _accompany(self, track_code: bool, track_logs: bool, collect_resources: bool | None) -> None:
        """Begin what goes on beside the run. Code and output are the business of whoever started a managed one."""
        is_new = self._place.is_new
        if is_new and track_code and self._place.mode == place.USER:
            # git may take its time on a big work tree
            self._code_thread = threading.Thread(target=self.log_code_ref, name="polyaxon-code", daemon=True)
            self._code_thread.start()
        if is_new and track_logs and self._place.mode == place.USER:
            from polyaxon.tracking.logs import Capture

            self._capture = Capture(self._writer)
            self._capture.start()
        if _asked(collect_resources, "POLYAXON_COLLECT_RESOURCES", is_new):
            from polyaxon.tracking.system import Sampler

            self._sampler = Sampler(self._writer)
            self._sampler.start()

    def _end_with(self, status: str, reason: str | None, message: str | None) -> None:
        if self._status not in _FINAL:
            self.log_status(status, reason, message)

    def _save_soon(self) -> None:
        """Called by the writer's thread after a flush: keep the record close to what was said."""
        if time.monotonic() >= self._save_due and not self._is_over:
            self._save()
            self._save_due = time.monotonic() + _SAVE_SECONDS

    def _save(self) -> None:
        if self._record is not None:
            from polyaxon.tracking.journal import read_journal

            self._record.save(read_journal(self._directory), self._directory)

    def _finish(self) -> None:
        self._is_over = True
        exits.forget(self)
        if self._code_thread is not None:
            self._code_thread.join(timeout=2)
        for part in (self._capture, self._sampler):
            if part is not None:
                part.stop()
        self._writer.flush()
        if self._is_reporting:
            self._summarise()
        self._writer.close()
        self._save()

    def _summarise(self) -> None:
        """Add each event file to the lineage with what its steps and values span."""
        if self._last_metrics:
            self._say("metrics", values=self._last_metrics)
        from polyaxon.tracking.metrics import list_events, summarise
        from polyaxon.tracking.system import RESOURCES

        found = [(kind, kind, name, layout.event_path(kind, name)) for kind, name in list_events(self._directory)]
        with suppress(FileNotFoundError):
            for file in sorted(os.listdir(os.path.join(self._directory, RESOURCES))):
                found.append(("system", "metric", file[: -len(".plx")], f"{RESOURCES}/{file}"))
        for shown, kind, name, relative in found:
            path = os.path.join(self._directory, relative)
            small = os.path.getsize(path) <= _SUMMARY_BYTES
            summary = summarise(path, kind) if small else {"is_event": True}
            self._lineage(name, shown, relative, summary, is_input=False)


def _asked(argument: bool | None, variable: str, default: bool) -> bool:
    """What the argument says, else the environment, else the default."""
    if argument is not None:
        return argument
    return place.switch(os.environ, variable) if os.environ.get(variable) else default


def _safe_keys(values: Mapping[str, Any]) -> dict[str, Any]:
    return {layout.safe_name(key): value for key, value in values.items()}


def _to_tags(tags: Tags) -> list[str]:
    if tags is None:
        return []
    parts = tags.split(",") if isinstance(tags, str) else [str(tag) for tag in tags]
    return [part.strip() for part in parts if part.strip()]
