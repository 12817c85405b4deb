"""What a compilation may look at, and what it gives: values shared with the engine and the runtimes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from polyaxon.compiler.context import Bindings, declaration
from polyaxon.compiler.layout import Layout
from polyaxon.model.launch import Connection, Places, Termination
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunFacts, RunKind

__all__ = ["Cache", "Compiled", "JoinNeed", "Needs", "Surroundings"]

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All a compilation may look at besides the operation.

    `upstream` holds the finished siblings by operation name (`ops.NAME`), `dag` the parent dag's own facts with its
    resolved inputs (`ref: dag`), `runs` other runs by uuid (`runs.UUID`), `joins` the runs each join matched, in the
    joins' order. `suggestion` is a matrix child's share of the search. `inherited` is the parent pipeline's preset,
    see `expand.inherited`.
    """

    run: RunFacts
    places: Places
    upstream: Mapping[str, RunFacts] = field(default_factory=dict)
    dag: RunFacts | None = None
    runs: Mapping[str, RunFacts] = field(default_factory=dict)
    joins: Sequence[Sequence[RunFacts]] = ()
    suggestion: Data | None = None
    inherited: Data | None = None
    connections: Mapping[str, Connection] = field(default_factory=dict)
    image: str | None = None
    """What the run's builder made: replaces the main container's image."""


@dataclass(frozen=True, slots=True)
class JoinNeed:
    """One join with its templates rendered: which runs of the project it wants."""

    query: str
    sort: str | None = None
    limit: int = 5000
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be fetched before an operation can be compiled: the results of its joins, runs by uuid."""

    joins: tuple[JoinNeed, ...] = ()
    runs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.joins or self.runs)


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
class Compiled:
    """An operation laid over its component, its params bound and its operation-level sections rendered.

    `run` still holds the templates of the runtime section, which `launch_plan` renders. `inputs`, `outputs` and
    `contexts` are the values by name, as JSON has them. Sections are plain data in the file's words (camelCase).
    """

    kind: RunKind
    runtime: str
    run: Data
    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    inputs: Data = field(default_factory=dict)
    outputs: Data = field(default_factory=dict)
    contexts: Data = field(default_factory=dict)
    bindings: Bindings = field(default_factory=Bindings)
    """The values with what is declared of them, in declaration order."""
    condition: bool | None = None
    condition_text: str | None = None
    condition_values: Data = field(default_factory=dict)
    """What the condition saw, by name: for explaining it."""
    is_approved: bool = True
    queue: str | None = None
    namespace: str | None = None
    cache: Cache = field(default_factory=Cache)
    termination: Termination = field(default_factory=Termination)
    hooks: tuple[Data, ...] = ()
    events: tuple[Data, ...] = ()
    build: Data | None = None
    trigger: str = "all_succeeded"
    dependencies: tuple[str, ...] = ()
    skip_on_upstream_skip: bool = False
    matrix: Data | None = None
    """The resolved section, as `search.plan_search` takes it."""
    schedule: Data | None = None
    joins: tuple[Data, ...] = ()
    concurrency: int | None = None
    early_stopping: tuple[Data, ...] = ()
    plugins: Data = field(default_factory=dict)
    environment: Data = field(default_factory=dict)
    fields: Data = field(default_factory=dict)
    """Every operation-level section as it stands in the canonical compiled operation."""
    layout: Layout | None = field(default=None, compare=False, repr=False)
    """What the compilation shares with others: how `run` is rendered, and what no value can change."""

    @property
    def requests(self) -> Mapping[str, float]:
        """How much of the machine the run asks for, by `cpu` and `gpu`."""
        return self.layout.requests if self.layout is not None else {}

    def content(self) -> dict[str, Any]:
        """Return the canonical compiled operation: what is stored and what the API shows. JSON data."""
        return {**_HEAD, **self.fields, **self._declarations(), "run": self.run}

    def content_text(self) -> str:
        """Return `content` as JSON text; what is the same for many operations is written once."""
        layout = self.layout
        if layout is None or layout.settings is None:
            return _dump(self.content())
        if layout.text is None:
            layout.text = _dump({**layout.fields, "run": layout.run})
        own = {name: value for name, value in self.fields.items() if name not in layout.fields}
        return f"{_dump({**_HEAD, **own, **self._declarations()})[:-1]},{layout.text[1:]}"

    def _declarations(self) -> dict[str, Any]:
        declared = self.layout.declared if self.layout is not None else {}
        return {
            name: [declaration(bound, declared) for bound in bounds]
            for name, bounds in self.bindings.by_section()
            if bounds
        }


_HEAD: Data = {"version": 1.1, "kind": "compiled_operation"}


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_dump = json.JSONEncoder(separators=(",", ":"), default=_as_text, ensure_ascii=False).encode
