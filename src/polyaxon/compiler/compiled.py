"""What a compilation may look at, and what it gives: values shared with the engine and the runtimes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar

from polyaxon.compiler.context import NOTHING_BOUND, Bindings, declaration
from polyaxon.compiler.layout import Layout
from polyaxon.compiler.settings import Cache, Settings
from polyaxon.model.json_text import encoder
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

    facts: Callable[[], RunFacts]
    """Gives what is known of the run itself: only templates and plans ask."""
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

    @property
    def run(self) -> RunFacts:
        """What is known of the run itself."""
        return self.facts()


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


def _shared(name: str) -> Any:
    """Return the attribute that reads one of the settings; Any, for each has a type of its own."""
    return property(attrgetter(f"settings.{name}"))


@dataclass(frozen=True, slots=True)
class Compiled:
    """An operation laid over its component, its params bound and its operation-level sections rendered.

    What its layout has stays there, for it is the same for many operations. `run` still holds the templates of the
    runtime section, which `launch_plan` renders. `inputs`, `outputs` and `contexts` are the values by name, as JSON has
    them. Sections are plain data in the file's words (camelCase).
    """

    layout: Layout = field(compare=False, repr=False)
    settings: Settings
    own: Data
    """The sections in which it differs from others of its layout, such as its name."""
    bindings: Bindings = NOTHING_BOUND
    """The values with what is declared of them, in declaration order."""
    inputs: Data = field(default_factory=dict)
    outputs: Data = field(default_factory=dict)
    contexts: Data = field(default_factory=dict)
    condition: bool | None = None
    condition_values: Data = field(default_factory=dict)
    """What the condition saw, by name: for explaining it."""

    kind: ClassVar[RunKind] = _shared("kind")
    runtime: ClassVar[str] = _shared("runtime")
    tags: ClassVar[tuple[str, ...]] = _shared("tags")
    is_approved: ClassVar[bool] = _shared("is_approved")
    queue: ClassVar[str | None] = _shared("queue")
    namespace: ClassVar[str | None] = _shared("namespace")
    cache: ClassVar[Cache] = _shared("cache")
    termination: ClassVar[Termination] = _shared("termination")
    hooks: ClassVar[tuple[Data, ...]] = _shared("hooks")
    build: ClassVar[Data | None] = _shared("build")
    matrix: ClassVar[Data | None] = _shared("matrix")
    schedule: ClassVar[Data | None] = _shared("schedule")
    joins: ClassVar[tuple[Data, ...]] = _shared("joins")
    concurrency: ClassVar[int | None] = _shared("concurrency")
    early_stopping: ClassVar[tuple[Data, ...]] = _shared("early_stopping")
    plugins: ClassVar[Data] = _shared("plugins")

    @property
    def run(self) -> Data:
        """The runtime section, patches applied."""
        return self.layout.run

    @property
    def name(self) -> str | None:
        """Its name, if it has one."""
        return self.own.get("name")

    @property
    def description(self) -> str | None:
        """What it says about itself."""
        return self.own.get("description")

    @property
    def condition_text(self) -> str | None:
        """The condition as the file has it."""
        return self.own.get("conditions")

    @property
    def fields(self) -> Data:
        """Every operation-level section as it stands in the canonical compiled operation."""
        return {**self.own, **self.settings.fields}

    @property
    def requests(self) -> Mapping[str, float]:
        """How much of the machine the run asks for, by `cpu` and `gpu`."""
        return self.layout.requests

    def content(self) -> dict[str, Any]:
        """Return the canonical compiled operation: what is stored and what the API shows. JSON data."""
        return {**_HEAD, **self.fields, **self._declarations(), "run": self.run}

    def content_text(self) -> str:
        """Return `content` as JSON text; what is the same for many operations is written once."""
        layout = self.layout
        if layout.settings is None:
            return _dump(self.content())
        if layout.text is None:
            layout.text = _dump({**layout.fields, "run": layout.run})
        own = self.own if self.bindings is NOTHING_BOUND else {**self.own, **self._declarations()}
        members = "".join([f'"{name}":{_member(value)},' for name, value in own.items()])
        return f"{_HEAD_TEXT},{members}{layout.text[1:]}"

    def _declarations(self) -> dict[str, Any]:
        declared = self.layout.declared
        return {
            name: [declaration(bound, declared) for bound in bounds]
            for name, bounds in self.bindings.by_section()
            if bounds
        }


_HEAD: Data = {"version": 1.1, "kind": "compiled_operation"}


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_dump = encoder(_as_text, ascii_only=False)


def _member(value: Any) -> str:
    """Return the JSON of one section: of names and lists of names, which most are, for a fraction of what any takes."""
    if type(value) is str:
        return _quoted(value)
    if type(value) is list and set(map(type, value)) == {str}:
        return f"[{','.join(map(_quoted, value))}]"
    return _dump(value)


_quoted = json.encoder.encode_basestring
_HEAD_TEXT = _dump(_HEAD)[:-1]
