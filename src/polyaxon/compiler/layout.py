"""What compilations share: a component that was read once, and an operation laid over it before any value is known.

The operations of a dag that use one component, and all trials of a search, mostly differ in their names and values
only. What does not depend on those is worked out once per *layout* and kept with the component it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any
from weakref import ref as weak

from pydantic import BaseModel

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.merge import Strategy, merge
from polyaxon.compiler.patches import PatchError, apply_patch
from polyaxon.compiler.plain import as_data
from polyaxon.compiler.problems import problem
from polyaxon.compiler.requests import requests_of
from polyaxon.compiler.tree import Rendering, plan
from polyaxon.errors import SpecError
from polyaxon.model.launch import Replica
from polyaxon.model.record import dataclass
from polyaxon.spec.component import Authored
from polyaxon.spec.io import IO
from polyaxon.spec.operation import Operation

__all__ = ["Base", "Layout", "base_of", "lay_out"]

Data = Mapping[str, Any]

_TAKEN = {
    "name": "name",
    "description": "description",
    "cost": "cost",
    "tags": "tags",
    "is_approved": "isApproved",
    "presets": "presets",
    "queue": "queue",
    "namespace": "namespace",
    "cache": "cache",
    "build": "build",
    "hooks": "hooks",
    "events": "events",
    "plugins": "plugins",
    "termination": "termination",
    "matrix": "matrix",
    "joins": "joins",
    "schedule": "schedule",
    "dependencies": "dependencies",
    "trigger": "trigger",
    "conditions": "conditions",
    "skip_on_upstream_skip": "skipOnUpstreamSkip",
    "mount": "mount",
    "strict_params": "strictParams",
}
"""What an operation lays over its component."""

_SHARED = frozenset(
    {"name", "description", "cost", "tags", "is_approved", "presets", "queue", "namespace", "cache", "build", "hooks"}
    | {"plugins", "termination", "mount", "strict_params"},
)
"""What a component brings along."""


_OWN = ("name", "description", "conditions", "dependencies")
"""What differs between operations that are otherwise the same."""


@dataclass(slots=True, eq=False)
class Layout:
    """An operation laid over its component. `fields` are the operation-level sections in plain data, without those in
    `_OWN`, `run` is the patched runtime section and `rendering` how it is rendered (None: it holds no template)."""

    fields: Data
    run: Data
    rendering: Rendering | None
    requests: Mapping[str, float]
    """How much of the machine it asks for."""
    inherited: Data | None
    """What was laid under the operation: kept, for layouts are remembered by its identity."""
    asks: bool | None = None
    """Whether values decide what the sections come to; None until somebody looked."""
    settings: dict[str, Any] | None = None
    """What the sections come to, where no value can change that: arguments of `Compiled`."""
    replicas: dict[str | None, tuple[Replica, ...]] = field(default_factory=dict)
    """By image: the replicas of a runtime section that no value can change."""
    text: str | None = None
    """The sections and the runtime as JSON, where no value can change them."""
    declared: dict[str, Data] = field(default_factory=dict)
    """By name: what the component declares of its inputs and outputs, in the file's words."""


@dataclass(frozen=True, slots=True)
class Base:
    """A component that was read once."""

    fields: Data
    run: Data
    inputs: tuple[IO, ...]
    outputs: tuple[IO, ...]
    rendering: Rendering | None
    layouts: dict[tuple[Any, ...], Layout] = field(default_factory=dict)


_MOST_LAYOUTS = 64
"""How many layouts of one component are remembered."""
_bases: dict[int, tuple[weak[Authored], Base]] = {}
"""By the component's identity; entries go with their component."""


def base_of(component: Authored) -> Base:
    """Read a component; raises `SpecError` when there is nothing in it to run."""
    known = _bases.get(id(component))
    if known is not None and known[0]() is component:
        return known[1]
    given = component.model_fields_set & _SHARED
    fields = {_TAKEN[name]: as_data(getattr(component, name)) for name in _TAKEN if name in given}
    run = as_data(component.run)
    if not isinstance(run, Mapping) or "kind" not in run:
        raise SpecError([problem(CompileCode.NO_RUNTIME, "there is nothing to run: no `run` with a kind", "run")])
    base = Base(fields, run, tuple(component.inputs or ()), tuple(component.outputs or ()), _rendering(run))
    key = id(component)
    _bases[key] = (weak(component, lambda _: _bases.pop(key, None)), base)
    return base


def lay_out(operation: Operation, base: Base, inherited: Data | None) -> tuple[Layout, dict[str, Any]]:
    """Return the layout, and the sections in which the operation differs from others of the same layout."""
    strategy = Strategy(operation.patch_strategy or Strategy.POST_MERGE)
    written = operation.__dict__
    given = operation.model_fields_set
    own = {name: written[name] for name in _OWN if name in given}
    overlay = {alias: written[name] for name, alias in _TAKEN.items() if name in given and name not in _OWN}
    if operation.run_patch:
        overlay["runPatch"] = operation.run_patch
    key: tuple[Any, ...] = (strategy, id(inherited), *map(_fingerprint, overlay.items()))
    layout = base.layouts.get(key)
    if layout is None:
        if len(base.layouts) >= _MOST_LAYOUTS:
            base.layouts.clear()
        layout = base.layouts[key] = _layout(base, as_data(overlay), strategy, inherited)
    below = {name: base.fields[name] for name in _OWN if name in base.fields}
    return layout, merge(below, own, strategy)


def _fingerprint(section: tuple[str, Any]) -> Any:
    """Return what tells a section from others, cheaper to make than the section's plain data where it is flat."""
    name, value = section
    if isinstance(value, BaseModel):
        parts = tuple(value.__dict__.values())
        found = (name, frozenset(value.model_fields_set), parts, tuple(map(type, parts)))
        try:
            hash(found)
        except TypeError:  # it holds lists, mappings or models
            return name, repr(as_data(value))
        return found
    return name, repr(as_data(value))


def _layout(base: Base, overlay: dict[str, Any], strategy: Strategy, inherited: Data | None) -> Layout:
    patch = overlay.pop("runPatch", None)
    if inherited:
        preset = {key: value for key, value in inherited.items() if key != "runPatch"}
        overlay = merge(overlay, preset, Strategy.PRE_MERGE)
    below = {name: value for name, value in base.fields.items() if name not in _OWN}
    run = _run(patch, base, strategy, inherited)
    rendering = base.rendering if run is base.run else _rendering(run)
    return Layout(merge(below, overlay, strategy), run, rendering, requests_of(run), inherited)


def _run(own: Data | None, base: Base, strategy: Strategy, inherited: Data | None) -> Data:
    """Return the runtime section with the operation's and the parent's patches: the operation's word counts more."""
    parents = inherited.get("runPatch") if inherited else None
    patches = [(parents, ()), (own, ("runPatch",))]
    run = base.run
    for patch, path in patches if strategy.patch_wins else reversed(patches):
        if patch:
            try:
                run = apply_patch(run, patch, strategy)
            except PatchError as error:
                place = ".".join((*path, error.key))
                raise SpecError([problem(CompileCode.RUN_PATCH, f"`runPatch` does not fit: {error}", place)]) from None
    return run


def _rendering(run: Data) -> Rendering | None:
    """A dag is not rendered: each of its operations renders itself."""
    return None if run["kind"] == "dag" else plan(run)
