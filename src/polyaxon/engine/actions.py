"""What may people ask of a run, and what then happens? Stop, skip, approve, resume, invalidate.

A request that the run's state does not allow changes nothing; why is recorded on the run.
"""

from __future__ import annotations

from collections.abc import Callable

from polyaxon.engine import abroad, cache, compilation
from polyaxon.engine.births import reborn, retract
from polyaxon.engine.events import Action, Requested, TimerKind
from polyaxon.engine.flow import PIPELINES, Node, Stage
from polyaxon.engine.lifecycle import move, remember
from polyaxon.engine.slots import release
from polyaxon.engine.stops import Cause, hurry, stop
from polyaxon.engine.turn import Turn, work
from polyaxon.model.run import Cloning
from polyaxon.model.status import SAFE_STOP, Pending, Status

__all__ = ["requested"]


def requested(turn: Turn, node: Node, event: Requested) -> None:
    """Do what was asked, or record why not."""
    refusal = _ACTIONS[event.action](turn, node, event)
    if refusal is not None:
        turn.explain(node, "request", action=event.action.value, by=event.by, refused=refusal)


def _stop(turn: Turn, node: Node, event: Requested) -> str | None:
    grace_seconds = event.payload.get("grace_seconds")
    if node.is_final or (node.status is Status.STOPPING and grace_seconds is None):
        return f"it is {node.status} already"
    stop(turn, node, Cause("StopRequested", f"stopped by {event.by}"))
    if grace_seconds is not None:
        hurry(turn, node, float(grace_seconds))
    return None


def _skip(turn: Turn, node: Node, event: Requested) -> str | None:
    message = f"skipped by {event.by}"
    if node.status in SAFE_STOP:
        stop(turn, node, Cause("SkipRequested", message, ending=Status.SKIPPED))
    elif node.kind in PIPELINES and not node.is_final and node.status is not Status.STOPPING:
        stop(turn, node, Cause("SkipRequested", message, ending=Status.SKIPPED, unstarted=Status.SKIPPED))
    else:
        return f"it is {node.status}: only what has not started can be skipped"
    return None


def _approve(turn: Turn, node: Node, event: Requested) -> str | None:
    refusal = _end_wait(turn, node)
    if refusal is None:
        turn.explain(node, "approval", by=event.by)
    return refusal


def _end_wait(turn: Turn, node: Node) -> str | None:
    """End the wait that an approval can end, and go on from there."""
    if node.pending is Pending.CACHE:
        cache.let_run(turn, node)
        return None
    if node.pending is Pending.UPLOAD:
        turn.cancel_timer(node, TimerKind.PENDING_TIMEOUT)
        operation = node.operation
        node.pending = compilation.held_by(operation) if operation is not None else None
        turn.update(node, pending=node.pending)
    elif node.pending is Pending.APPROVAL:
        node.pending = None
        turn.update(node, pending=None, **remember(node, approved=True))
    else:
        return "it waits for no approval"
    # It may still wait for its upstreams, or for an event: then that releases it.
    if node.pending is None and (node.released or (node.pipeline is None and not abroad.awaits(node))):
        release(turn, node)
    return None


def _resume(turn: Turn, node: Node, event: Requested) -> str | None:
    if not node.is_final:
        return f"it is {node.status}: only a finished run can be resumed"
    if node.cloning is Cloning.CACHE:
        return "it was served from the cache: there is nothing of its own to resume"
    if node.serves is not None:
        return f"it is a builder: resume the run it builds for ({node.serves.id})"
    raw = event.payload.get("operation")
    if raw is not None and node.pipeline is None:
        node.operation = compilation.load_operation(raw)
        turn.update(node, raw_content=event.payload.get("raw_content"))
    for above in _finished_above(node):
        # The pipelines above are open again for this run's sake: what else ended in them stays as it is.
        retract(above)
        reborn(turn, above)
        move(turn, above, Status.RUNNING, "Resumed", f"for `{node.name}`")
    fired = node.notes.get("fired") if node.pipeline is None else None
    retract(node)
    reborn(turn, node)
    if fired is not None:  # what a run of its own waited for is not waited for again
        turn.update(node, **remember(node, fired=fired))
    top = next((above for above in _above(node) if above.work is None), None)
    if top is None:
        (release if node.pipeline is not None else abroad.begin)(turn, node)
    else:
        work(top).stage = Stage.NEW
        top.released = True
        turn.starting.append(top)
    return None


def _invalidate(turn: Turn, node: Node, _event: Requested) -> str | None:
    if not node.is_final:
        return f"it is {node.status}: only a finished run can be invalidated"
    below = [node]
    for one in below:
        one.state = None
        turn.update(one, state=None)
        below += one.group.children.values() if one.group is not None else ()
    return None


def _above(node: Node) -> list[Node]:
    """The pipelines above the run, the outermost first."""
    found: list[Node] = []
    above = node.pipeline
    while above is not None:
        found.insert(0, above)
        above = above.pipeline
    return found


def _finished_above(node: Node) -> list[Node]:
    return [above for above in _above(node) if above.is_final]


_ACTIONS: dict[Action, Callable[[Turn, Node, Requested], str | None]] = {
    Action.STOP: _stop,
    Action.SKIP: _skip,
    Action.APPROVE: _approve,
    Action.RESUME: _resume,
    Action.INVALIDATE: _invalidate,
}
