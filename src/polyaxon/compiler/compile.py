"""From an operation to what will run: the operation laid over its component, values bound, sections rendered.

`compile_operation` does the stages A to C of the language's rendering (params, operation-level sections), `launch_plan`
stage D (the runtime section, when the run is about to start). Both are pure and quick: they run once per child of a
pipeline, and a component shared by many children is read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import ref as weak

from polyaxon.compiler import conditions
from polyaxon.compiler.bind import bind, needs
from polyaxon.compiler.cache import cache_key
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compiled import Cache, Compiled, JoinNeed, Needs, Surroundings
from polyaxon.compiler.context import Bindings, context, run_globals
from polyaxon.compiler.kinds import KINDS
from polyaxon.compiler.merge import Strategy, merge
from polyaxon.compiler.patches import PatchError, apply_patch
from polyaxon.compiler.plain import as_data
from polyaxon.compiler.plan import launch_plan
from polyaxon.compiler.problems import problem, template_problem
from polyaxon.compiler.template import TemplateError
from polyaxon.compiler.tree import Rendering, plan, render
from polyaxon.errors import Problem, SpecError
from polyaxon.model.launch import Probe, Termination
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.spec.component import Authored
from polyaxon.spec.io import IO
from polyaxon.spec.operation import Operation
from polyaxon.spec.types import plain

__all__ = [
    "Cache",
    "Compiled",
    "JoinNeed",
    "Needs",
    "Surroundings",
    "cache_key",
    "compile_operation",
    "launch_plan",
    "needs",
]

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

_RENDERED = (
    *("isApproved", "matrix", "presets", "cost", "queue", "cache", "plugins", "namespace", "termination", "schedule"),
    *("dependencies", "trigger", "mount", "skipOnUpstreamSkip"),
)
"""The operation-level sections in which templates are rendered; `conditions` are evaluated, the rest is kept."""


@dataclass(frozen=True, slots=True)
class _Base:
    """A component read once: what compilations of it share."""

    fields: Data
    run: Data
    inputs: tuple[IO, ...]
    outputs: tuple[IO, ...]
    rendering: Rendering | None


_bases: dict[int, tuple[weak[Authored], _Base]] = {}
"""By the component's identity; entries go with their component."""


def _base(component: Authored) -> _Base:
    known = _bases.get(id(component))
    if known is not None and known[0]() is component:
        return known[1]
    given = component.model_fields_set & _SHARED
    fields = {_TAKEN[name]: as_data(getattr(component, name)) for name in _TAKEN if name in given}
    run = as_data(component.run)
    if not isinstance(run, Mapping) or "kind" not in run:
        raise SpecError([problem(CompileCode.NO_RUNTIME, "there is nothing to run: no `run` with a kind", "run")])
    rendering = _rendering(run)
    base = _Base(fields, run, tuple(component.inputs or ()), tuple(component.outputs or ()), rendering)
    key = id(component)
    _bases[key] = (weak(component, lambda _: _bases.pop(key, None)), base)
    return base


def _rendering(run: Data) -> Rendering | None:
    """A dag is not rendered: each of its operations renders itself."""
    return None if run["kind"] == "dag" else plan(run)


def compile_operation(operation: Operation, around: Surroundings) -> Compiled:
    """Compile one operation whose references are resolved; raises `SpecError` with all that is wrong."""
    component = operation.component
    if component is None:
        message = "the operation's component is not known"
        raise SpecError([problem(CompileCode.UNKNOWN_COMPONENT, message, operation.name or "")])
    base = _base(component)
    strategy = Strategy(operation.patch_strategy or Strategy.POST_MERGE)
    fields = _fields(operation, base, strategy, around.inherited)
    run = _run(operation, base, strategy, around.inherited)
    bindings = bind(operation, base.inputs, base.outputs, around)
    names = context(bindings, lambda: run_globals(around.run, around.places, around.places.store))
    names["connections"] = {name: dict(connection.schema) for name, connection in around.connections.items()}
    _render_fields(fields, names)
    rendering = base.rendering if run is base.run else _rendering(run)
    return _compiled(fields, run, rendering, bindings, names)


def _fields(operation: Operation, base: _Base, strategy: Strategy, inherited: Data | None) -> dict[str, Any]:
    """Return the operation-level sections of the two, in plain data."""
    own = operation.__dict__
    given = operation.model_fields_set
    overlay = {alias: as_data(own[name]) for name, alias in _TAKEN.items() if name in given}
    if inherited:
        preset = {key: value for key, value in inherited.items() if key != "runPatch"}
        overlay = merge(overlay, preset, Strategy.PRE_MERGE)
    return merge(base.fields, overlay, strategy)


def _run(operation: Operation, base: _Base, strategy: Strategy, inherited: Data | None) -> Data:
    """Return the runtime section with the operation's and the parent's patches: the operation's word counts more."""
    own = as_data(operation.run_patch) if operation.run_patch else None
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


def _render_fields(fields: dict[str, Any], names: Mapping[str, Any]) -> None:
    problems: list[Problem] = []
    for key in _RENDERED:
        # What a scheduled run searches may depend on its joins, which the schedule itself does not ask.
        if key in fields and not (key == "matrix" and fields.get("schedule")):
            try:
                fields[key] = render(fields[key], names)
            except TemplateError as error:
                problems.append(template_problem(error, (key, *error.path)))
    if problems:
        raise SpecError(problems)


def _compiled(
    fields: dict[str, Any], run: Data, rendering: Rendering | None, bindings: Bindings, names: Mapping[str, Any]
) -> Compiled:
    kind, runtime = _kind(fields, run)
    matrix = fields.get("matrix")
    pipeline: Data = matrix or {} if kind is RunKind.MATRIX else run if run["kind"] == "dag" else {}
    condition_text = fields.get("conditions")
    # Each run of a schedule is asked anew.
    condition, seen = (None, {}) if kind is RunKind.SCHEDULE else _condition(condition_text, names)
    return Compiled(
        kind=kind,
        runtime=runtime,
        run=run,
        name=fields.get("name"),
        description=fields.get("description"),
        tags=tuple(fields.get("tags") or ()),
        inputs=_values(bindings.inputs),
        outputs={name: value for name, value in _values(bindings.outputs).items() if value is not None},
        contexts=_values(bindings.contexts),
        bindings=bindings,
        condition=condition,
        condition_text=condition_text,
        condition_values=seen,
        is_approved=_flag(fields.get("isApproved"), "isApproved") is not False,
        queue=_text(fields.get("queue")),
        namespace=_text(fields.get("namespace")),
        cache=_cache(fields.get("cache") or {}),
        termination=_termination(fields.get("termination") or {}),
        hooks=tuple(fields.get("hooks") or ()),
        events=tuple(fields.get("events") or ()),
        build=fields.get("build"),
        trigger=_text(fields.get("trigger")) or "all_succeeded",
        dependencies=tuple(fields.get("dependencies") or ()),
        skip_on_upstream_skip=bool(fields.get("skipOnUpstreamSkip")),
        matrix=matrix,
        schedule=fields.get("schedule"),
        joins=tuple(fields.get("joins") or ()),
        concurrency=_concurrency(pipeline, names),
        early_stopping=tuple(render(pipeline.get("earlyStopping") or (), names)),
        plugins=fields.get("plugins") or {},
        environment=run.get("environment") or {},
        rendering=rendering,
        fields=fields,
    )


def _kind(fields: Data, run: Data) -> tuple[RunKind, str]:
    if fields.get("schedule"):
        return RunKind.SCHEDULE, fields["schedule"]["kind"]
    if fields.get("matrix"):
        return RunKind.MATRIX, fields["matrix"]["kind"]
    return KINDS[run["kind"]].stored, run["kind"]


_SCALARS = (str, int, float, bool, type(None))


def _values(bounds: Any) -> dict[str, Any]:
    return {bound.name: value if type(value := bound.value) in _SCALARS else plain(value) for bound in bounds}


def _condition(text: str | None, names: Mapping[str, Any]) -> tuple[bool | None, dict[str, Any]]:
    """Return the condition's answer and what it looked at."""
    if text is None:
        return None, {}
    try:
        template = conditions.as_template(text)
        seen = {name: plain(names[name]) for name in sorted(template.names | template.optional) if name in names}
        for name in ("params", "globals", "init", "connections"):
            seen.pop(name, None)
        return conditions.evaluate(text, names), seen
    except TemplateError as error:
        code = CompileCode.CONDITION if error.kind == "failed" else None
        found = template_problem(error, ("conditions",))
        if code is not None:
            found = problem(code, error.message, "conditions", "write an expression that is true or false")
        raise SpecError([found]) from None


def _flag(value: Any, field: str) -> bool | None:
    if value is None:
        return None
    answer = conditions.is_true(value)
    if answer is None:
        raise SpecError([problem(CompileCode.RENDERED, f"`{field}` became {value!r}, expected true or false", field)])
    return answer


def _number(value: Any, field: str, least: float = 0) -> float | None:
    if value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if isinstance(value, bool) or not found >= least:
        message = f"`{field}` became {value!r}, expected a number of at least {least:g}"
        raise SpecError([problem(CompileCode.RENDERED, message, field)])
    return int(found) if found.is_integer() else found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _concurrency(pipeline: Data, names: Mapping[str, Any]) -> int | None:
    try:
        found = _number(render(pipeline.get("concurrency"), names), "concurrency")
    except TemplateError as error:
        raise SpecError([template_problem(error, ("concurrency",))]) from None
    return None if not found else int(found)


def _cache(section: Data) -> Cache:
    io, sections = section.get("io"), section.get("sections")
    return Cache(
        disable=_flag(section.get("disable"), "cache.disable"),
        ttl=_number(section.get("ttl"), "cache.ttl"),
        io=None if io is None else tuple(io),
        sections=None if sections is None else tuple(sections),
    )


def _termination(section: Data) -> Termination:
    """Zero is unset, as everywhere in this section."""
    if not section:
        return _NEVER
    culling = section.get("culling") or {}
    return Termination(
        max_retries=int(_number(section.get("maxRetries"), "termination.maxRetries") or 0),
        timeout=_number(section.get("timeout"), "termination.timeout") or None,
        ttl=_number(section.get("ttl"), "termination.ttl") or None,
        culling_timeout=_number(culling.get("timeout"), "termination.culling.timeout") or None,
        probe=_probe(section.get("probe")),
    )


_NEVER = Termination()


def _probe(section: Data | None) -> Probe | None:
    if not section:
        return None
    return Probe(http=section.get("http"), exec=tuple((section.get("exec") or {}).get("command") or ()))
