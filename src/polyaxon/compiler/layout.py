"""What compilations share: a component that was read once, and an operation laid over it before any value is known.

The operations of a dag that use one component, and all trials of a search, mostly differ in their names and values
only. What does not depend on those is worked out once per *layout* and kept with the component it belongs to.
"""

from __future__ import annotations

import marshal
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
from polyaxon.compiler.settings import Settings
from polyaxon.compiler.tree import Rendering, plan
from polyaxon.errors import SpecError
from polyaxon.model.launch import LaunchPlan
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
_OVER = {name: alias for name, alias in _TAKEN.items() if name not in _OWN} | {"run_patch": "runPatch"}
_LAID = frozenset(_OVER)
_STRATEGIES = {None: Strategy.POST_MERGE} | {str(strategy): strategy for strategy in Strategy}


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
    settings: Settings | None = None
    """What the sections come to, where no value can change that."""
    plans: dict[str | None, LaunchPlan] = field(default_factory=dict)
    """By image: the plan of one run, where no value can change what is started."""
    text: str | None = None
    """The sections and the runtime as JSON, where no value can change them."""
    key_parts: Mapping[str, str] | None = None
    """As JSON: the parts of the cache key that no value can change."""
    declared: dict[str, Data] = field(default_factory=dict)
    """By name: what the component declares of its inputs and outputs, in the file's words."""


@dataclass(frozen=True, slots=True)
class Base:
    """A component that was read once."""

    run: Data
    inputs: tuple[IO, ...]
    outputs: tuple[IO, ...]
    rendering: Rendering | None
    own: Data
    """Those of its sections that differ between operations."""
    shared: Data
    """The other ones."""
    layouts: dict[tuple[Any, ...], Layout] = field(default_factory=dict)

    @property
    def declares(self) -> bool:
        """Whether it has inputs or outputs."""
        return bool(self.inputs or self.outputs)


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
    base = Base(
        run,
        tuple(component.inputs or ()),
        tuple(component.outputs or ()),
        _rendering(run),
        own={name: value for name, value in fields.items() if name in _OWN},
        shared={name: value for name, value in fields.items() if name not in _OWN},
    )
    key = id(component)
    _bases[key] = (weak(component, lambda _: _bases.pop(key, None)), base)
    return base


def lay_out(operation: Operation, base: Base, inherited: Data | None) -> tuple[Layout, dict[str, Any]]:
    """Return the layout, and the sections in which the operation differs from others of the same layout."""
    written, given = operation.__dict__, operation.__pydantic_fields_set__
    strategy = _STRATEGIES[written["patch_strategy"]]
    laid = given & _LAID
    key = (strategy, id(inherited), *[(name, _fingerprint(written[name])) for name in sorted(laid)])
    layout = base.layouts.get(key)
    if layout is None:
        if len(base.layouts) >= _MOST_LAYOUTS:
            base.layouts.clear()
        overlay = {alias: as_data(written[name]) for name, alias in _OVER.items() if name in laid}
        layout = base.layouts[key] = _layout(base, overlay, strategy, inherited)
    own = {name: written[name] for name in _OWN if name in given}
    return layout, merge(base.own, own, strategy)


def _fingerprint(value: Any) -> bytes | str:
    """Return what tells a section from others, cheaper to make than the section's plain data where it is flat."""
    try:
        # Version 2 says the same of equal values whoever else holds them, and tells `true` from `1`.
        if not isinstance(value, BaseModel):
            return marshal.dumps(value, 2)
        parts, given = value.__dict__, value.__pydantic_fields_set__
        return marshal.dumps((*parts.values(), *map(given.__contains__, parts)), 2)
    except ValueError:  # it holds models
        return repr(as_data(value))


def _layout(base: Base, overlay: dict[str, Any], strategy: Strategy, inherited: Data | None) -> Layout:
    patch = overlay.pop("runPatch", None)
    if inherited:
        preset = {key: value for key, value in inherited.items() if key != "runPatch"}
        overlay = merge(overlay, preset, Strategy.PRE_MERGE)
    run = _run(patch, base, strategy, inherited)
    rendering = base.rendering if run is base.run else _rendering(run)
    return Layout(merge(base.shared, overlay, strategy), run, rendering, requests_of(run), inherited)


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
