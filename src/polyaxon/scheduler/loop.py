"""The loop that drives roots: gather events, decide, commit once, then act. One per process.

What holds here, whatever dies when: nothing is sent to a runtime before the decision is committed; a root whose lease
was lost, or whose commit failed, is dropped from memory and nothing of it is carried out; loading it again from the
store repeats what may not have happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from polyaxon.engine.commands import Change, Clean, Command, Decision, Fetch, Recall, SetTimer, Start, Stop
from polyaxon.engine.events import Adopted, Due, Event
from polyaxon.engine.queue import Limits, Queue
from polyaxon.errors import StoreError
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation
from polyaxon.model.record import dataclass
from polyaxon.model.run import Run
from polyaxon.runtimes.base import Runtime
from polyaxon.scheduler.clock import ForwardClock
from polyaxon.scheduler.crash import CrashPoint, never
from polyaxon.scheduler.dispatch import Dispatcher
from polyaxon.scheduler.driven import Incoming, Roots, created_roots, joined
from polyaxon.scheduler.fetch import answer, facts_and_histories
from polyaxon.scheduler.listening import Listening
from polyaxon.scheduler.pace import Pace
from polyaxon.scheduler.rest import Rest
from polyaxon.scheduler.timers import Alarms
from polyaxon.scheduler.watches import WAITS, Watches
from polyaxon.store.base import Batch, Lease, Store
from polyaxon.store.wakeup import Listener

__all__ = ["Engine", "Scheduler", "Tuning", "utc_now"]

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
_SLOW_COMMIT_SECONDS = 0.002
_PATIENCE_SECONDS = 0.01


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Engine:
    """The decision core as the loop sees it. `Any` is a flow: loaded, handed back, and asked whether it is final.

    `note` tells a flow what a run said of itself; `wants_metrics` asks whether a running run's metrics are decided on.
    """

    load: Callable[[Sequence[Run]], Any]
    decide: Callable[[Any, Event, datetime], Decision]
    note: Callable[[Any, RunId, dict[str, Any]], None]
    wants_metrics: Callable[[Any, RunId], bool]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How often and how much, in seconds and events. A heartbeat comes three times per lease."""

    lease_seconds: float = 30.0
    poll_seconds: float = 1.0
    """Between looks for requests and free roots when nobody wakes us."""
    poll_seconds_deaf: float = 0.2
    """The same where there is no socket to be woken by."""
    linger_seconds: float = 0.01
    """How long news that nothing waits for (an attempt runs) may wait for company."""
    retry_seconds: float = 0.5
    """Until the store is tried again after it refused; doubles up to ten seconds."""
    round_events: int = 2000


class Scheduler:
    """Drives roots until told otherwise. Everything happens in the event loop that calls `run`."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        engine: Engine,
        owner: str,
        *,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = utc_now,
        steady: Callable[[], float] = time.monotonic,
        tuning: Tuning | None = None,
        listener: Listener | None = None,
        crash: CrashPoint = never,
        threaded: bool = False,
    ) -> None:
        """`threaded` calls the store from a thread, for stores that are a network away. `clock` is the machine's, which
        somebody may set; `steady` counts seconds whatever happens to that."""
        self.store = store
        self.runtime = runtime
        self.owner = owner
        self.broken: dict[RunId, Exception] = {}
        """Roots that cannot be driven: a bug of ours. They stay leased, so that nobody else falls over them."""
        self._engine = engine
        self._clock = ForwardClock(clock, steady)
        self._now = self._clock()
        self._tuning = tuning or Tuning()
        self._listener = listener
        self._crash = crash
        self._executor = ThreadPoolExecutor(1, "polyaxon-store") if threaded else None
        self._roots = Roots(Queue(limits), engine.decide)
        self._alarms = Alarms(self._clock)
        self._watches = Watches()
        self._dispatcher = Dispatcher(runtime, self._observed, partial(self._call, store.cleaned), self.clock, crash)
        self._places = (limits or Limits()).total
        self._pace = Pace(self._places)
        self._listening = Listening(runtime, store, engine, self._roots, crash, self._pace)
        self._inbox: list[Incoming] = []
        self._asked: set[int] = set()
        self._wanted: set[RunId] = set()
        self._adopting = False
        self._has_looked = False
        self._is_unsure = False
        """Whether roots may be leased to us without our knowing: a claim failed, perhaps after its commit."""
        self._to_load: dict[RunId, Lease] = {}
        self._subscribers: list[Callable[[Sequence[Change]], None]] = []
        self._rest = Rest()
        self._lingering: asyncio.TimerHandle | None = None
        self._look_at = self._beat_at = self._retry_at = self._now
        self._retry_seconds = self._tuning.retry_seconds
        self._commit_seconds = 0.0
        """How long a commit takes, smoothed."""

    # For whoever runs it

    def subscribe(self, take: Callable[[Sequence[Change]], None]) -> None:
        """Call `take` with the changes of every commit, in order."""
        self._subscribers.append(take)

    def hold(self, lease: Lease) -> None:
        """Drive a root whose lease this process has from its submission."""
        self._wanted.add(lease.root)
        self._to_load[lease.root] = lease

    def want(self, root: RunId) -> None:
        """Drive this root as soon as nobody else does."""
        self._wanted.add(root)
        self.look()

    def put(self, run: RunId, event: Event) -> None:
        """Decide on an event of a driven run."""
        root = self._roots.root_of.get(run)
        if root is not None:
            self._inbox.append(Incoming(root, event))
            self.wake()

    def look(self) -> None:
        """Look for requests and free roots now."""
        self._look_at = self._now
        self.wake()

    def wake(self) -> None:
        """Go on without waiting longer."""
        self._rest.wake()

    def drives(self, root: RunId) -> bool:
        """Whether the root is driven here, or about to be."""
        return root in self._roots.driven or root in self._to_load

    @property
    def is_idle(self) -> bool:
        """Whether it looked around and there is nothing to drive."""
        return self._has_looked and not (self._roots.driven or self._to_load or self._inbox)

    def clock(self) -> datetime:
        """Return the time, which never goes back."""
        self._now = self._clock()
        return self._now

    async def run(self, until: Callable[[], bool], adopt: bool = True) -> None:
        """Drive until `until` says so; with `adopt` also roots that nobody holds. Leases are given back at the end."""
        self._adopting = adopt
        await self.runtime.open(self._places)
        seeing = asyncio.create_task(self._listening.listen(self._take), name="observations")
        seeing.add_done_callback(lambda _: self.wake())
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener.socket, self._heard)
        try:
            while not until():
                if seeing.done():
                    seeing.result()  # raises what ended it
                    raise StoreError("the runtime ended its observations")
                await self._turn()
        finally:
            await self._leave(seeing)

    # One turn

    async def _turn(self) -> None:
        now = self.clock()
        if self._to_load and now >= self._retry_at:
            await self._load()
        if now >= self._look_at:
            await self._look()
        if now >= self._beat_at:
            await self._renew()
        self._inbox += (Incoming(root, Due(run, kind)) for root, run, kind in self._alarms.due(now))
        self._inbox += self._listening.new_metrics(now)
        if not self._inbox:
            await self._sleep()
            return
        await self._gather()
        most = self._tuning.round_events
        incoming, self._inbox = self._inbox[:most], self._inbox[most:]
        await self._round(incoming)

    async def _sleep(self) -> None:
        """Wait for news, or for what is due next."""
        due = [self._look_at, self._beat_at, self._listening.next_at()]
        if self._to_load:
            due.append(self._retry_at)
        now = self.clock()
        delay = (min(at for at in due if at is not None) - now).total_seconds()
        delay = min(delay, self._alarms.seconds_left(now))
        await self._rest.at_most(delay)

    async def _gather(self) -> None:
        """Where commits are slow, wait a part of one for other attempts to end: they then share it.

        Operations that are shorter than a commit would otherwise each pay for one of their own.
        """
        if self._commit_seconds < _SLOW_COMMIT_SECONDS or not self._roots.has_company:
            return
        await asyncio.sleep(min(self._commit_seconds / 2, _PATIENCE_SECONDS))

    async def _round(self, incoming: Sequence[Incoming]) -> None:
        self._roots.queue.ahead = self._pace.ahead
        await self._count_others()
        done = self._roots.decide_on(joined(incoming), self.clock(), self._tuning.round_events)
        for root, error in done.broken.items():
            self._give_up(root, error)
        if not done.batches:
            return
        self._crash("decided")
        begun = time.monotonic()
        try:
            lost = await self._call(self.store.apply, done.batches)
        except StoreError as error:
            self._refused(error, [batch.lease for batch in done.batches])
            return
        self._crash("committed")
        self._commit_seconds += (time.monotonic() - begun - self._commit_seconds) / 8
        self._retry_seconds = self._tuning.retry_seconds
        for root in lost:
            self._drop(root)
            # Somebody else's now, or still ours and refused for want of places: renewing the leases tells.
            self._is_unsure, self._beat_at = True, self._now
        kept = [batch for batch in done.batches if batch.lease.root not in lost]
        fetches = [fetch for batch in kept for fetch in self._carry_out(batch, done.commands[batch.lease.root])]
        self._crash("dispatched")
        await asyncio.sleep(0)  # what was sent to the runtime begins while the rest is told
        self._asked.difference_update(number for batch in done.batches for number in batch.requests)
        for batch in kept:
            for take in self._subscribers:
                take(batch.changes)
        await self._after(kept, fetches)

    async def _count_others(self) -> None:
        """Let the queues with a limit know what other schedulers run in them: they all share it."""
        limited = self._roots.queue.limited
        if limited:
            with contextlib.suppress(StoreError):  # whoever commits next says it
                self._roots.queue.others = await self._call(self.store.busy_elsewhere, self.owner, limited)

    def _carry_out(self, batch: Batch, commands: Sequence[Command]) -> list[Fetch]:
        """Send a committed batch's commands on their way; return the questions, which are answered together."""
        root, fetches = batch.lease.root, []
        for command in commands:
            if isinstance(command, Start):
                self._listening.started(root, command.plan.run)
                self._dispatcher.send(command)
            elif isinstance(command, Stop):
                self._dispatcher.send(command)
            elif isinstance(command, Clean):
                self._pace.forget(command.run)  # gone, as far as anybody can tell
                self._dispatcher.send(command)
            elif isinstance(command, SetTimer):
                self._alarms.set(root, command)
            elif isinstance(command, Recall):
                self._inbox += self._listening.recalled(root, command.run)
            elif isinstance(command, WAITS):
                self._watches.add(root, command)
                self._look_at = self._now
            elif isinstance(command, Fetch):
                fetches.append(command)
        return fetches

    async def _after(self, batches: Sequence[Batch], fetches: Sequence[Fetch]) -> None:
        """Draw the consequences of what was committed: answers, new roots, who waits, what is over."""
        changes = [change for batch in batches for change in batch.changes]
        try:
            if fetches:
                answers = await self._call(answer, self.store, fetches, self.clock())
                self._crash("fetched")
                for found in answers:
                    self.put(found.run, found)
            if touched := self._watches.touched(changes):
                await self._tell(touched)
            hooks = created_roots(changes)
            if hooks:
                self._wanted.update(hooks)
                await self._claim(list(hooks))
            self._roots.forget_final(changes)
            for batch in batches:
                await self._release_if_over(batch.lease)
        except StoreError as error:
            # The commit holds, the answers are missing: loading the roots again asks for them again.
            self._refused(error, [batch.lease for batch in batches])

    async def _release_if_over(self, lease: Lease) -> None:
        driven = self._roots.driven.get(lease.root)
        if driven is None or not driven.flow.is_final:
            return  # what is left to be cleaned is claimed again when it is due
        if any(item.root == lease.root for item in self._inbox):
            return
        await self._call(self.store.release, lease)
        self._crash("released")
        self._drop(lease.root)

    # Looking around

    async def _look(self) -> None:
        """Take requests, free roots and news of watched runs."""
        deaf = self._listener is None
        seconds = self._tuning.poll_seconds_deaf if deaf else self._tuning.poll_seconds
        self._look_at = self.clock() + timedelta(seconds=seconds)
        try:
            await self._claim(None if self._adopting else sorted(self._wanted))
            if self._roots.driven:
                for number, root, request in await self._call(self.store.take_requests, self.owner):
                    if number not in self._asked and root in self._roots.driven:
                        self._asked.add(number)
                        self._inbox.append(Incoming(root, request, request=number))
            if waiting := self._watches.waiting:
                await self._tell(waiting)
            self._has_looked = True
            if self._roots.queue.limited and len(self._roots.queue):
                await self._round(())  # a place that another scheduler gave back is told by nobody
        except StoreError as error:
            _log.warning("%s", error.message)

    async def _claim(self, roots: Sequence[RunId] | None) -> None:
        if self._clock.stepped_within(self._tuning.lease_seconds / 2):
            return  # every lease looks expired: their owners have to see that first
        try:
            leases = await self._call(self.store.claim, self.owner, self.clock(), self._tuning.lease_seconds, roots)
        except StoreError:
            self._is_unsure, self._beat_at = True, self._now
            raise
        for lease in leases:
            self._to_load[lease.root] = lease
        if self._to_load and self._now >= self._retry_at:  # one that the store refused waits, whoever has its lease
            await self._load()

    async def _load(self) -> None:
        """Load the roots that were claimed, or dropped because the store refused."""
        for root, lease in list(self._to_load.items()):
            try:
                runs = await self._call(self.store.tree, root)
            except StoreError as error:
                self._refused(error, [])
                return
            del self._to_load[root]
            if not runs:
                continue  # deleted meanwhile
            try:
                flow = self._engine.load(runs)
            except Exception as error:  # noqa: BLE001 - logged, and kept in `broken`
                # As in a round: one root that cannot be loaded must not stop the others.
                _log.exception("run %s cannot be loaded", root)
                self.broken[root] = error
                continue
            self._roots.add(lease, flow)
            self._inbox.append(Incoming(root, Adopted()))
            self._look_at = self._now  # requests that were left before
            self._crash("adopted")

    async def _tell(self, asked: Sequence[RunId]) -> None:
        """Tell those who wait for these runs what became of them."""
        known = await self._call(facts_and_histories, self.store, asked, self._watches.heard)
        self._inbox += (Incoming(root, event) for root, event in self._watches.news(asked, *known))

    async def _renew(self) -> None:
        """Show that this process lives; roots that another one took meanwhile are dropped."""
        self._beat_at = self.clock() + timedelta(seconds=self._tuning.lease_seconds / 3)
        if not (self._roots.driven or self._is_unsure):
            return
        try:
            held = await self._call(self.store.renew, self.owner, self.clock(), self._tuning.lease_seconds)
        except StoreError as error:
            _log.warning("%s", error.message)
            return
        for root in set(self._roots.driven) - {lease.root for lease in held}:
            self._drop(root)
        if self._is_unsure:
            self._is_unsure = False
            self._to_load |= {lease.root: lease for lease in held if not self._knows(lease.root)}

    # Observations

    def _observed(self, seen: Observation) -> None:
        self._take(self._listening.ingest(seen), urgent=True)

    def _take(self, incoming: Sequence[Incoming], urgent: bool) -> None:
        """Take what was observed in; news that nothing waits for may wait a moment for company."""
        self._inbox += incoming
        if urgent and not self._pace.is_ahead:
            self.wake()
        elif incoming and self._lingering is None:
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(self._tuning.linger_seconds, self._lingered)

    def _lingered(self) -> None:
        self._lingering = None
        self.wake()

    def _heard(self) -> None:
        if self._listener is not None:
            self._listener.clear()
            self.look()

    # When things go wrong

    def _knows(self, root: RunId) -> bool:
        return self.drives(root) or root in self.broken

    def _drop(self, root: RunId) -> None:
        """Forget a root: it is over, or somebody else's now."""
        driven = self._roots.drop(root)
        if driven is not None:
            self.runtime.withdraw(driven.runs)
            for run in driven.runs:
                self._pace.forget(run)
        self._alarms.drop(root)
        self._watches.drop(root)

    def _give_up(self, root: RunId, error: Exception) -> None:
        self._drop(root)
        self.broken[root] = error

    def _refused(self, error: StoreError, leases: Sequence[Lease]) -> None:
        """The store refused: what is in memory may be ahead of it, so it is thrown away and loaded again later."""
        _log.warning("%s; trying again in %.1f s", error.message, self._retry_seconds)
        for lease in leases:
            if lease.root in self._roots.driven:
                self._drop(lease.root)
                self._to_load[lease.root] = lease
        self._asked.clear()
        self._retry_at = self.clock() + timedelta(seconds=self._retry_seconds)
        self._retry_seconds = min(10.0, self._retry_seconds * 2)

    async def _leave(self, seeing: asyncio.Task[None]) -> None:
        """Give everything back; attempts go on."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.socket)
        if self._lingering is not None:
            self._lingering.cancel()
        self._rest.cancel()
        await self._dispatcher.settle()
        seeing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await seeing
        await self.runtime.close()
        leases = [driven.lease for driven in self._roots.driven.values()] + list(self._to_load.values())
        try:
            for lease in leases:
                await self._call(self.store.release, lease)
        except StoreError as error:
            _log.warning("%s", error.message)  # they expire
        for lease in leases:
            self._drop(lease.root)
        if self._executor is not None:
            self._executor.shutdown()

    async def _call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        if self._executor is None:
            return function(*arguments)
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
