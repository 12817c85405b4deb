"""Who is told when a run changes its status? The connections of its `plugins.notifications`: a notifier run for each.

Like a hook, a notification is an independent run, never changes the run it is about, and follows from it by its id: one
per status, attempt and connection, however often the change is decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polyaxon.engine import compilation
from polyaxon.engine.commands import Created, Linked, Moved
from polyaxon.engine.flow import Node
from polyaxon.engine.submit import submit
from polyaxon.engine.turn import Turn
from polyaxon.errors import UsageError, UserError
from polyaxon.model.ids import child_id
from polyaxon.model.status import FINAL, Status

__all__ = ["named_connections", "not_configured", "tell", "tells_progress"]

_IN_VAIN = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [2]}}
_TERMINATION = {"maxRetries": 3, "podFailurePolicy": {"rules": [_IN_VAIN]}}
_COMMAND = ["python", "-m", "polyaxon.hub.post"]
_IMAGE = "polyaxon/builder"


def tell(turn: Turn, node: Node, status: Status) -> None:
    """Create the notifier runs that this status of the run asks for."""
    for item in _notifications(node):
        trigger = item.get("trigger") or "done"
        if trigger != status.value and not (trigger == "done" and status in FINAL):
            continue
        for connection in item.get("connections", ()):
            try:
                _create(turn, node, status, str(connection))
            except UserError as error:
                turn.explain(node, "notification", connection=connection, error=error.message)


def tells_progress(plugins: Mapping[str, Any]) -> bool:
    """Whether somebody wants to hear of a status before the end."""
    finals = {"done", *(status.value for status in FINAL)}
    return any((item.get("trigger") or "done") not in finals for item in plugins.get("notifications") or ())


def named_connections(operation: Any) -> Iterator[str]:
    """Yield the connections that notifications and hooks anywhere in an operation name (plain data)."""
    if isinstance(operation, list):
        for item in operation:
            yield from named_connections(item)
    elif isinstance(operation, Mapping):
        for item in (operation.get("plugins") or {}).get("notifications") or ():
            yield from item.get("connections") or ()
        yield from (hook["connection"] for hook in operation.get("hooks") or () if hook.get("connection"))
        for key in ("component", "run", "operations", "components"):
            yield from named_connections(operation.get(key))


def not_configured(name: str, known: Sequence[str]) -> UsageError:
    """Return the error for a connection that this installation does not have."""
    listed = ", ".join(f"`{other}`" for other in sorted(known)) or "none"
    hint = f"configured are: {listed}; add it: `polyaxon config set connections.{name}.kind slack`, and its schema"
    return UsageError(f"the connection `{name}` is not configured, so nobody could be told", hint)


def _notifications(node: Node) -> Sequence[Mapping[str, Any]]:
    compiled = node.work.compiled if node.work is not None else None
    plugins = compiled.plugins if compiled is not None else compilation.raw_plugins(node)
    found: Sequence[Mapping[str, Any]] = plugins.get("notifications") or ()
    return found


def _create(turn: Turn, node: Node, status: Status, connection: str) -> None:
    flow = turn.flow
    if connection not in flow.world.connections:
        raise not_configured(connection, list(flow.world.connections))
    uuid = child_id(node.id, f"notify:{status.value}:{connection}:{node.attempt}:{node.notes.get('base', 0)}")
    container = {"image": _IMAGE, "command": _COMMAND, "args": "{{ params.as_args }}"}
    params = {name: {"value": value, "contextOnly": True} for name, value in _values(turn, node, status).items()}
    operation = {
        "version": 1.1,
        "kind": "operation",
        "params": params,
        "termination": _TERMINATION,
        "component": {
            "version": 1.1,
            "kind": "component",
            "name": "notifier",
            "run": {"kind": "notifier", "connections": [connection], "container": container},
        },
    }
    run, _ = submit(
        json.loads(json.dumps(operation)),
        uuid,
        flow.project,
        turn.now,
        name=f"{node.name or 'run'}-notify-{connection}",
        managed_by=flow.managed_by,
        user=flow.user,
        meta={"is_hook": True},
    )
    turn.changes.append(Created(run))
    turn.changes.append(Linked(node.id, uuid, "hook", {"notification": connection, "status": status.value}))


def _values(turn: Turn, node: Node, status: Status) -> dict[str, str]:
    moves = (change for change in reversed(turn.changes) if isinstance(change, Moved) and change.run == node.id)
    message = next((change.condition.message for change in moves if change.condition.type is status), "")
    values = {
        "name": node.name or "",
        "uuid": str(node.id),
        "project": turn.flow.project,
        "kind": node.kind.value,
        "status": status.value,
        # Values are templates to a compiler, and what a run said of its end is none.
        "message": message.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #"),
    }
    return {name: value for name, value in values.items() if value}
