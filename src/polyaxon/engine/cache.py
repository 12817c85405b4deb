"""Was this very thing done before? When a run is served from an earlier one, and what is said about it.

Jobs of pipelines are looked up unless the file says no; independent jobs only when it says yes; clones and resumed runs
never. A run that others may reuse carries its key in `state`.
"""

from __future__ import annotations

from typing import Any

from polyaxon.engine import compilation
from polyaxon.engine.commands import Fetch, Watch
from polyaxon.engine.events import CacheHit, Fetched
from polyaxon.engine.flow import Flow, Node, Stage
from polyaxon.engine.lifecycle import fail, move, remember
from polyaxon.engine.record import compiled_fields, hold
from polyaxon.engine.slots import release
from polyaxon.engine.turn import Turn, work
from polyaxon.model.run import Cloning, RunFacts, RunKind
from polyaxon.model.status import FINAL, Pending, Status

__all__ = ["answered", "applies", "let_run", "lookup", "original_settled"]


def applies(node: Node) -> bool:
    """Whether the run may be served from an earlier one."""
    rule = compilation.compiled_of(node).cache
    if rule.disable or node.cloning is not None or "resumed" in node.notes or "uncached" in node.notes:
        return False
    if rule.disable is False:
        return node.kind in {RunKind.JOB, RunKind.SERVICE}
    # An image is built every time, which takes little where it is there: its name may stand for another one by now.
    return node.kind is RunKind.JOB and node.pipeline is not None and not compilation.makes_image(node)


def lookup(flow: Flow, node: Node) -> Fetch:
    """The question to the store."""
    key, parts = compilation.key_of(flow, node)
    work(node).cache_key, work(node).cache_parts = key, parts
    ttl = compilation.compiled_of(node).cache.ttl
    return Fetch(node.id, flow.project, cache_key=key, cache_ttl=ttl)


def answered(turn: Turn, node: Node, event: Fetched) -> None:
    """The store looked: serve the run, let it wait for the original, or run it."""
    answer = event.cache or CacheHit(None)
    original = answer.original
    if original is None or original.uuid == node.id:
        facts: dict[str, Any] = {"hit": False}
        if event.error is not None:
            facts["error"] = event.error
        turn.explain(node, "cache", **facts)
        _run_for_real(turn, node)
    elif original.status is Status.SUCCEEDED:
        _serve(turn, node, original)
    elif original.status in FINAL or original.status is Status.STOPPING:
        turn.explain(node, "cache", hit=False, original=original.uuid, status=original.status.value)
        _run_for_real(turn, node)
    else:
        turn.explain(node, "cache", hit=True, original=original.uuid, status=original.status.value)
        work(node).stage = Stage.CLEARED
        hold(turn, node, Pending.CACHE, f"waits for run {original.uuid}, which does the same")
        turn.update(node, **remember(node, waits_for=original.uuid))
        turn.commands.append(Watch(node.id, original.uuid))


def original_settled(turn: Turn, node: Node, facts: RunFacts) -> None:
    """The run it waits for ended: share a success or a failure; an original that was stopped says nothing, so run."""
    if node.pending is not Pending.CACHE or node.notes.get("waits_for") != facts.uuid:
        return
    if facts.status is Status.SUCCEEDED:
        _serve(turn, node, facts)
    elif facts.status is Status.FAILED:
        message = f"run {facts.uuid}, which does the same, failed"
        fail(turn, node, "CacheOriginalFailed", message, **_link(node, facts))
    else:
        turn.explain(node, "cache", hit=False, original=facts.uuid, status=facts.status.value)
        let_run(turn, node)


def let_run(turn: Turn, node: Node) -> None:
    """Wait for the original no longer."""
    node.pending = None
    turn.update(node, pending=None, **remember(node, waits_for=None, uncached=True))
    release(turn, node)


def _run_for_real(turn: Turn, node: Node) -> None:
    work(node).stage = Stage.CLEARED
    turn.starting.append(node)


def _serve(turn: Turn, node: Node, original: RunFacts) -> None:
    node.outputs = original.outputs
    fields: dict[str, Any] = {"outputs": original.outputs}
    if work(node).compiled is not None and node.status is not Status.COMPILED:
        fields |= compiled_fields(turn, node) | {"outputs": original.outputs}
        fields.pop("cache_parts", None)  # the original has them
    fields |= _link(node, original)
    source = fields["original"]
    move(turn, node, Status.SUCCEEDED, "CacheHit", f"served from run {source}", **fields)


def _link(node: Node, facts: RunFacts) -> dict[str, Any]:
    """Who the original really is: a run that was itself a hit passes its own original on."""
    node.original = facts.artifacts_owner or facts.uuid
    node.cloning = Cloning.CACHE
    fields: dict[str, Any] = {"original": node.original, "cloning_kind": Cloning.CACHE}
    if facts.artifacts or "waits_for" in node.notes:
        fields |= remember(node, artifacts=dict(facts.artifacts), waits_for=None)
    return fields
