"""How do the operations of a dag follow from one another? Counters per operation, touched once per upstream's ending.

All children exist from the moment the dag runs. A child's trigger is evaluated when an upstream ends; a child that
waits for events starts at the first that happens, whatever its other upstreams do, as soon as the values it takes from
them are there. Nothing here looks at the whole dag except opening it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from polyaxon.engine import abroad, companions, compilation
from polyaxon.engine.births import create, reborn
from polyaxon.engine.commands import Linked
from polyaxon.engine.flow import Group, Node
from polyaxon.engine.lifecycle import fail, move, remember
from polyaxon.engine.slots import release
from polyaxon.engine.stopping import check_early_stopping
from polyaxon.engine.trigger import WANTED, Tally, Trigger, Unmet, Verdict, matching_statuses, why_unmet
from polyaxon.engine.trigger import evaluate as evaluate_trigger
from polyaxon.engine.turn import Turn
from polyaxon.errors import UserError
from polyaxon.model.ids import child_id
from polyaxon.model.status import WELL, Status

__all__ = ["announce", "child_ended", "evaluate", "open_dag"]

_NAMED = 20
"""How many upstreams an explanation names."""
_WAITING = frozenset({Status.CREATED, Status.RESUMING})


def open_dag(turn: Turn, dag: Node, resumed: bool) -> None:
    """Create the children (those that exist are taken up as they are) and release those that wait for nothing."""
    group = dag.group or Group()
    steps = compilation.graph_of(dag)
    group.expected, group.by_stop = len(steps), 0
    for child in group.children.values():
        child.downstream = child.listeners = None
    nodes = [_join(turn, dag, index, step) for index, step in enumerate(steps)]
    if resumed:
        _reopen(turn, group, nodes)
    for node in nodes:
        _count_upstreams(group, node)
    for node in nodes:
        _read_trigger(turn, node)  # one that fails here is counted by those after it when that is told
    companions.gather(group)
    for node in nodes:
        if node.status in _WAITING and not node.released:
            if node.step is not None and node.step.abroad and not node.fired:
                abroad.listen(turn, node)
            evaluate(turn, node)


def child_ended(turn: Turn, dag: Node, child: Node) -> None:
    """Let the children that wait for this one know."""
    companions.child_ended(turn, dag, child)
    for node in child.downstream or ():
        if node.tally is None:
            continue
        node.tally.count(child.status, child.by_stop)
        if node.status in _WAITING and not node.released:
            evaluate(turn, node)
    check_early_stopping(turn, dag, child)


def announce(turn: Turn, upstream: Node, status: Status) -> None:
    """A run that others have events on changed its status."""
    for node in upstream.listeners or ():
        if node.status in _WAITING and not node.fired and status in _awaited(node, upstream):
            node.fired = True
            facts = {"event": f"run_status_{status.value}", "from": upstream.name}
            turn.explain(node, "event", **facts)
            turn.update(node, **remember(node, fired=upstream.name))
            evaluate(turn, node)


def _join(turn: Turn, dag: Node, index: int, step: compilation.DagNode) -> Node:
    """The child of that step, created when there is none yet, with its edges."""
    group = dag.group or Group()
    node = group.children.get(step.name)
    is_new = node is None
    if node is None:
        shape, pending = (step.kind, step.runtime), compilation.child_held_by(step)
        node = create(turn, dag, child_id(dag.id, step.name), step.name, index, shape, pending)
        group.children[step.name] = node
    node.step = step
    node.tally = Tally(left=len(step.upstreams))
    node.listens = bool(step.abroad)
    for name, edge in step.upstreams.items():
        upstream = group.children[name]
        upstream.downstream = upstream.downstream or []
        upstream.downstream.append(node)
        if edge.events:
            node.listens = True
            upstream.listeners = upstream.listeners or []
            upstream.listeners.append(node)
        if is_new:
            turn.changes.append(Linked(upstream.id, node.id, "dag", _edge_facts(edge)))
    return node


_PLAIN: Mapping[str, Any] = {}


def _edge_facts(edge: compilation.EdgeInfo) -> Mapping[str, Any]:
    if not (edge.values or edge.events):
        return _PLAIN
    facts = {"values": dict(edge.values)} if edge.values else {}
    return {**facts, "statuses": sorted(edge.events)} if edge.events else facts


def _reopen(turn: Turn, group: Group, nodes: list[Node]) -> None:
    """Resume what did not succeed; a skipped child only when something before it is done again."""
    again: set[Node] = set()
    for node in nodes:
        if not node.is_final or node.status is Status.SUCCEEDED:
            continue
        upstreams = (group.children[name] for name in (node.step.upstreams if node.step else ()))
        if node.status is Status.SKIPPED and not any(upstream in again for upstream in upstreams):
            continue
        again.add(node)
        reborn(turn, node)


def _count_upstreams(group: Group, node: Node) -> None:
    """Take in what is known of the upstreams already; they come before the node, so theirs is counted."""
    if node.step is None or node.tally is None:
        return
    for name, edge in node.step.upstreams.items():
        upstream = group.children[name]
        if upstream.is_final:
            node.tally.count(upstream.status, upstream.by_stop)
        if edge.events and upstream.status in _awaited(node, upstream):
            node.fired = True
    node.fired = node.fired or "fired" in node.notes
    if node.status is Status.UPSTREAM_FAILED:
        node.by_stop = _is_by_stop(node)
        group.by_stop += node.by_stop


def _read_trigger(turn: Turn, node: Node) -> None:
    """A trigger from a template is what that becomes as the dag begins."""
    if node.step is None or "{" not in node.step.trigger:
        return
    try:
        node.step = compilation.with_trigger(turn.flow, node)
    except UserError as error:
        if node.status in _WAITING:
            fail(turn, node, "InvalidSpecification", error.message)


def evaluate(turn: Turn, node: Node) -> None:
    """Look at a child that has not started: does it, now that this is known of what it waits for?"""
    step, tally = node.step, node.tally
    if step is None or tally is None:
        return
    if node.listens:
        verdict = _evaluate_events(node)
    elif not step.upstreams:
        release(turn, node)
        return
    else:
        verdict = evaluate_trigger(Trigger(step.trigger), tally, step.skip_on_upstream_skip)
    _ACT[verdict](turn, node)


def _evaluate_events(node: Node) -> Verdict:
    """Start at the first event, once the values are there; give up when no upstream can bring one any more."""
    step, tally = node.step, node.tally
    if step is None or tally is None or node.pipeline is None or node.pipeline.group is None:
        return Verdict.WAIT
    if step.skip_on_upstream_skip and tally.skipped:
        return Verdict.SKIP
    children = node.pipeline.group.children
    if node.fired:
        ready = all(edge.events or not edge.values or children[name].is_final for name, edge in step.upstreams.items())
        return Verdict.START if ready else Verdict.WAIT
    heard = [children[name] for name, edge in step.upstreams.items() if edge.events]
    elsewhere = abroad.heard(node) if step.abroad else {}
    if len(elsewhere) < len(step.abroad):
        return Verdict.WAIT
    # An ending that is awaited but not announced yet is not hopeless: its announcement comes next.
    if not all(upstream.is_final and upstream.status not in _awaited(node, upstream) for upstream in heard):
        return Verdict.WAIT
    # Where everything went well, what waits for something else (a failure, say) is not needed: no fault of anybody.
    ends = [*(upstream.status for upstream in heard), *elsewhere.values()]
    return Verdict.MISS if all(end in WELL for end in ends) else Verdict.FAIL


def _start(turn: Turn, node: Node) -> None:
    if node.step is not None and node.step.trigger != Trigger.ALL_SUCCEEDED:
        # Of one that waits for a success, those that did; else those that did not.
        is_success = node.step.trigger == Trigger.ONE_SUCCEEDED
        facts = _trigger_facts(node, lambda status: (status is Status.SUCCEEDED) is is_success)
        turn.explain(node, "trigger", result="start", **facts)
    release(turn, node)


def _skip(turn: Turn, node: Node) -> None:
    facts = _trigger_facts(node, lambda status: status is Status.SKIPPED)
    turn.explain(node, "trigger", result="skip", skip_on_upstream_skip=True, **facts)
    skipped = ", ".join(f"`{name}`" for name in facts["upstreams"])
    message = f"upstream {skipped} was skipped (skipOnUpstreamSkip)"
    move(turn, node, Status.SKIPPED, "UpstreamSkipped", message)


def _miss(turn: Turn, node: Node) -> None:
    move(turn, node, Status.SKIPPED, "EventMissed", abroad.tell_missed(turn, node, _event_facts(node)))


def _doom(turn: Turn, node: Node) -> None:
    if node.step is None or node.tally is None:
        return
    node.by_stop = _is_by_stop(node)
    if node.by_stop and node.pipeline is not None and node.pipeline.group is not None:
        node.pipeline.group.by_stop += 1
    if node.listens:
        message = abroad.tell_missed(turn, node, _event_facts(node))
        reason = Unmet.UPSTREAM_STOPPED if node.by_stop else Unmet.UPSTREAM_FAILED
    else:
        trigger = Trigger(node.step.trigger)
        facts = _trigger_facts(node, lambda status: status not in WANTED[trigger])
        turn.explain(node, "trigger", result="upstream_failed", **facts)
        message = f"trigger `{trigger}` was not satisfied: {abroad.endings(facts)}"
        reason = why_unmet(trigger, node.tally)
    move(turn, node, Status.UPSTREAM_FAILED, reason.value, message)


def _is_by_stop(node: Node) -> bool:
    """Whether only stops kept the run from starting; of one that waits for events, stops of those it listens to."""
    if node.step is None or node.tally is None or node.pipeline is None or node.pipeline.group is None:
        return False
    if not node.listens:
        return node.tally.only_stops
    children = node.pipeline.group.children
    heard = (children[name] for name, edge in node.step.upstreams.items() if edge.events)
    if not all(upstream.status is Status.STOPPED or upstream.by_stop for upstream in heard):
        return False
    return all(end is Status.STOPPED for end in abroad.heard(node).values())


def _wait(_turn: Turn, _node: Node) -> None: ...


_ACT = {
    Verdict.START: _start,
    Verdict.SKIP: _skip,
    Verdict.MISS: _miss,
    Verdict.FAIL: _doom,
    Verdict.WAIT: _wait,
}


def _trigger_facts(node: Node, is_told: Callable[[Status], bool]) -> dict[str, Any]:
    """What a trigger was evaluated on: the counters, and by name the first upstreams whose ending is worth telling."""
    if node.step is None or node.tally is None or node.pipeline is None or node.pipeline.group is None:
        return {}
    children = node.pipeline.group.children
    seen = (name for name in node.step.upstreams if is_told(children[name].status))
    named = {name: children[name].status.value for name in islice(seen, _NAMED)}
    return {"trigger": str(node.step.trigger), "counts": node.tally.describe(), "upstreams": named}


def _event_facts(node: Node) -> dict[str, Any]:
    """What was waited for in vain: the kinds of events, and how the runs ended that they were to come from."""
    if node.step is None or node.pipeline is None or node.pipeline.group is None:
        return {}
    children = node.pipeline.group.children
    heard = {name: edge.events for name, edge in node.step.upstreams.items() if edge.events}
    named = {name: children[name].status.value for name in islice(heard, _NAMED)}
    events = {f"run_status_{kind}" for kinds in heard.values() for kind in kinds}
    elsewhere = abroad.facts_of_events(node)
    return {"events": sorted(events.union(elsewhere["events"])), "upstreams": named | elsewhere["upstreams"]}


def _awaited(node: Node, upstream: Node) -> frozenset[Status]:
    if node.step is None or upstream.name is None:
        return frozenset()
    return _statuses(frozenset(node.step.upstreams[upstream.name].events))


@lru_cache(maxsize=256)
def _statuses(kinds: frozenset[str]) -> frozenset[Status]:
    return matching_statuses(kinds)
