"""When does a schedule make its next run? One run is created ahead and waits, as `created`, for its time.

The next one is created when this one has started, or, with `dependsOnPast`, when it has ended. Ticks that passed while
nobody was there are skipped, or made up for one after another (`CatchUp`). A `datetime` schedule has exactly one run.
A backfill (`meta["backfill"]`) makes the runs of a range of time, as fast as its concurrency and the queue let them go.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from polyaxon.engine import compilation
from polyaxon.engine.births import create
from polyaxon.engine.events import TimerKind
from polyaxon.engine.flow import Group, Node
from polyaxon.engine.lifecycle import move
from polyaxon.engine.slots import release
from polyaxon.engine.ticks import Timetable, timetable
from polyaxon.engine.turn import Turn
from polyaxon.engine.world import CatchUp
from polyaxon.errors import InternalError
from polyaxon.model.ids import child_id
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.model.status import Pending, Status

__all__ = ["Calendar", "child_ended", "open_schedule", "tick"]

_TOLERANCE = timedelta(seconds=3)
"""A run this close to its time is due: timers are not exact."""


@dataclass(slots=True, eq=False)
class Calendar:
    """How far a schedule is: `made` runs, the last of them for `last`; `coming` waits for its time."""

    times: Timetable
    shape: tuple[RunKind, str]
    """What its runs are stored as, and what holds each of them."""
    pending: Pending | None = None
    backfill: tuple[datetime, datetime] | None = None
    """The range whose runs are made, both ends included."""
    made: int = 0
    last: datetime | None = None
    coming: Node | None = None
    exhausted: bool = False


def open_schedule(turn: Turn, node: Node, resumed: bool) -> None:
    """Read the timetable, take up the runs that exist, and go on."""
    group = node.group or Group()
    section = compilation.compiled_of(node).schedule
    if section is None:
        raise InternalError(f"run {node.id} is a schedule without a schedule")
    # Before anything else: the runs that exist need their operation, whether or not another one comes.
    shape, pending = compilation.shape_of_children(node)
    calendar = group.calendar = Calendar(timetable(section, turn.flow.world.defaults.zone), shape, pending)
    asked = node.meta.get("backfill")
    if asked is not None:
        calendar.backfill = (datetime.fromisoformat(asked["from"]), datetime.fromisoformat(asked["to"]))
        group.limit = asked.get("concurrency")
    for child in group.children.values():
        calendar.made = max(calendar.made, child.index + 1)
        calendar.last = max(filter(None, (calendar.last, child.schedule_at)), default=None)
        if child.status is Status.CREATED:
            calendar.coming = child
        elif child.status is Status.ON_SCHEDULE:
            release(turn, child)
    if node.status is not Status.RUNNING:
        return
    if calendar.coming is not None:
        _wake_for(turn, node, calendar.coming)
    elif resumed or not calendar.times.depends_on_past or group.unfinished == 0:
        _plan_next(turn, node, calendar)


def tick(turn: Turn, node: Node) -> None:
    """The timer went off: start the run whose time has come."""
    calendar = node.group.calendar if node.group is not None else None
    if calendar is None or node.status is not Status.RUNNING:
        return
    child = calendar.coming
    if child is None or child.schedule_at is None or child.status is not Status.CREATED:
        return
    if child.schedule_at > turn.now + _TOLERANCE:
        _wake_for(turn, node, child)
        return
    calendar.coming = None
    move(turn, child, Status.ON_SCHEDULE, "ScheduleDue", f"scheduled for {child.schedule_at.isoformat()}")
    release(turn, child)
    if not calendar.times.depends_on_past:
        _plan_next(turn, node, calendar)


def child_ended(turn: Turn, node: Node, child: Node) -> None:
    """Go on to the next run, where it waited for this one's end (or the one that was coming was ended by hand)."""
    calendar = node.group.calendar if node.group is not None else None
    if calendar is None or node.status is not Status.RUNNING:
        return
    was_coming = calendar.coming is child
    if was_coming:
        calendar.coming = None
    if was_coming or (calendar.times.depends_on_past and calendar.coming is None):
        _plan_next(turn, node, calendar)


def _plan_next(turn: Turn, node: Node, calendar: Calendar) -> None:
    at = _next_time(turn, node, calendar)
    if at is None:
        calendar.exhausted = True
        turn.room_in(node)
        return
    index = calendar.made
    uuid = child_id(node.id, str(index))
    child = create(turn, node, uuid, node.name, index, calendar.shape, calendar.pending, schedule_at=at)
    if node.group is not None:
        node.group.children[str(index)] = child
    calendar.made, calendar.last, calendar.coming = index + 1, at, child
    _wake_for(turn, node, child)


def _next_time(turn: Turn, node: Node, calendar: Calendar) -> datetime | None:
    times, now = calendar.times, turn.now
    if calendar.backfill is not None:
        return _next_of_range(calendar, *calendar.backfill)
    if times.max_runs is not None and calendar.made >= times.max_runs:
        return None
    if times.end is not None and now >= times.end:
        return None
    if times.single:
        return times.first
    since = calendar.last or min(
        filter(None, (node.created_at, times.first and times.first - timedelta(microseconds=1)))
    )
    at = times.after(since, node.created_at)
    if at is None or at >= now - _TOLERANCE or turn.flow.world.defaults.catch_up is CatchUp.ALL:
        return at
    following = times.after(now, node.created_at)
    turn.explain(node, "schedule", missed=at.isoformat(), next=following.isoformat() if following else None)
    return following


def _next_of_range(calendar: Calendar, start: datetime, end: datetime) -> datetime | None:
    """The schedule's own bounds hold, but for `maxRuns`: that counts the runs that come by themselves."""
    at = calendar.times.after(calendar.last or start - timedelta(microseconds=1), start)
    return at if at is not None and at <= end else None


def _wake_for(turn: Turn, node: Node, child: Node) -> None:
    if child.schedule_at is not None:
        turn.set_timer(node, TimerKind.SCHEDULE, child.schedule_at)
