"""What runs because a run ended? Its hooks: independent runs, one per hook that is for this ending.

A hook never changes the run: one that cannot be made is recorded on the run and left out. Ids follow from the run, so a
hook fires once per ending however often the ending is decided.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from polyaxon.compiler import conditions
from polyaxon.compiler.context import run_globals
from polyaxon.compiler.tree import render
from polyaxon.engine import compilation
from polyaxon.engine.commands import Created, Linked, Moved
from polyaxon.engine.flow import Node
from polyaxon.engine.notifications import not_configured
from polyaxon.engine.submit import submit
from polyaxon.engine.turn import Turn
from polyaxon.errors import UsageError, UserError
from polyaxon.model.ids import child_id

__all__ = ["fire_hooks", "hook_operation"]


def fire_hooks(turn: Turn, node: Node) -> None:
    """Create a run for each hook of the run that is for its final status."""
    for index, hook in enumerate(_hooks_of(node)):
        if hook.get("trigger") not in {None, "done", node.status.value}:
            continue
        try:
            raw = hook_operation(turn, node, hook)
            if raw is not None:
                _create(turn, node, index, raw)
        except UserError as error:
            turn.explain(node, "hook", hook=index, component=hook.get("hubRef"), error=error.message)


def hook_operation(turn: Turn, node: Node, hook: Mapping[str, Any]) -> dict[str, Any] | None:
    """The operation a hook stands for; None when its condition is false. Raises `UserError` when it cannot be made."""
    context = _context(turn, node)
    text = hook.get("conditions")
    if text is not None and not conditions.evaluate(str(text), context):
        turn.explain(node, "hook", component=hook.get("hubRef"), condition=text, result=False)
        return None
    connection = hook.get("connection")
    if connection and connection not in turn.flow.world.connections:
        raise not_configured(str(connection), list(turn.flow.world.connections))
    component = turn.flow.component(str(hook["hubRef"]))
    if component is None:
        raise UsageError(f"the component `{hook['hubRef']}` is not known", "see `polyaxon hub ls`")
    params = dict(render(hook.get("params") or {}, context))
    if render(hook.get("disableDefaults"), context) is not True:
        defaults = _defaults(turn, node)
        params |= {name: {"value": value, "contextOnly": True} for name, value in defaults.items()}
    operation = {"version": 1.1, "kind": "operation", "component": component, "params": params}
    if connection:
        operation["runPatch"] = {"connections": [connection]}
    return operation | {key: hook[key] for key in ("presets", "queue", "namespace") if hook.get(key)}


def _create(turn: Turn, node: Node, index: int, raw: Mapping[str, Any]) -> None:
    life = node.notes.get("base", 0)
    uuid = child_id(node.id, f"hook:{index}" if not life else f"hook:{index}:{life}")
    name = f"{node.name or 'run'}-hook-{index}"
    flow = turn.flow
    run, _ = submit(
        json.loads(json.dumps(raw, default=str)),
        uuid,
        flow.project,
        turn.now,
        name=name,
        managed_by=flow.managed_by,
        user=flow.user,
        meta={"is_hook": True, "components": dict(flow.components)},
    )
    turn.changes.append(Created(run))
    turn.changes.append(Linked(node.id, uuid, "hook", {"hook": index}))


def _hooks_of(node: Node) -> Sequence[Mapping[str, Any]]:
    compiled = node.work.compiled if node.work is not None else None
    if compiled is not None:
        return compiled.hooks
    return compilation.raw_hooks(node)


def _context(turn: Turn, node: Node) -> dict[str, Any]:
    facts = compilation.facts_of(turn.flow, node)
    places = turn.flow.world.places(node.id)
    connections = {name: dict(item.schema) for name, item in turn.flow.world.connections.items()}
    values = {**node.inputs, **node.outputs}
    names = {"globals": run_globals(facts, places, places.store), "init": connections, "connections": connections}
    params = {name: {"value": value, "as_str": str(value)} for name, value in node.inputs.items()}
    return {**values, **names, "params": params}


def _defaults(turn: Turn, node: Node) -> dict[str, Any]:
    facts = compilation.facts_of(turn.flow, node)
    moves = (change for change in reversed(turn.changes) if isinstance(change, Moved) and change.run == node.id)
    condition = next((change.condition for change in moves), None)
    wait = None if node.started_at is None else round((node.started_at - node.created_at).total_seconds(), 2)
    said = (
        {} if condition is None else {"type": condition.type, "reason": condition.reason, "message": condition.message}
    )
    return {
        "name": node.name,
        "uuid": node.id,
        "kind": node.kind.value,
        "runtime": compilation.runtime_of(node),
        "status": node.status.value,
        "condition": said,
        "wait_time": wait,
        "duration": facts.duration,
        "inputs": dict(node.inputs),
        "outputs": dict(node.outputs),
    }
