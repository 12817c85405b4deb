"""A scheduler of paper: rows in memory, a queue, a clock that only moves when told, and a scripted runtime.

`Harness.run()` feeds the engine the events that the world would bring, in the order `pick` chooses, and applies its
changes to the rows, checking the laws on the way: moves are legal, final is final, an attempt is started once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from polyaxon.engine import Defaults, Flow, Limits, Queue, World, decide
from polyaxon.engine.commands import (
    Change,
    Clean,
    Command,
    Created,
    Decision,
    Dequeue,
    Enqueue,
    Explained,
    Fetch,
    Linked,
    Listen,
    Moved,
    Recall,
    SetTimer,
    Start,
    Stop,
    Updated,
    Watch,
)
from polyaxon.engine.events import (
    Action,
    Admitted,
    Adopted,
    CacheHit,
    Due,
    Event,
    Fetched,
    Observed,
    Requested,
    Settled,
    TimerKind,
)
from polyaxon.engine.reasons import REASONS
from polyaxon.engine.submit import submit
from polyaxon.model.ids import RunId
from polyaxon.model.launch import Connection, LaunchPlan, Places
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import Cloning, Condition, Run, RunFacts, RunKind
from polyaxon.model.status import FINAL, Status, can_move

START = datetime(2024, 1, 1, tzinfo=UTC)
ROOT = RunId("0" * 31 + "1")


@dataclass
class Outcome:
    """How an attempt goes: the phases before its end, the end, and what it leaves behind."""

    phase: Phase = Phase.SUCCEEDED
    outputs: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    message: str = ""
    reported: Status | None = None
    before: Sequence[Phase] = (Phase.RUNNING,)
    hangs: bool = False
    """Runs until it is stopped."""


SUCCESS = Outcome()
FAILURE = Outcome(Phase.FAILED, exit_code=1)
HANGS = Outcome(hangs=True)

Script = Mapping[str, Outcome | Callable[[LaunchPlan, int], Outcome]]
Pick = Callable[[int], int]
_FIELDS = {item.name for item in fields(Run)}


def job(name: str = "job", **more: Any) -> dict[str, Any]:
    """An inline component of kind job; `name` is also what the script knows its work by."""
    return {"name": name, "run": {"kind": "job", "container": {"image": "busybox", "command": ["work", name]}}, **more}


def operation(component: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """An operation as the loader stores it."""
    return {"version": 1.1, "kind": "operation", "component": component or job(), **fields}


def op(name: str, component: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """An operation of a dag."""
    return {"name": name, "component": component or job(name), **fields}


def dag(*operations: Mapping[str, Any], name: str = "pipe", **run: Any) -> dict[str, Any]:
    """An inline component of kind dag."""
    return {"name": name, "run": {"kind": "dag", "operations": list(operations), **run}}


class Harness:
    """Runs one root to its end."""

    def __init__(
        self,
        raw: Mapping[str, Any],
        script: Script | None = None,
        *,
        limits: Limits | None = None,
        defaults: Defaults | None = None,
        pick: Pick | None = None,
        duplicate: Callable[[], bool] | None = None,
        now: datetime = START,
        **submission: Any,
    ) -> None:
        self.script = dict(script or {})
        self.limits = limits or Limits()
        self.pick = pick or (lambda _count: 0)
        self.duplicate = duplicate or (lambda: False)
        self.now = now
        connections = {"slack": Connection("slack", "slack", schema={"url": "http://somewhere"})}
        self.world = World(places=_places, connections=connections, defaults=defaults or Defaults())
        self.rows: dict[RunId, Run] = {}
        self.conditions: dict[RunId, list[Condition]] = {}
        self.explained: list[Explained] = []
        self.edges: list[Linked] = []
        self.history: list[tuple[Event, datetime]] = []
        self.decisions: list[Decision] = []
        self.started: list[tuple[RunId, int]] = []
        self.plans: dict[RunId, LaunchPlan] = {}
        self.attempts: dict[tuple[RunId, int], list[Event]] = {}
        self.stopped: set[tuple[RunId, int]] = set()
        self.cleaned: list[RunId] = []
        self.forgets_cleanings = False
        self.timers: dict[tuple[RunId, TimerKind], datetime] = {}
        self.inbox: list[Event] = []
        self.fetches: list[Fetch] = []
        self.watches: list[Watch] = []
        self.listening: list[Listen] = []
        self.recalled: list[RunId] = []
        self.peak: dict[RunId, int] = {}
        self.answer: Callable[[Fetch], Fetched] = self.lookup
        run, condition = submit(raw, ROOT, "default", now, **submission)
        self._create(run)
        assert condition.type is Status.CREATED
        self.load()

    # The scheduler

    def load(self) -> None:
        """Take the tree up from its rows, as after a crash: what was only in memory is gone."""
        self.flow = Flow.load([_stored(run) for run in self.rows.values() if run.root == ROOT], self.world)
        self.queue = Queue(self.limits)
        self.timers.clear()
        self.fetches.clear()
        self.watches.clear()
        self.listening.clear()
        self.inbox = [Adopted()]

    def step(self) -> bool:
        """Decide on one event; tell whether there was one."""
        if not self.inbox:
            return False
        event = self.inbox.pop(self.pick(len(self.inbox)))
        if self.duplicate():
            self.inbox.append(event)
        self.decide(event)
        return True

    def decide(self, event: Event) -> Decision:
        """Decide on the event and let the world react."""
        self.history.append((event, self.now))
        decision = decide(self.flow, event, self.now)
        self.decisions.append(decision)
        for change in decision.changes:
            self._apply(change)
        for command in decision.commands:
            _CARRY_OUT[type(command)](self, command)
        self.inbox.extend(Admitted(run) for run in self.queue.admit())
        self._check()
        return decision

    def run(self, steps: int = 100_000) -> Harness:
        """Decide until nothing happens any more, moving the clock to the next timer when nothing else is left."""
        for _ in range(steps):
            if not self.step() and not self.tick():
                return self
        raise AssertionError("it never comes to rest")

    def settle(self) -> Harness:
        """Decide until only timers are left."""
        while self.step():
            pass
        return self

    def tick(self) -> bool:
        """Move the clock to the next timer."""
        if not self.timers or self.root.status in FINAL:
            return False
        self._next_timer()
        return True

    def _next_timer(self) -> None:
        (run, timer), at = min(self.timers.items(), key=lambda item: (item[1], item[0]))
        del self.timers[run, timer]
        self.now = max(self.now, at)
        self.inbox.append(Due(run, timer))

    def wait(self, seconds: float) -> None:
        """Let time pass; timers that are due go off."""
        end = self.now + timedelta(seconds=seconds)
        while self.timers and min(self.timers.values()) <= end:
            self._next_timer()
            self.settle()
        self.now = end

    def request(self, name: str | RunId, action: Action, **payload: Any) -> Decision:
        """Ask for something."""
        return self.decide(Requested(self.id(name), action, "ann", payload))

    def crash(self) -> None:
        """Lose the scheduler; the world goes on, and its observations are made again."""
        self.load()

    # Looking

    def id(self, name: str | RunId) -> RunId:
        """The run of that name (or id)."""
        if name in self.rows:
            return RunId(str(name))
        return next(run.uuid for run in self.rows.values() if run.name == name)

    @property
    def root(self) -> Run:
        return self.rows[ROOT]

    def row(self, name: str) -> Run:
        return self.rows[self.id(name)]

    def status(self, name: str) -> str:
        return self.row(name).status.value

    def statuses(self, parent: RunId | None = None) -> dict[str, str]:
        """How the children of a pipeline (of the root) stand, by name, or by index in a matrix."""
        parent = parent or ROOT
        children = [run for run in self.rows.values() if run.pipeline == parent]
        named = self.rows[parent].kind is RunKind.DAG
        return {str(run.name if named else run.index): run.status.value for run in children}

    def path(self, name: str) -> list[str]:
        """The statuses a run went through."""
        return [condition.type.value for condition in self.conditions[self.id(name)]]

    def last(self, name: str) -> Condition:
        return self.conditions[self.id(name)][-1]

    def facts(self, name: str, topic: str) -> list[Mapping[str, Any]]:
        """What was explained about a run."""
        uuid = self.id(name)
        return [item.facts for item in self.explained if item.run == uuid and item.topic == topic]

    def order(self) -> list[str]:
        """The names of the runs in the order in which they were started."""
        return [str(self.rows[run].name) for run, _ in self.started]

    def lookup(self, fetch: Fetch) -> Fetched:
        """What the store finds: a succeeded row with that key, or one that goes on and is older."""
        runs = {uuid: facts_of(self.rows[RunId(uuid)]) for uuid in fetch.runs if uuid in self.rows}
        cache = None
        if fetch.cache_key is not None:
            asking = self.rows[fetch.run]
            same = [run for run in self.rows.values() if run.state == fetch.cache_key and run.uuid != fetch.run]
            done = [run for run in same if run.status is Status.SUCCEEDED]
            alive = [run for run in same if run.status not in FINAL and run.created_at < asking.created_at]
            best = (done or alive or [None])[-1]
            cache = CacheHit(facts_of(best) if best is not None else None)
        return Fetched(fetch.run, joins=[[] for _ in fetch.joins], runs=runs, cache=cache)

    # The store

    def _create(self, run: Run) -> None:
        if run.uuid not in self.rows:
            self.rows[run.uuid] = run
            self.conditions[run.uuid] = [Condition(Status.CREATED, "OperationCreated", "", self.now)]

    def _apply(self, change: Change) -> None:
        if isinstance(change, Created):
            self._create(change.run)
        elif isinstance(change, Moved):
            old = self.rows[change.run]
            assert can_move(old.status, change.condition.type), f"{old.name}: {old.status} → {change.condition.type}"
            assert set(change.fields) <= _FIELDS
            assert change.condition.reason in REASONS
            self.rows[change.run] = replace(old, status=change.condition.type, **change.fields)
            self.conditions[change.run].append(change.condition)
            self._wake_watchers(change.run)
        elif isinstance(change, Updated):
            assert set(change.fields) <= _FIELDS - {"status"}
            self.rows[change.run] = replace(self.rows[change.run], **change.fields)
        elif isinstance(change, Linked):
            self.edges.append(change)
        else:
            json.dumps(change.facts, default=str)
            self.explained.append(change)

    def _check(self) -> None:
        """Law 7: a pipeline is final only when all its children are. And no more run at once than allowed."""
        running: dict[RunId, int] = {}
        for run in self.rows.values():
            if run.pipeline is not None:
                if self.rows[run.pipeline].status in FINAL:
                    assert run.status in FINAL, f"{run.name} is {run.status} in a final pipeline"
                if run.status in {Status.SCHEDULED, Status.STARTING, Status.RUNNING}:
                    running[run.pipeline] = running.get(run.pipeline, 0) + 1
        for pipeline, count in running.items():
            self.peak[pipeline] = max(self.peak.get(pipeline, 0), count)

    # The runtime and the rest of the world

    def _start(self, command: Start) -> None:
        key = (command.plan.run, command.attempt)
        self.plans[command.plan.run] = command.plan
        if key not in self.attempts:
            self.started.append(key)
            self.attempts[key] = self._events(command.plan, command.attempt)
        self.inbox.extend(self.attempts[key])

    def _events(self, plan: LaunchPlan, attempt: int) -> list[Event]:
        container = plan.main.container
        scripted = self.script.get(container.command[1] if container is not None else "", SUCCESS)
        outcome = scripted(plan, attempt) if callable(scripted) else scripted
        seen = [Observation(plan.run, attempt, phase, self.now) for phase in outcome.before]
        events: list[Event] = [Observed(item) for item in seen]
        if not outcome.hangs:
            ending = Observation(plan.run, attempt, outcome.phase, self.now, outcome.exit_code, outcome.message)
            if outcome.before == (Phase.RUNNING,) and plan.run[0] in "01234567":  # half of them are told in one
                events, ending = [], replace(ending, began=self.now)
            events.append(Observed(ending, outcome.outputs, outcome.artifacts, outcome.reported))
        return events

    def _stop(self, command: Stop) -> None:
        key = (command.run, command.attempt)
        events = self.attempts.setdefault(key, [])
        ended = any(isinstance(event, Observed) and event.observation.is_final for event in events)
        if not ended:
            events.append(Observed(Observation(command.run, command.attempt, Phase.STOPPED, self.now)))
        self.stopped.add(key)
        self.inbox.append(events[-1])

    def _set_timer(self, command: SetTimer) -> None:
        if command.at is None:
            self.timers.pop((command.run, command.timer), None)
        else:
            self.timers[command.run, command.timer] = command.at

    def _fetch(self, command: Fetch) -> None:
        self.fetches.append(command)
        self.inbox.append(self.answer(command))

    def _watch(self, command: Watch) -> None:
        self.watches.append(command)
        self._wake_watchers(command.on)

    def _wake_watchers(self, run: RunId) -> None:
        if run in self.rows and self.rows[run].status in FINAL:
            for watch in [watch for watch in self.watches if watch.on == run]:
                self.watches.remove(watch)
                self.inbox.append(Settled(watch.run, facts_of(self.rows[run])))

    def _clean(self, command: Clean) -> None:
        self.cleaned.append(command.run)
        if not self.forgets_cleanings:
            self.rows[command.run] = replace(self.rows[command.run], clean_at=None)


_CARRY_OUT: dict[type, Callable[[Harness, Any], None]] = {
    Start: Harness._start,
    Stop: Harness._stop,
    Clean: Harness._clean,
    Enqueue: lambda harness, command: harness.queue.enqueue(command),
    Dequeue: lambda harness, command: harness.queue.dequeue(command.run),
    SetTimer: Harness._set_timer,
    Fetch: Harness._fetch,
    Watch: Harness._watch,
    Listen: lambda harness, command: harness.listening.append(command),
    Recall: lambda harness, command: harness.recalled.append(command.run),
}
assert set(_CARRY_OUT) == set(Command.__args__)


def facts_of(run: Run) -> RunFacts:
    """What the store tells of a row."""
    is_hit = run.cloning_kind is Cloning.CACHE
    return RunFacts(
        uuid=run.uuid,
        name=run.name,
        project=run.project,
        status=run.status,
        inputs=run.inputs,
        outputs=run.outputs,
        original_uuid=run.original,
        artifacts_owner=run.original if is_hit else None,
        finished_at=run.finished_at,
    )


def _stored(run: Run) -> Run:
    """The row as it comes back from a database: JSON in between."""

    def back(value: Mapping[str, Any]) -> dict[str, Any]:
        return json.loads(json.dumps(dict(value)))

    return replace(run, inputs=back(run.inputs), outputs=back(run.outputs), meta=back(run.meta))


def _places(run: RunId) -> Places:
    root = f"/store/{run}"
    return Places(f"/ctx/{run}", f"/ctx/{run}/artifacts", root, f"{root}/outputs", "/store")
