"""What happens to a run between the queue and its end? Attempts: started, seen, failed, tried again, timed out.

An observation counts only for the attempt it is about, while that attempt is the current one: anything else is late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from polyaxon.engine import compilation
from polyaxon.engine.commands import Clean, Dequeue, Start
from polyaxon.engine.events import Observed, TimerKind
from polyaxon.engine.flow import PIPELINES, Node, Stage
from polyaxon.engine.lifecycle import fail, move, remember
from polyaxon.engine.retry import FATAL, backoff_seconds, may_retry, weigh
from polyaxon.engine.slots import free, leave_lane, release
from polyaxon.engine.stops import Cause, stop
from polyaxon.engine.timeouts import set_timeout, started_this_life
from polyaxon.engine.turn import Turn, work
from polyaxon.errors import UserError
from polyaxon.model.failure import FailureAction
from polyaxon.model.launch import LaunchPlan
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import RunKind
from polyaxon.model.status import Pending, Status

__all__ = [
    "admitted",
    "begin_attempt",
    "observed",
    "pending_too_long",
    "retry_due",
    "start_command",
    "stuck",
    "timed_out",
]

_PROGRESS = {
    Phase.STARTING: Status.STARTING,
    Phase.RUNNING: Status.RUNNING,
    Phase.WARNING: Status.WARNING,
    Phase.UNSCHEDULABLE: Status.UNSCHEDULABLE,
}
_REASONS = {
    Phase.STARTING: "Starting",
    Phase.RUNNING: "Running",
    Phase.WARNING: "Warning",
    Phase.UNSCHEDULABLE: "Unschedulable",
}
_SAID_BY_CODE = frozenset({Status.FAILED, Status.STOPPED})
_HOPELESS = frozenset({"Unschedulable"})
"""Failures that another attempt would have too."""
_TOLERANCE = timedelta(seconds=1)


def admitted(turn: Turn, node: Node) -> None:
    """The queue let the run go."""
    if node.status is not Status.QUEUED or node.work is None or node.work.stage != Stage.WAITING:
        return
    turn.cancel_timer(node, TimerKind.PENDING_TIMEOUT)
    leave_lane(turn, node)
    node.attempt += 1
    begin_attempt(turn, node)


def begin_attempt(turn: Turn, node: Node) -> None:
    """Command the current attempt; commanding it again, after a crash, adopts it."""
    try:
        plan = compilation.plan_of(turn.flow, node)
    except UserError as error:
        node.attempt -= not node.on_cluster
        fail(turn, node, "InvalidSpecification", error.message)
        return
    state = work(node)
    state.stage, state.around = Stage.AWAY, None
    move(turn, node, Status.SCHEDULED, "Admitted", "", attempt=node.attempt)
    turn.commands.append(start_command(node, plan))
    set_timeout(turn, node)


def start_command(node: Node, plan: LaunchPlan, began: bool = False) -> Start:
    """What the scheduler is to do about the current attempt."""
    lane = _lane_of(node)
    if lane is None:
        return Start(plan, node.attempt, began)
    return Start(plan, node.attempt, began, lane.id, lane.group.limit if lane.group and lane.group.limit else 0)


def _lane_of(node: Node) -> Node | None:
    """The search whose trials may be committed ahead of their places, if the run is one of them.

    A time limit counts from the commit: such trials do not go ahead.
    """
    above = node.pipeline
    group = above.group if above is not None else None
    sweep = group.sweep if group is not None else None
    if group is None or sweep is None or group.limit is None or not sweep.may_go_ahead or node.kind in PIPELINES:
        return None
    timeout = node.work.compiled.termination.timeout if node.work is not None and node.work.compiled else None
    return above if timeout is None else None


def observed(turn: Turn, node: Node, event: Observed) -> None:
    """A runtime saw something of an attempt."""
    seen = event.observation
    if node.is_final or seen.attempt != node.attempt or not (node.on_cluster or node.status is Status.STOPPING):
        return
    state = work(node)
    if seen.began is not None and node.status is not Status.STOPPING and state.seen_at is None:
        state.seen_at = seen.began
        move(turn, node, Status.RUNNING, _REASONS[Phase.RUNNING])
    _measure(node, seen)
    if seen.warnings and seen.warnings != state.warned:
        state.warned = seen.warnings
        turn.explain(node, "warning", warnings=list(seen.warnings))
    if seen.is_final:
        _ended(turn, node, event)
        return
    if node.status is Status.STOPPING or (state.seen_at is not None and seen.at < state.seen_at):
        return
    state.seen_at = seen.at
    if seen.urls and node.meta.get("urls") != list(seen.urls):
        node.meta = {**node.meta, "urls": list(seen.urls)}
        turn.update(node, meta=node.meta)
    status = _PROGRESS[seen.phase]
    # A process that runs does not begin to start: that observation was overtaken.
    if status is not Status.STARTING or node.status is Status.SCHEDULED:
        move(turn, node, status, _REASONS[seen.phase], seen.message)


def _measure(node: Node, seen: Observation) -> None:
    """Note how long trials take, for those that may be committed ahead."""
    began = node.work.seen_at if node.work is not None else None
    lane = _lane_of(node)
    if lane is None or lane.group is None or began is None or not seen.is_final:
        return
    took, pace = (seen.at - began).total_seconds(), lane.group.pace
    lane.group.pace = took if pace is None else pace + (took - pace) / 8


def retry_due(turn: Turn, node: Node) -> None:
    """The backoff is over."""
    due = node.notes.get("retry_at")
    if node.status is not Status.RETRYING or due is None or node.holds_slot or node.queued:
        return
    at = datetime.fromisoformat(due)
    if turn.now + _TOLERANCE < at:
        turn.set_timer(node, TimerKind.RETRY, at)
        return
    work(node).timers.discard(TimerKind.RETRY)
    release(turn, node)


def timed_out(turn: Turn, node: Node) -> None:
    """The timer of the run's `termination.timeout` went off."""
    since = started_this_life(node)
    compiled = node.work.compiled if node.work is not None else None
    timeout = compiled.termination.timeout if compiled is not None else None
    if node.is_final or since is None or not timeout:
        return
    if turn.now + _TOLERANCE < since + timedelta(seconds=timeout):
        set_timeout(turn, node)
        return
    ending = Status.STOPPED if node.kind is RunKind.SERVICE else Status.FAILED
    stop(turn, node, Cause("Timeout", f"not done after {timeout:g} seconds (termination.timeout)", ending=ending))


def pending_too_long(turn: Turn, node: Node) -> None:
    """It waited in the queue, or for its upload, for longer than it may."""
    limit = turn.flow.world.defaults.pending_timeout_seconds
    if node.pending is Pending.UPLOAD and not node.is_final:
        fail(turn, node, "StaleUpload", "its files were not uploaded in time")
    elif node.status is Status.QUEUED and limit is not None:
        fail(turn, node, "PendingTimeout", f"not started after {limit:g} seconds in the queue")


def stuck(turn: Turn, node: Node) -> None:
    """The runtime never said that a stopping run is gone: call it gone."""
    if node.status is Status.STOPPING and node.attempt:
        turn.commands.append(Clean(node.id))
        _finish_stop(turn, node, "the runtime did not confirm the stop")


def _ended(turn: Turn, node: Node, event: Observed) -> None:
    seen = event.observation
    fields: dict[str, Any] = {}
    if event.outputs:
        node.outputs = {**node.outputs, **event.outputs}
        fields["outputs"] = node.outputs
    if event.artifacts:
        fields |= remember(node, artifacts=dict(event.artifacts))
    said = event.reported_status if event.reported_status in _SAID_BY_CODE else None
    if seen.phase is Phase.SUCCEEDED and said is None:
        move(turn, node, Status.SUCCEEDED, "Completed", seen.message, **fields)
    elif node.status is Status.STOPPING:
        _finish_stop(turn, node, seen.message, **fields)
    elif seen.phase is Phase.STOPPED or said is Status.STOPPED:
        by = "its own code" if said is Status.STOPPED else "outside of the system"
        reason = seen.reason or "StoppedElsewhere"
        move(turn, node, Status.STOPPED, reason, seen.message or f"stopped by {by}", **fields)
    else:
        reason, message = _failure(seen, said)
        if reason in _HOPELESS:
            fail(turn, node, reason, message, **fields)
            return
        termination = compilation.compiled_of(node).termination
        action = weigh(termination.pod_failure_policy, seen.exit_code)
        if action in FATAL:
            message += " (not tried again: termination.podFailurePolicy)"
            fail(turn, node, reason, message, **fields)
            return
        if action is FailureAction.IGNORE:
            fields |= remember(node, ignored=node.notes.get("ignored", 0) + 1)
            message += " (not counted: termination.podFailurePolicy)"
        _retry_or_fail(turn, node, reason, message, fields)


def _failure(seen: Observation, said: Status | None) -> tuple[str, str]:
    if seen.phase is Phase.LOST:
        return "AttemptLost", seen.message or "the attempt is gone without an exit code"
    if said is not None:
        return "ReportedFailure", seen.message or "its own code reported a failure"
    if seen.reason:
        return seen.reason, seen.message
    code = "" if seen.exit_code is None else f"exit code {seen.exit_code}"
    parts = (seen.message,) if code in seen.message else (code, seen.message)
    return "AttemptFailed", ": ".join(filter(None, parts)) or "the attempt failed"


def _retry_or_fail(turn: Turn, node: Node, reason: str, message: str, fields: dict[str, Any]) -> None:
    retries = compilation.compiled_of(node).termination.max_retries
    failed = node.attempt - node.notes.get("base", 0)
    failures = failed - node.notes.get("ignored", 0)
    if not may_retry(failures, retries):
        tried = f" (attempt {failures} of {retries + 1})" if retries else ""
        fail(turn, node, reason, message + tried, **fields)
        return
    # A failure that does not count is waited for all the same: nothing else would slow down what always fails.
    delay = backoff_seconds(node.id, node.attempt, failed, turn.flow.world.defaults)
    at = turn.now + timedelta(seconds=delay)
    free(turn, node)
    if node.queued:
        node.queued = False
        turn.commands.append(Dequeue(node.id))
    state = work(node)
    state.stage, state.seen_at = Stage.CLEARED, None
    which = f"attempt {failures} of {retries + 1}" if failures else "an attempt"
    message = f"{which} failed ({message}); the next one starts in {delay:.1f} s"
    turn.explain(node, "retry", attempt=node.attempt, reason=reason, delay_seconds=round(delay, 3))
    move(turn, node, Status.RETRYING, reason, message, **{**fields, **remember(node, retry_at=at.isoformat())})
    turn.set_timer(node, TimerKind.RETRY, at)


def _finish_stop(turn: Turn, node: Node, message: str, **fields: Any) -> None:
    ending = node.notes.get("ending", {})
    status = Status(ending.get("status", Status.STOPPED))
    move(turn, node, status, ending.get("reason", "Stopped"), ending.get("message") or message, **fields)
