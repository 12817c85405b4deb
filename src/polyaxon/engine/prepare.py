"""How does a run get from "its time has come" to the queue? A row of gates, each passed once.

fetch what the compilation needs → compile → condition → build → approval → cache → queue. At each gate the run goes on,
ends (failed, skipped, served from cache) or is held until an event lets it go on from that very gate. A held run gives
its slots back and asks for new ones afterwards.
"""

from __future__ import annotations

from polyaxon.engine import builds, cache, compilation, pipelines
from polyaxon.engine.attempts import begin_attempt, start_command
from polyaxon.engine.commands import Enqueue, Fetch, JoinQuery, Linked, Watch
from polyaxon.engine.companions import is_service
from polyaxon.engine.events import Fetched, TimerKind
from polyaxon.engine.flow import PIPELINES, Node, Stage
from polyaxon.engine.lifecycle import move
from polyaxon.engine.notifications import tells_progress
from polyaxon.engine.record import compiled_fields, empty_joins, hold
from polyaxon.engine.stops import give_up, stop_command
from polyaxon.engine.turn import Turn, work
from polyaxon.errors import PolyaxonError, SpecError, UserError
from polyaxon.model.ids import RunId
from polyaxon.model.status import PENDING, Pending, Status

__all__ = ["advance", "enqueue_command", "fetched", "in_words", "repeat"]


def advance(turn: Turn, node: Node) -> None:
    """Take the run through as many gates as it passes now."""
    if node.is_final or (node.status is Status.STOPPING and node.kind not in PIPELINES):
        return
    try:
        while (gate := _GATES.get(work(node).stage)) is not None and gate(turn, node):
            pass
    except UserError as error:
        give_up(turn, node, "InvalidSpecification", in_words(error))


def fetched(turn: Turn, node: Node, event: Fetched) -> None:
    """The store answered. An answer to a question that is no longer open is ignored."""
    state = node.work
    if state is None or node.is_final:
        return
    if state.stage == Stage.FETCHING and event.cache is None:
        if event.error is not None:
            give_up(turn, node, "FetchFailed", f"what the run refers to could not be read: {event.error}")
            return
        state.joins, state.runs = event.joins, event.runs
        _tell_of_joins(turn, node)
        state.stage = Stage.FETCHED
        turn.starting.append(node)
    elif state.stage == Stage.LOOKING and (event.cache is not None or event.error is not None):
        cache.answered(turn, node, event)


def _fetch(turn: Turn, node: Node) -> bool:
    """Ask for joins and referenced runs, if there are any."""
    state = work(node)
    needs = compilation.needs_of(turn.flow, node)
    if not needs:
        return _compile(turn, node)
    state.stage = Stage.FETCHING
    joins = [JoinQuery(join.query, join.sort, join.limit, join.offset) for join in needs.joins]
    state.asked = [join.query for join in joins[: compilation.count_joins(node)]]  # a warm start may well find nothing
    turn.commands.append(Fetch(node.id, turn.flow.project, joins, needs.runs))
    return False


def _tell_of_joins(turn: Turn, node: Node) -> None:
    state = work(node)
    if node.status in PENDING:  # a scheduler that died may have told it already otherwise
        for query, found in zip(state.asked, state.joins, strict=False):
            turn.explain(node, "join", query=query, found=len(found))


def _compile(turn: Turn, node: Node) -> bool:
    state = work(node)
    compiled = state.compiled = compilation.compile_run(turn.flow, node)
    node.inputs, node.namespace = compiled.inputs, compiled.namespace
    node.tells = bool(compiled.plugins) and tells_progress(compiled.plugins)
    if node.status in PENDING:
        _link(turn, node)
    if compiled.outputs:
        node.outputs = {**compiled.outputs, **node.outputs}
    state.stage = Stage.COMPILED
    # A run that was compiled before (and then held, or its scheduler died) has passed its condition.
    if compiled.condition is None or node.status not in PENDING:
        return True
    values, sources = compiled.condition_values, compilation.sources_of(node, compiled.condition_values)
    facts = {"text": compiled.condition_text, "values": values, "sources": sources, "result": compiled.condition}
    turn.explain(node, "condition", **facts)
    if compiled.condition:
        return True
    seen = ", ".join(f"{name}={value}" for name, value in values.items())
    message = f"condition `{compiled.condition_text}` was false" + (f" ({seen})" if seen else "")
    move(turn, node, Status.SKIPPED, "ConditionFalse", message, inputs=compiled.inputs)
    return False


def _link(turn: Turn, node: Node) -> None:
    """Say which other runs this one takes values from: those that its joins found, and those it names."""
    state = work(node)
    if not (state.joins or state.runs):
        return
    joined = {facts.uuid: "join" for found in state.joins for facts in found}
    named = {facts.uuid: "run" for facts in state.runs.values()}
    turn.changes.extend(Linked(uuid, node.id, kind) for uuid, kind in (joined | named).items())


def _approve(turn: Turn, node: Node) -> bool:
    state = work(node)
    compiled = compilation.compiled_of(node)
    if compiled.build is not None and "image" not in node.notes:
        builds.begin(turn, node, compiled.build)
        hold(turn, node, Pending.BUILD, "waits for its image to be built")
        return False
    if not compiled.is_approved and not node.notes.get("approved"):
        hold(turn, node, Pending.APPROVAL, "waits for an approval")
        return False
    state.stage = Stage.APPROVED
    return True


def _look_up(turn: Turn, node: Node) -> bool:
    """Open a pipeline; look a job up in the cache, when it may be served from there."""
    state = work(node)
    if node.kind in PIPELINES:
        state.stage = Stage.AWAY
        pipelines.open_group(turn, node)
        return False
    if node.status in _UNDECIDED and cache.applies(node):
        state.stage = Stage.LOOKING
        turn.commands.append(cache.lookup(turn.flow, node))
        return False
    state.stage = Stage.CLEARED
    return True


def _enqueue(turn: Turn, node: Node) -> bool:
    state = work(node)
    node.queued = True
    if node.on_cluster:
        turn.commands.append(enqueue_command(turn, node, held=True))
        begin_attempt(turn, node)
        return False
    if node.status not in {Status.COMPILED, Status.RETRYING, Status.QUEUED}:
        move(turn, node, Status.COMPILED, "Compiled", empty_joins(node), **compiled_fields(turn, node))
    move(turn, node, Status.QUEUED, "Queued", "")
    state.stage = Stage.WAITING
    turn.commands.append(enqueue_command(turn, node))
    wait = turn.flow.world.defaults.pending_timeout_seconds
    if wait is not None:
        turn.set_timer_in(node, TimerKind.PENDING_TIMEOUT, wait)
    return False


def repeat(turn: Turn, node: Node) -> None:
    """Command again what the run waits for: commands are safe to repeat."""
    state = work(node)
    if state.stage == Stage.FETCHING:
        state.stage = Stage.NEW
        turn.starting.append(node)
    elif state.stage == Stage.LOOKING:
        turn.commands.append(cache.lookup(turn.flow, node))
    elif state.stage == Stage.WAITING and node.queued:
        turn.commands.append(enqueue_command(turn, node))
    elif node.pending is Pending.CACHE:
        turn.commands.append(Watch(node.id, RunId(str(node.notes.get("waits_for")))))
    elif node.status is Status.STOPPING and node.kind not in PIPELINES and node.attempt:
        turn.commands.append(stop_command(turn, node))
    elif node.on_cluster and node.kind not in PIPELINES:
        began = node.status is not Status.SCHEDULED
        turn.commands.append(start_command(node, compilation.plan_of(turn.flow, node), began))


def enqueue_command(turn: Turn, node: Node, held: bool = False) -> Enqueue:
    """Ask for the run's slot in its queue."""
    world = turn.flow.world
    compiled = compilation.compiled_of(node)
    queue = compiled.queue or world.defaults.queue
    slots = 0 if is_service(node) else 1
    patient = compiled.termination.timeout is None
    return Enqueue(node.id, queue, world.priorities.get(queue, 0), compiled.requests, held, slots, patient)


_UNDECIDED = PENDING | {Status.COMPILED}
_GATES = {
    Stage.NEW: _fetch,
    Stage.FETCHED: _compile,
    Stage.COMPILED: _approve,
    Stage.APPROVED: _look_up,
    Stage.CLEARED: _enqueue,
}


def in_words(error: PolyaxonError) -> str:
    if isinstance(error, SpecError) and error.problems:
        return "; ".join(
            problem.message + (f" (at `{problem.path}`)" if problem.path else "") for problem in error.problems
        )
    return error.message
