"""Which children of a pipeline may go on? Their pipeline's `concurrency`, the controller's budget, and the window.

A child holds a slot of its pipeline from its preparation until it ends, is held (approval, cache, build) or backs off;
a leaf also holds one of the controller's. A pipeline holds its parent's slot while it runs, but no leaf's: so a budget
of one never blocks a nested pipeline. Nor does a service of a nested one hold a leaf's: it ends after the work beside
it, which would get none while services hold them all. Besides, at most a window of children waits in one queue, which
bounds memory and the size of one decision.
"""

from __future__ import annotations

from heapq import heappop, heappush

from polyaxon.engine.companions import is_service
from polyaxon.engine.compilation import queue_text
from polyaxon.engine.flow import PIPELINES, Group, Node
from polyaxon.engine.turn import Turn, work
from polyaxon.model.status import Status

__all__ = ["fill", "free", "leave_lane", "occupy", "release", "window_of"]

_FIRST_WINDOW = 32
"""So many children are made ready before the first of them is let go."""


def release(turn: Turn, node: Node) -> None:
    """The run's time has come: go on with it as soon as nothing holds it and there is a slot."""
    node.released = True
    if node.pending is not None:
        return
    if node.pipeline is None:
        turn.starting.append(node)
        return
    heappush(_group(node.pipeline).ready, (node.index, node))
    turn.room_in(node.pipeline)


def fill(turn: Turn, pipeline: Node) -> None:
    """Let ready children go on while there is room."""
    group = _group(pipeline)
    if not group.is_open or pipeline.status is not Status.RUNNING:
        return
    window, room = window_of(group, turn.flow.world.defaults.window), group.room
    while group.ready and (room is None or group.used < room):
        index, child = heappop(group.ready)
        # Entries are not searched for when a child is stopped or held: they are dropped here.
        if child.is_final or child.pending is not None or child.holds_slot:
            continue
        lane = _lane(child)
        if group.lanes.get(lane, 0) >= window:
            heappush(group.parked.setdefault(lane, []), (index, child))
            continue
        if not _take(pipeline, child):
            heappush(group.ready, (index, child))
            return
        group.lanes[lane] = group.lanes.get(lane, 0) + 1
        work(child).lane = lane
        turn.starting.append(child)
    _wake_next(turn, pipeline.controller)


def free(turn: Turn, node: Node) -> None:
    """Give back every slot the run holds inside the tree."""
    leave_lane(turn, node)
    if node.holds_slot and node.pipeline is not None:
        node.holds_slot = False
        _group(node.pipeline).used -= 1
        turn.room_in(node.pipeline)
    if node.holds_leaf and node.controller is not None:
        node.holds_leaf = False
        _group(node.controller).leaves -= 1
        _wake_next(turn, node.controller)


def occupy(node: Node) -> None:
    """Let a run that had its slots before the scheduler's end have them again, whatever the limits say."""
    node.released = True
    if node.pipeline is None or node.holds_slot:
        return
    group = _group(node.pipeline)
    group.used += 1
    node.holds_slot = True
    budget = _budget(node)
    if budget is not None:
        budget.leaves += 1
        node.holds_leaf = True
    if not node.on_cluster:
        lane = _lane(node)
        group.lanes[lane] = group.lanes.get(lane, 0) + 1
        work(node).lane = lane


def leave_lane(turn: Turn, node: Node) -> None:
    """The run waits in the queue no more: others of its pipeline may."""
    if node.work is None or node.work.lane is None or node.pipeline is None:
        return
    lane, node.work.lane = node.work.lane, None
    group = _group(node.pipeline)
    group.lanes[lane] -= 1
    parked = group.parked.get(lane)
    if parked:
        room = window_of(group, turn.flow.world.defaults.window) - group.lanes[lane]
        for _ in range(min(room, len(parked))):
            heappush(group.ready, heappop(parked))
        turn.room_in(node.pipeline)
    elif group.sweep is not None:
        turn.room_in(node.pipeline)


def window_of(group: Group, most: int) -> int:
    """How many children may wait in one queue now: a few at first, so that the first ones need not wait until hundreds
    are ready; and as many more as have ended, for those that end at once (served from the cache) are cheap by the
    hundred."""
    return min(most, _FIRST_WINDOW + sum(group.endings.values()))


def _take(pipeline: Node, child: Node) -> bool:
    budget = _budget(child)
    if budget is not None:
        if budget.room is not None and budget.leaves >= budget.room:
            budget.starved[pipeline] = None
            return False
        budget.leaves += 1
        child.holds_leaf = True
    _group(pipeline).used += 1
    child.holds_slot = True
    return True


def _budget(child: Node) -> Group | None:
    """The group whose leaves the child counts among."""
    if child.kind in PIPELINES or child.controller is None:
        return None
    if child.pipeline is not child.controller and is_service(child):
        return None
    return child.controller.group


def _wake_next(turn: Turn, controller: Node | None) -> None:
    # One at a time: a woken pipeline that leaves budget over wakes the next when it has filled up.
    group = controller.group if controller is not None else None
    if group is None or not group.starved or (group.room is not None and group.leaves >= group.room):
        return
    hungry = next(iter(group.starved))
    del group.starved[hungry]
    turn.room_in(hungry)


def _lane(child: Node) -> str:
    """What tells the queues of siblings apart, before they are compiled by the text in the file."""
    if child.work is not None and child.work.compiled is not None:
        return child.work.compiled.queue or ""
    return queue_text(child)


def _group(pipeline: Node) -> Group:
    if pipeline.group is None:
        pipeline.group = Group()
    return pipeline.group
