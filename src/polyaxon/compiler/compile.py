"""From an operation to what will run: the operation laid over its component, values bound, sections rendered.

`compile_operation` does the stages A to C of the language's rendering (params, operation-level sections), `launch_plan`
stage D (the runtime section, when the run is about to start). Both are pure and quick: they run once per child of a
pipeline, and a component shared by many children is read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polyaxon.compiler import conditions
from polyaxon.compiler.allowance import within_allowance
from polyaxon.compiler.bind import bind, needs, needs_nothing
from polyaxon.compiler.cache import cache_key
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compiled import Compiled, JoinNeed, Needs, Surroundings
from polyaxon.compiler.context import NOTHING_BOUND, Bindings, context, run_globals
from polyaxon.compiler.layout import base_of, lay_out
from polyaxon.compiler.plan import launch_plan, plan_like
from polyaxon.compiler.problems import problem, template_problem
from polyaxon.compiler.settings import Cache, pipeline_of, settings_of, text_of
from polyaxon.compiler.template import TemplateError
from polyaxon.compiler.tree import plan, render
from polyaxon.errors import Problem, SpecError
from polyaxon.model.run import RunKind
from polyaxon.spec.component import Authored
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
    "compile_plain",
    "compile_use",
    "launch_plan",
    "needs",
    "needs_nothing",
    "plan_like",
]

Data = Mapping[str, Any]

_RENDERED = (
    *("isApproved", "matrix", "presets", "cost", "queue", "cache", "plugins", "namespace", "termination", "schedule"),
    *("trigger", "mount", "skipOnUpstreamSkip"),
)
"""The operation-level sections in which templates are rendered; `conditions` are evaluated, the rest is kept."""
_TEXTS = frozenset({"queue", "namespace", "trigger"})
"""Those that are one text, whatever a template in their place gives."""


def compile_operation(operation: Operation, around: Surroundings) -> Compiled:
    """Compile one operation whose references are resolved; raises `SpecError` with all that is wrong."""
    return compile_use(operation, operation.component, around)


def compile_plain(operation: Operation, component: Authored | None, inherited: Data | None) -> Compiled | None:
    """Compile an operation that has no value, no condition and no template in its sections: nothing around it decides
    what it comes to. None for others, and for the first of each layout, which are compiled at full length."""
    if component is None or operation.params or operation.joins or operation.conditions is not None:
        return None
    base = base_of(component)
    if base.declares:
        return None
    layout, own = lay_out(operation, base, inherited)
    if layout.settings is None or "conditions" in own:
        return None
    return Compiled(layout, layout.settings, own, NOTHING_BOUND, _NOTHING, _NOTHING, _NOTHING, None, _NOTHING)


_NOTHING: Data = {}


@within_allowance
def compile_use(operation: Operation, component: Authored | None, around: Surroundings) -> Compiled:
    """Compile an operation that uses `component`, whether it holds it or not."""
    if component is None:
        message = "the operation's component is not known"
        raise SpecError([problem(CompileCode.UNKNOWN_COMPONENT, message, operation.name or "")])
    base = base_of(component)
    layout, own = lay_out(operation, base, around.inherited)
    bindings = bind(operation, base.inputs, base.outputs, around)
    if layout.asks is None:
        layout.asks = _asks(layout.fields, layout.run)
    if layout.settings is None and not layout.asks:
        layout.settings = settings_of(layout.fields, layout.run, {})
    settings, names = layout.settings, _NOTHING
    if settings is None or "conditions" in own:
        names = _names(bindings, around)
    if settings is None:
        settings = settings_of(_rendered(layout.fields, names), layout.run, names)
    # Each run of a schedule is asked anew.
    text = own.get("conditions")
    condition, seen = (None, _NOTHING) if settings.kind is RunKind.SCHEDULE else _condition(text, names)
    return Compiled(
        layout=layout,
        settings=settings,
        own=own,
        bindings=bindings,
        inputs=_values(bindings.inputs),
        outputs={name: value for name, value in _values(bindings.outputs).items() if value is not None},
        contexts=_values(bindings.contexts),
        condition=condition,
        condition_values=seen,
    )


def _names(bindings: Bindings, around: Surroundings) -> dict[str, Any]:
    names = context(bindings, lambda: run_globals(around.run, around.places, around.places.store))
    names["connections"] = {name: dict(connection.schema) for name, connection in around.connections.items()}
    return names


def _asks(fields: Data, run: Data) -> bool:
    """Whether values decide what the sections come to."""
    pipeline = pipeline_of(fields, run)
    sections = [*map(fields.get, _RENDERED), *map(pipeline.get, ("concurrency", "earlyStopping"))]
    return any(plan(section) is not None for section in sections)


def _rendered(sections: Data, names: Data) -> Data:
    problems: list[Problem] = []
    fields = dict(sections)
    for key in _RENDERED:
        # What a scheduled run searches may depend on its joins, which the schedule itself does not ask.
        if key in fields and not (key == "matrix" and fields.get("schedule")):
            try:
                rendered = render(fields[key], names)
                fields[key] = text_of(rendered) if key in _TEXTS else rendered
            except TemplateError as error:
                problems.append(template_problem(error, (key, *error.path)))
    if problems:
        raise SpecError(problems)
    return fields


_SCALARS = (str, int, float, bool, type(None))


def _values(bounds: Any) -> dict[str, Any]:
    return {bound.name: value if type(value := bound.value) in _SCALARS else plain(value) for bound in bounds}


def _condition(text: str | None, names: Data) -> tuple[bool | None, Data]:
    """Return the condition's answer and what it looked at."""
    if text is None:
        return None, _NOTHING
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
