"""Does a run wait for events of runs elsewhere (`ref: runs.UUID`), and what has it heard of them?

Whoever drives those runs, the scheduler looks at them (`Listen`) and says what they came to (`Reached`). What a run has
heard is noted on it: `fired`, or in `heard` how those ended that ended otherwise. The question is asked again after a
scheduler's end, and its answer follows from the other run's history, so that no event is missed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyaxon.engine import compilation
from polyaxon.engine.commands import Linked, Listen
from polyaxon.engine.events import Reached
from polyaxon.engine.flow import Node
from polyaxon.engine.lifecycle import move, remember
from polyaxon.engine.slots import release
from polyaxon.engine.stops import give_up
from polyaxon.engine.trigger import Unmet, matching_statuses
from polyaxon.engine.turn import Turn
from polyaxon.model.ids import RunId
from polyaxon.model.status import PENDING, WELL, Status

__all__ = ["awaits", "begin", "decide_alone", "endings", "facts_of_events", "heard", "listen", "take", "tell_missed"]

_NOTHING: Mapping[str, Any] = {}


def begin(turn: Turn, node: Node) -> None:
    """Let a run that is nobody's child start: at once, or when it has heard what it waits for."""
    if awaits(node):
        listen(turn, node)
    else:
        release(turn, node)


def awaits(node: Node) -> bool:
    """Whether the run still waits for an event from elsewhere."""
    return "fired" not in node.notes and bool(compilation.abroad_of(node))


def heard(node: Node) -> Mapping[str, Status]:
    """How the runs elsewhere ended, as far as they did without an event that the run waits for."""
    return {uuid: Status(status) for uuid, status in node.notes.get("heard", _NOTHING).items()}


def listen(turn: Turn, node: Node) -> None:
    """Ask for what the run waits to hear."""
    for uuid, kinds in compilation.abroad_of(node).items():
        turn.changes.append(Linked(RunId(uuid), node.id, "event", {"statuses": sorted(kinds)}))
        turn.commands.append(Listen(node.id, RunId(uuid), matching_statuses(frozenset(kinds))))


def take(turn: Turn, node: Node, event: Reached) -> bool:
    """Note what came of a run elsewhere; tell whether the waiting run is to be looked at again."""
    kinds = compilation.abroad_of(node).get(event.on)
    if kinds is None or node.status not in PENDING or node.fired or "fired" in node.notes:
        return False
    if event.status is None:
        give_up(turn, node, "FetchFailed", f"there is no run {event.on}, whose event it waits for")
        return False
    if event.status in matching_statuses(frozenset(kinds)):
        node.fired = True
        source = f"runs.{event.on}"
        turn.explain(node, "event", event=f"run_status_{event.status.value}", **{"from": source})
        turn.update(node, **remember(node, fired=source))
    else:
        known = node.notes.get("heard", _NOTHING)
        turn.update(node, **remember(node, heard={**known, event.on: event.status.value}))
    return True


def decide_alone(turn: Turn, node: Node) -> None:
    """A run that is nobody's child heard something: start it, or end it when nothing can come any more."""
    if node.fired:
        release(turn, node)
        return
    ends = heard(node)
    if len(ends) < len(compilation.abroad_of(node)):
        return
    message = tell_missed(turn, node, facts_of_events(node))
    if all(status in WELL for status in ends.values()):
        move(turn, node, Status.SKIPPED, "EventMissed", message)
        return
    by_stop = all(status is Status.STOPPED for status in ends.values())
    reason = Unmet.UPSTREAM_STOPPED if by_stop else Unmet.UPSTREAM_FAILED
    move(turn, node, Status.UPSTREAM_FAILED, reason.value, message)


def tell_missed(turn: Turn, node: Node, facts: Mapping[str, Any]) -> str:
    """Explain that no event the run waits for can come any more, and return that as a message."""
    turn.explain(node, "trigger", result="no_event", **facts)
    return f"no event it waits for happened: {endings(facts)}"


def endings(facts: Mapping[str, Any]) -> str:
    """How what was waited for ended, in words."""
    return ", ".join(f"`{name}` {status}" for name, status in facts["upstreams"].items())


def facts_of_events(node: Node) -> dict[str, Any]:
    """What was waited for in vain elsewhere: the kinds of events, and how those runs ended."""
    kinds = {f"run_status_{kind}" for kinds in compilation.abroad_of(node).values() for kind in kinds}
    return {"events": sorted(kinds), "upstreams": {f"runs.{uuid}": end.value for uuid, end in heard(node).items()}}
