"""How does a run get its image? A `build` section makes a builder run first; the run waits and then uses what it made.

The builder is part of the same tree, so that stopping reaches it, but no child of the run's pipeline: it is not
counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyaxon.engine import compilation
from polyaxon.engine.births import create
from polyaxon.engine.commands import Linked, Updated
from polyaxon.engine.flow import Node
from polyaxon.engine.lifecycle import move, remember
from polyaxon.engine.slots import release
from polyaxon.engine.turn import Turn, work
from polyaxon.errors import UsageError
from polyaxon.model.ids import child_id
from polyaxon.model.status import Pending, Status

__all__ = ["begin", "builder_operation", "ended"]

_DESTINATION = "destination"


def begin(turn: Turn, node: Node, build: Mapping[str, Any]) -> None:
    """Create the builder run; a known one (its scheduler died) goes on by itself."""
    builder = node.builder
    if builder is not None and not builder.is_final:
        return
    raw = builder_operation(turn, node, build)
    operation = compilation.load_operation(raw)
    life = node.notes.get("base", 0)
    uuid = child_id(node.id, "build" if not life else f"build:{life}")
    meta = {"engine": {"serves": node.id, "operation": raw}}
    builder = create(turn, None, uuid, f"{node.name or 'run'}-build", 0, compilation.shape_of(operation), None, meta)
    builder.operation, builder.serves, node.builder = operation, node, builder
    turn.changes.append(Linked(builder.id, node.id, "build"))
    release(turn, builder)


def builder_operation(turn: Turn, node: Node, build: Mapping[str, Any]) -> dict[str, Any]:
    """The operation that a `build` section stands for. The run's inputs are there for the builder's templates."""
    component = turn.flow.component(str(build["hubRef"]))
    if component is None:
        raise UsageError(f"the builder component `{build['hubRef']}` is not known", "see `polyaxon hub ls`")
    params: dict[str, Any] = {name: dict(param) for name, param in (build.get("params") or {}).items()}
    destination = params.setdefault(_DESTINATION, {})
    if destination.get("value") is None and "ref" not in destination:
        destination["value"] = "{{ globals.project_name }}:{{ globals.uuid }}"
        if build.get("connection"):
            destination["connection"] = build["connection"]
    inputs = compilation.compiled_of(node).inputs
    params |= {name: {"value": value, "contextOnly": True} for name, value in inputs.items() if name != _DESTINATION}
    kept = ("presets", "queue", "namespace", "cache", "runPatch", "patchStrategy")
    sections = {name: build[name] for name in kept if build.get(name) is not None}
    return {"version": 1.1, "kind": "operation", "component": component, "params": params, **sections}


def ended(turn: Turn, builder: Node) -> None:
    """Let the run go on with its image, or end it: nothing can replace an image that was not built."""
    node = builder.serves
    if node is None or node.is_final:
        return
    if node.status is Status.STOPPING:
        ending = node.notes.get("ending", {})
        status = Status(ending.get("status", Status.STOPPED))
        move(turn, node, status, ending.get("reason", "Stopped"), ending.get("message", ""))
        return
    if node.pending is not Pending.BUILD:
        return
    image = _image(builder)
    if builder.status is not Status.SUCCEEDED or image is None:
        how = "made no image" if builder.status is Status.SUCCEEDED else f"ended as {builder.status}"
        move(turn, node, Status.UPSTREAM_FAILED, "BuildFailed", f"its builder (run {builder.id}) {how}")
        return
    node.pending = None
    # The image is part of what the run is: cache keys and the plan are made with it.
    work(node).cache_key = None
    turn.changes.append(Updated(node.id, {"pending": None, **remember(node, image=image)}))
    release(turn, node)


def _image(builder: Node) -> str | None:
    """What the builder says it made: an output, a lineage item, or what it was told to make."""
    for found in (builder.outputs, builder.notes.get("artifacts", {}), builder.inputs):
        if found.get(_DESTINATION):
            return str(found[_DESTINATION])
    return None
