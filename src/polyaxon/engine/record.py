"""What does the stored run learn when it is compiled, and how is a run put on hold?"""

from __future__ import annotations

from typing import Any

from polyaxon.engine import compilation
from polyaxon.engine.flow import Flow, Node
from polyaxon.engine.lifecycle import move
from polyaxon.engine.slots import free
from polyaxon.engine.turn import Turn, work
from polyaxon.model.run import RunKind
from polyaxon.model.status import Pending, Status

__all__ = ["compiled_fields", "empty_joins", "hold", "state_of"]


def hold(turn: Turn, node: Node, pending: Pending, message: str) -> None:
    """Let the run wait for something that is not a slot; it keeps what was compiled."""
    node.pending = pending
    work(node).around = None
    free(turn, node)
    if node.status in {Status.COMPILED, Status.RETRYING}:
        turn.update(node, pending=pending)
    else:
        reason = f"Pending{pending.capitalize()}"
        move(turn, node, Status.COMPILED, reason, message, pending=pending, **compiled_fields(turn, node))


def compiled_fields(turn: Turn, node: Node) -> dict[str, Any]:
    """What the row learns from the compilation."""
    compiled = compilation.compiled_of(node)
    fields = compilation.row_fields(node, compiled)
    if (key := state_of(turn.flow, node)) is not None:
        fields["state"] = node.state = key
        fields["cache_parts"] = work(node).cache_parts
    return fields


def empty_joins(node: Node) -> str:
    """What is to be said of the joins that found nothing: an empty list is easily overlooked."""
    state = work(node)
    if not state.joins:
        return ""
    return "; ".join(
        f"no run matches the join `{query}`"
        for query, found in zip(state.asked, state.joins, strict=False)
        if not found
    )


def state_of(flow: Flow, node: Node) -> str | None:
    """The key under which others may find this run; None when it is not to be reused."""
    state = work(node)
    disable = compilation.compiled_of(node).cache.disable
    # A service is the same work as another only where its file says so (see `cache.applies`).
    if disable or not (node.kind is RunKind.JOB or (node.kind is RunKind.SERVICE and disable is False)):
        return None
    if state.cache_key is None:
        state.cache_key, state.cache_parts = compilation.key_of(flow, node)
    return state.cache_key
