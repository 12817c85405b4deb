"""From an operation to what will run: the operation laid over its component, values bound, sections rendered.

`compile_operation` does the stages A to C of the language's rendering (params, operation-level sections), `launch_plan`
stage D (the runtime section, when the run is about to start). Both are pure and quick: they run once per child of a
pipeline, and a component shared by many children is read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, nan
from typing import Any

from polyaxon.compiler import conditions
from polyaxon.compiler.allowance import within_allowance
from polyaxon.compiler.bind import bind, needs
from polyaxon.compiler.cache import cache_key
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compiled import Cache, Compiled, JoinNeed, Needs, Surroundings
from polyaxon.compiler.context import Bindings, context, run_globals
from polyaxon.compiler.kinds import KINDS
from polyaxon.compiler.layout import base_of, lay_out
from polyaxon.compiler.plan import launch_plan
from polyaxon.compiler.problems import problem, template_problem
from polyaxon.compiler.template import TemplateError
from polyaxon.compiler.tree import plan, render
from polyaxon.errors import Problem, SpecError
from polyaxon.model.launch import Probe, Termination
from polyaxon.model.run import RunKind
from polyaxon.spec.operation import Operation
from polyaxon.spec.types import describe, plain

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

_RENDERED = (
    *("isApproved", "matrix", "presets", "cost", "queue", "cache", "plugins", "namespace", "termination", "schedule"),
    *("trigger", "mount", "skipOnUpstreamSkip"),
)
"""The operation-level sections in which templates are rendered; `conditions` are evaluated, the rest is kept."""
_TEXTS = frozenset({"queue", "namespace", "trigger"})
"""Those that are one text, whatever a template in their place gives."""


@within_allowance
def compile_operation(operation: Operation, around: Surroundings) -> Compiled:
    """Compile one operation whose references are resolved; raises `SpecError` with all that is wrong."""
    component = operation.component
    if component is None:
        message = "the operation's component is not known"
        raise SpecError([problem(CompileCode.UNKNOWN_COMPONENT, message, operation.name or "")])
    base = base_of(component)
    layout, own = lay_out(operation, base, around.inherited)
    bindings = bind(operation, base.inputs, base.outputs, around)
    if layout.asks is None:
        layout.asks = _asks(layout.fields, layout.run)
    if layout.settings is None and not layout.asks:
        layout.settings = _settings(layout.fields, layout.run, {})
    names: Mapping[str, Any] = {}
    settings, fields = layout.settings, {**own, **layout.fields}
    if settings is None or "conditions" in own:
        names = _names(bindings, around)
    if settings is None:
        _render_fields(fields, names)
        settings = _settings(fields, layout.run, names)
    # Each run of a schedule is asked anew.
    text = own.get("conditions")
    condition, seen = (None, {}) if settings["kind"] is RunKind.SCHEDULE else _condition(text, names)
    return Compiled(
        run=layout.run,
        layout=layout,
        fields=fields,
        name=own.get("name"),
        description=own.get("description"),
        dependencies=tuple(own.get("dependencies") or ()),
        bindings=bindings,
        inputs=_values(bindings.inputs),
        outputs={name: value for name, value in _values(bindings.outputs).items() if value is not None},
        contexts=_values(bindings.contexts),
        condition=condition,
        condition_text=text,
        condition_values=seen,
        **settings,
    )


def _names(bindings: Bindings, around: Surroundings) -> dict[str, Any]:
    names = context(bindings, lambda: run_globals(around.run, around.places, around.places.store))
    names["connections"] = {name: dict(connection.schema) for name, connection in around.connections.items()}
    return names


def _asks(fields: Data, run: Data) -> bool:
    """Whether values decide what the sections come to."""
    pipeline = _pipeline(fields, run)
    sections = [*map(fields.get, _RENDERED), *map(pipeline.get, ("concurrency", "earlyStopping"))]
    return any(plan(section) is not None for section in sections)


def _pipeline(fields: Data, run: Data) -> Data:
    """The section with the pipeline's own settings, empty for what is none."""
    if _kind(fields, run)[0] is RunKind.MATRIX:
        matrix: Data = fields.get("matrix") or {}
        return matrix
    return run if run["kind"] == "dag" else {}


def _render_fields(fields: dict[str, Any], names: Mapping[str, Any]) -> None:
    problems: list[Problem] = []
    for key in _RENDERED:
        # What a scheduled run searches may depend on its joins, which the schedule itself does not ask.
        if key in fields and not (key == "matrix" and fields.get("schedule")):
            try:
                rendered = render(fields[key], names)
                fields[key] = _text(rendered) if key in _TEXTS else rendered
            except TemplateError as error:
                problems.append(template_problem(error, (key, *error.path)))
    if problems:
        raise SpecError(problems)


def _settings(fields: Data, run: Data, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the rendered sections come to, as arguments of `Compiled`."""
    kind, runtime = _kind(fields, run)
    pipeline = _pipeline(fields, run)
    return {
        "kind": kind,
        "runtime": runtime,
        "tags": tuple(fields.get("tags") or ()),
        "is_approved": _flag(fields.get("isApproved"), "isApproved") is not False,
        "queue": _text(fields.get("queue")),
        "namespace": _text(fields.get("namespace")),
        "cache": _cache(fields.get("cache") or {}),
        "termination": _termination(fields.get("termination") or {}),
        "hooks": tuple(fields.get("hooks") or ()),
        "events": tuple(fields.get("events") or ()),
        "build": fields.get("build"),
        "trigger": _text(fields.get("trigger")) or "all_succeeded",
        "skip_on_upstream_skip": bool(fields.get("skipOnUpstreamSkip")),
        "matrix": fields.get("matrix"),
        "schedule": fields.get("schedule"),
        "joins": tuple(fields.get("joins") or ()),
        "concurrency": _concurrency(pipeline, names),
        "early_stopping": tuple(render(pipeline.get("earlyStopping") or (), names)),
        "plugins": fields.get("plugins") or {},
        "environment": run.get("environment") or {},
    }


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
        raise SpecError(
            [problem(CompileCode.RENDERED, f"`{field}` became {describe(value)}, expected true or false", field)]
        )
    return answer


def _number(value: Any, field: str, least: float = 0) -> float | None:
    if value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = nan
    if isinstance(value, bool) or not least <= found < inf:
        message = f"`{field}` became {describe(value)}, expected a number of at least {least:g}"
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
    return Cache(
        disable=_flag(section.get("disable"), "cache.disable"),
        ttl=_number(section.get("ttl"), "cache.ttl"),
        io=_names_of(section.get("io"), "cache.io"),
        sections=_names_of(section.get("sections"), "cache.sections"),
    )


def _names_of(value: Any, field: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)):
        return tuple(map(str, value))
    message = f"`{field}` became {describe(value)}, expected a list of names"
    raise SpecError([problem(CompileCode.RENDERED, message, field)])


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
        pod_failure_policy=section.get("podFailurePolicy"),
    )


_NEVER = Termination()


def _probe(section: Data | None) -> Probe | None:
    if not section:
        return None
    return Probe(http=section.get("http"), exec=tuple((section.get("exec") or {}).get("command") or ()))
