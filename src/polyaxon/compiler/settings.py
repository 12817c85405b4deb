"""What the operation-level sections of an operation come to, once they are rendered: checked values by name.

Operations of one layout share them where no value can change them: nobody changes what is in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from math import inf, nan
from typing import Any

from polyaxon.compiler import conditions
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.kinds import KINDS
from polyaxon.compiler.problems import problem, template_problem
from polyaxon.compiler.template import TemplateError
from polyaxon.compiler.tree import render
from polyaxon.errors import SpecError
from polyaxon.model.launch import Probe, Termination
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.spec.types import describe

__all__ = ["Cache", "Settings", "pipeline_of", "settings_of", "text_of"]

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cache:
    """When a run may be served from an earlier one. `disable` None leaves it to the engine's default rule.

    `io` and `sections` None mean all.
    """

    disable: bool | None = None
    ttl: float | None = None
    io: tuple[str, ...] | None = None
    sections: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The sections of an operation, its component's and its pipeline's included. What is a mapping stays plain data in
    the file's words (camelCase)."""

    kind: RunKind
    runtime: str
    tags: tuple[str, ...] = ()
    is_approved: bool = True
    queue: str | None = None
    namespace: str | None = None
    cache: Cache = field(default_factory=Cache)
    termination: Termination = field(default_factory=Termination)
    hooks: tuple[Data, ...] = ()
    build: Data | None = None
    matrix: Data | None = None
    """The resolved section, as `search.plan_search` takes it."""
    schedule: Data | None = None
    joins: tuple[Data, ...] = ()
    concurrency: int | None = None
    early_stopping: tuple[Data, ...] = ()
    plugins: Data = field(default_factory=dict)
    fields: Data = field(default_factory=dict)
    """All of them as they stand in the canonical compiled operation."""


def settings_of(fields: Data, run: Data, names: Mapping[str, Any]) -> Settings:
    """Return what the rendered sections come to; raises `SpecError` where they cannot be that."""
    kind, runtime = _kind(fields, run)
    pipeline = pipeline_of(fields, run)
    return Settings(
        kind=kind,
        runtime=runtime,
        tags=tuple(fields.get("tags") or ()),
        is_approved=_flag(fields.get("isApproved"), "isApproved") is not False,
        queue=text_of(fields.get("queue")),
        namespace=text_of(fields.get("namespace")),
        cache=_cache(fields.get("cache") or {}),
        termination=_termination(fields.get("termination") or {}),
        hooks=tuple(fields.get("hooks") or ()),
        build=fields.get("build"),
        matrix=fields.get("matrix"),
        schedule=fields.get("schedule"),
        joins=tuple(fields.get("joins") or ()),
        concurrency=_concurrency(pipeline, names),
        early_stopping=tuple(render(pipeline.get("earlyStopping") or (), names)),
        plugins=fields.get("plugins") or {},
        fields=fields,
    )


def pipeline_of(fields: Data, run: Data) -> Data:
    """The section with the pipeline's own settings, empty for what is none."""
    if _kind(fields, run)[0] is RunKind.MATRIX:
        matrix: Data = fields.get("matrix") or {}
        return matrix
    return run if run["kind"] == "dag" else {}


def _kind(fields: Data, run: Data) -> tuple[RunKind, str]:
    if fields.get("schedule"):
        return RunKind.SCHEDULE, fields["schedule"]["kind"]
    if fields.get("matrix"):
        return RunKind.MATRIX, fields["matrix"]["kind"]
    return KINDS[run["kind"]].stored, run["kind"]


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


def text_of(value: Any) -> str | None:
    """Return a section that is one text, whatever a template in its place gave."""
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
