"""The composition root: settings → store, runtime and scheduler, put together for this machine.

Nothing else constructs these. Everything here is for whoever stands at an edge: the command line, later the API.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from polyaxon.engine.events import Action, Requested
from polyaxon.errors import ConflictError, UsageError
from polyaxon.model.ids import RunId
from polyaxon.model.run import Cloning, Condition, ManagedBy, Run
from polyaxon.model.status import FINAL, Status
from polyaxon.scheduler.crash import crash_points
from polyaxon.settings import Settings
from polyaxon.store.base import Lease, Project, Store
from polyaxon.store.owners import this_process
from polyaxon.store.wakeup import Listener, wake

if TYPE_CHECKING:
    # What drives and what is driven: most commands only ask the store.
    from polyaxon.runtimes.base import Runtime
    from polyaxon.scheduler.drive import Drive, Driver
    from polyaxon.scheduler.loop import Engine, Scheduler
    from polyaxon.spec.operation import Operation

__all__ = ["Local", "limits_of", "open_local", "open_store"]


def open_store(settings: Settings) -> Store:
    """Open the home's database, migrated."""
    from polyaxon.store.sql import SqlStore

    if settings.database is not None and settings.has_database_server:
        try:
            from polyaxon.store.postgres import PostgresDatabase
        except ImportError as error:  # not installed, or without the library it calls
            message = f"`database` is a Postgres URL, and psycopg cannot be imported: {error}"
            raise UsageError(message, hint='`pip install "polyaxon[postgres]"`') from error

        store = SqlStore(PostgresDatabase(settings.database))
    else:
        from polyaxon.store.sqlite import SqliteDatabase

        store = SqlStore(SqliteDatabase(settings.database or os.path.join(settings.home, "polyaxon.db")))
    store.migrate()
    return store


def open_local(settings: Settings, runtime: Callable[[], Runtime] | None = None) -> Local:
    """Open this machine; `runtime` replaces the process runtime, for tests and dry demonstrations."""
    return Local(settings, open_store(settings), runtime or (lambda: _process_runtime(settings)))


class Local:
    """This machine: a home with its store, and a scheduler while something is driven. Close it when done."""

    def __init__(self, settings: Settings, store: Store, runtime: Callable[[], Runtime]) -> None:
        self.settings = settings
        self.store = store
        self._runtime = runtime
        self._held: dict[RunId, Lease] = {}
        self._cleaning: int | None = None
        """The lock of the one process that stays for cleanings."""

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Beginning runs

    def submit(
        self,
        operation: Operation,
        *,
        project: str | None = None,
        name: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        components: Mapping[str, Mapping[str, Any]] | None = None,
        meta: Mapping[str, Any] | None = None,
        hold: bool = True,
    ) -> Run:
        """Store a new root run. `components` are those that hooks and builds name, as data (`Loaded.components`).

        With `hold` this process has its lease at once and is expected to drive it; without, the next scheduler of the
        home takes it, and those that run are woken.
        """
        from polyaxon.engine.submit import submit

        now = _now()
        run, condition = submit(
            operation,
            _new_id(),
            self.ensure_project(project or self.settings.project).name,
            now,
            name=name,
            tags=tuple(tags),
            description=description,
            user=self.settings.user,
            meta={**({"components": dict(components)} if components else {}), **(meta or {})},
        )
        self._refuse_unknown_connections(run.raw_content or "")
        return self._begin(run, condition, hold)

    def clone(
        self,
        original: Run,
        operation: Operation | None = None,
        *,
        kind: Cloning = Cloning.RESTART,
        name: str | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        files: Sequence[str] = (),
        dirs: Sequence[str] = (),
        hold: bool = True,
    ) -> Run:
        """Store a new root run that does again what `original` did, or `operation` in its place. `kind` is `restart`,
        or `copy`, which begins with the original's outputs, or with these files and directories of it. A child of a
        pipeline cannot be cloned on its own."""
        from polyaxon.compiler.resolve import load_stored
        from polyaxon.engine.submit import submit_copy, submit_restart

        source = original
        while source.cloning_kind is Cloning.CACHE and source.original is not None:
            source = self.store.get(source.original)
        if operation is None and source.raw_content is None:
            raise ConflictError(
                f"run `{original.uuid}` was not submitted on its own, so there is nothing to submit again",
                hint=f"restart its pipeline: `polyaxon ops restart {original.root}`",
            )
        make = partial(submit_copy, files=files, dirs=dirs) if kind is Cloning.COPY else submit_restart
        run, condition = make(
            original,
            operation or load_stored(source.raw_content or ""),
            _new_id(),
            _now(),
            name=name,
            tags=tuple(tags),
            description=description,
            user=self.settings.user,
        )
        return self._begin(run, condition, hold)

    def ensure_project(self, name: str) -> Project:
        """Return the project of that name, made when there is none."""
        now = _now()
        return self.store.ensure_project(Project(_new_id(), name, now, now))

    def _refuse_unknown_connections(self, raw_content: str) -> None:
        """Refuse what would tell nobody; names that are templates are known later."""
        if '"notifications"' not in raw_content and '"hooks"' not in raw_content:
            return
        from polyaxon.engine.notifications import named_connections, not_configured

        for name in named_connections(json.loads(raw_content)):
            if name not in self.settings.connections and "{{" not in name:
                raise not_configured(name, list(self.settings.connections))

    def _begin(self, run: Run, condition: Condition, hold: bool) -> Run:
        seconds = self.settings.lease_seconds
        lease = self.store.create(run, condition, this_process() if hold else None, seconds)
        if lease is not None:
            self._held[run.uuid] = lease
        else:
            wake(self.settings.home)
        return run

    # Driving

    def drive(
        self,
        roots: Sequence[RunId],
        on_run: Callable[[Run], None] | None = None,
        on_interrupt: Callable[[Driver], None] | None = None,
        adopt: bool = True,
        stays: bool = False,
        told: Container[Status] | None = None,
    ) -> Mapping[RunId, Run]:
        """Drive the roots, and the hooks that they leave, until they are final; return the roots' last rows.

        `on_run` is called in order with the row of every run below the roots, first as it is and then after each
        committed change; `told` are the statuses that it wants to hear of, where steps between others may be left out.
        `on_interrupt` is called in a thread of its own for each Ctrl-C or SIGTERM (without it they leave). `adopt` also
        drives other roots of the home that nobody holds, as long as this goes on; `stays` waits for what is to be
        cleaned soon, unless another process of the home does. Roots that another process drives are followed instead.
        """
        from polyaxon.scheduler.drive import Drive

        held = [self._held.pop(root) for root in roots if root in self._held]
        waits = stays and self._is_cleaner()
        watched = (on_run, on_interrupt)
        self._drive(lambda scheduler: Drive(scheduler, set(roots), held, *watched, adopt, stays=waits, told=told))
        return {root: self.store.get(root) for root in roots}

    def serve(self, until_idle: bool = False, on_interrupt: Callable[[Driver], None] | None = None) -> None:
        """Be the home's scheduler: drive whatever is there until interrupted, or until nothing is left."""
        from polyaxon.scheduler.drive import Drive

        held = list(self._held.values())
        self._held.clear()
        stays = self._is_cleaner()
        self._drive(lambda scheduler: Drive(scheduler, None, held, None, on_interrupt, True, until_idle, stays))

    def needs_cleaner(self) -> bool:
        """Whether finished runs are to be cleaned soon, and no process of the home stays for that."""
        from polyaxon.scheduler.drive import cleans_soon

        if not cleans_soon(self.store, _now()):
            return False
        is_free = self._is_cleaner()
        self._stop_cleaning()
        return is_free

    def _is_cleaner(self) -> bool:
        """Be the one process of the home that stays for what is to be cleaned; False when another one is."""
        from polyaxon.runtimes.process.locks import take

        if self._cleaning is None:
            self._cleaning = take(os.path.join(self.settings.home, "cleaner.lock"))
        return self._cleaning is not None

    def _stop_cleaning(self) -> None:
        if self._cleaning is not None:
            os.close(self._cleaning)
            self._cleaning = None

    def _drive(self, make: Callable[[Scheduler], Drive]) -> None:
        import asyncio

        listener = _listener(self.settings.home)
        try:
            asyncio.run(make(self._scheduler(listener)).run())
        finally:
            if listener is not None:
                listener.close()

    def _scheduler(self, listener: Listener | None) -> Scheduler:
        from polyaxon.scheduler.loop import Scheduler, Tuning

        settings = self.settings
        runtime = self._runtime()
        return Scheduler(
            self.store,
            runtime,
            _engine(settings, runtime),
            this_process(),
            limits=limits_of(settings),
            tuning=Tuning(lease_seconds=settings.lease_seconds),
            listener=listener,
            crash=crash_points(settings.crash_at),
            threaded=settings.has_database_server,
        )

    # Asking

    def request(
        self, uuid: str, action: Action, payload: Mapping[str, Any] | None = None, by: str | None = None
    ) -> Run:
        """Ask for something of a run; whoever drives it is woken, otherwise the next scheduler of the home does it.

        A run that its own process manages (`managed_by` user) has no driver: only `stop` means something, at once.
        """
        run = self.store.get(uuid)
        author = by or self.settings.user or "user"
        if run.managed_by is ManagedBy.USER:
            self._stop_user_run(run, action, author)
        else:
            self.store.request(Requested(run.uuid, action, author, payload or {}), _now())
            wake(self.settings.home)
        return self.store.get(run.uuid)

    def invalidate(self, run: Run) -> Run:
        """Let nothing be served any more from this finished run, one below it, or one that they were served from.

        It holds when this returns. Whoever drives the tree is told besides, for it remembers what its runs can be
        found by.
        """
        below = {run.uuid}
        for row in self.store.tree(run.root):
            if row.uuid not in below and row.pipeline not in below:
                continue
            below.add(row.uuid)
            self.store.update(row.uuid, {"state": None})
            if row.cloning_kind is Cloning.CACHE and row.original is not None:
                self.store.update(row.original, {"state": None})
        if self.holder(run) is not None:
            self.request(run.uuid, Action.INVALIDATE)
        return self.store.get(run.uuid)

    def holder(self, run: Run) -> str | None:
        """Return which scheduler drives the run's root, or None: then it takes `drive` or `serve` to go on."""
        return self.store.holder(run.root, _now())

    def _stop_user_run(self, run: Run, action: Action, author: str) -> None:
        if action is not Action.STOP:
            raise ConflictError(
                f"run `{run.uuid}` is managed by its own process: `{action}` is not possible",
                hint="only runs made from a polyaxonfile are driven",
            )
        if run.status not in FINAL:
            now = _now()
            began = run.started_at or run.created_at
            fields = {"started_at": began, "finished_at": now, "duration": round((now - began).total_seconds(), 2)}
            self.store.record(run.uuid, Condition(Status.STOPPED, "StopRequested", f"stopped by {author}", now), fields)

    def close(self) -> None:
        """Let go of everything; roots that were held and never driven are free. Safe to call twice."""
        for lease in self._held.values():
            self.store.release(lease)
        self._held.clear()
        self._stop_cleaning()
        self.store.close()


# What the parts are made of


def _process_runtime(settings: Settings) -> Runtime:
    from polyaxon.runtimes.process import Preparation, ProcessRuntime

    def prepare(preparation: Preparation) -> None:
        from polyaxon.sidecar.prepare import Preparer  # only a run with `init` steps needs it

        Preparer(settings.mirrors)(preparation)

    return ProcessRuntime(settings.home, prepare=prepare, inherit=settings.inherit, gpus=settings.gpus)


def _engine(settings: Settings, runtime: Runtime) -> Engine:
    from polyaxon.engine import Flow, World, decide
    from polyaxon.scheduler.loop import Engine

    world = World(
        places=runtime.places,
        connections=_connections(settings),
        owner=settings.owner,
        user=settings.user,
        priorities={name: queue["priority"] for name, queue in settings.queues.items() if "priority" in queue},
        defaults=_defaults(settings),
    )
    return Engine(lambda runs: Flow.load(runs, world), decide, _note, _wants_metrics)


def _defaults(settings: Settings) -> Any:
    from zoneinfo import ZoneInfo

    from polyaxon.engine import CatchUp, Defaults

    return Defaults(
        grace_seconds=settings.grace_seconds,
        retry_seconds=settings.retry_seconds,
        retry_cap_seconds=settings.retry_cap_seconds,
        pending_timeout_seconds=settings.pending_timeout_seconds,
        catch_up=CatchUp(settings.catch_up),
        zone=UTC if settings.timezone == "UTC" else ZoneInfo(settings.timezone),
    )


def _connections(settings: Settings) -> Mapping[str, Any]:
    from polyaxon.model.launch import Connection

    words = {"configMap": "config_map"}
    known = {"kind", "schema", "env", "secret", "configMap", "annotations", "tags"}
    found = {}
    for name, table in settings.connections.items():
        unknown = sorted(set(table) - known)
        if unknown:
            raise UsageError(
                f"the connection `{name}` in `{settings.config_path}` has no `{unknown[0]}`",
                hint="known are " + ", ".join(f"`{word}`" for word in sorted(known)),
            )
        # Any: TOML values, in the shapes that the settings' reader lets through.
        fields: dict[str, Any] = {words.get(key, key): value for key, value in table.items()}
        if "tags" in fields:
            fields["tags"] = tuple(fields["tags"])
        found[name] = Connection(name=name, **fields)
    return found


def limits_of(settings: Settings) -> Any:
    """Return how much may run at once: what the settings say, and of countable resources else what the machine has."""
    from polyaxon.engine import Limits
    from polyaxon.runtimes.process.capacity import capacity

    queues = {name: queue["concurrency"] for name, queue in settings.queues.items() if "concurrency" in queue}
    resources = {**capacity(os.environ, settings.gpus), **settings.resources}
    return Limits(total=settings.max_parallel, queues=queues, resources=resources)


def _note(flow: Any, run: RunId, fields: Mapping[str, Any]) -> None:
    """Let the flow know what a run said of itself, so that later decisions write it on."""
    node = flow.nodes.get(run)
    for name in ("inputs", "meta"):
        if node is not None and name in fields:
            setattr(node, name, fields[name])


def _wants_metrics(flow: Any, run: RunId) -> bool:
    """Whether the run is a trial of a search with stopping policies."""
    node = flow.nodes.get(run)
    group = node.pipeline.group if node is not None and node.pipeline is not None else None
    return group is not None and group.sweep is not None and bool(group.sweep.policies)


def _listener(home: str) -> Listener | None:
    try:
        return Listener(home)
    except (OSError, AttributeError):
        return None  # no such sockets here: the scheduler looks more often instead


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> RunId:
    return RunId(os.urandom(16).hex())
