"""What templates can name: inputs, outputs, context values, and `params`, `globals`, `init`, `connections`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from polyaxon.compiler.template import render
from polyaxon.model.record import dataclass
from polyaxon.spec.io import IO
from polyaxon.spec.types import plain

if TYPE_CHECKING:
    from polyaxon.model.launch import Places
    from polyaxon.model.run import RunFacts

__all__ = [
    "GLOBALS",
    "NOTHING_BOUND",
    "REF_GLOBALS",
    "RESERVED",
    "SERVICE_GLOBALS",
    "Bound",
    "Lazy",
    "as_arg",
    "as_text",
    "context",
    "run_globals",
]

RESERVED = frozenset({"params", "globals", "init", "connections"})
"""Names that every context has."""

SERVICE_GLOBALS = frozenset({"ports", "base_url", "base_urls"})
"""`globals` keys of services only."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One input, output or context value with what it became."""

    name: str
    value: Any = None
    type: str | None = None
    is_list: bool = False
    is_flag: bool = False
    arg_format: str | None = None
    connection: str | None = None
    to_init: bool = False
    to_env: str | None = None
    io: IO | None = None
    """What the component declares, if it does."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """All bound values of one operation, in declaration order."""

    inputs: tuple[Bound, ...] = ()
    outputs: tuple[Bound, ...] = ()
    contexts: tuple[Bound, ...] = ()

    @property
    def sections(self) -> tuple[tuple[Bound, ...], tuple[Bound, ...], tuple[Bound, ...]]:
        """Inputs, outputs, contexts."""
        return self.inputs, self.outputs, self.contexts

    def by_section(self) -> tuple[tuple[str, tuple[Bound, ...]], ...]:
        """The three with their names."""
        return ("inputs", self.inputs), ("outputs", self.outputs), ("contexts", self.contexts)


NOTHING_BOUND = Bindings()
"""Of an operation without any value."""


def declaration(bound: Bound, known: dict[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the bound value as an entry of `inputs`, `outputs` or `contexts` in the file's words. What the component
    declares is read once, and kept in `known`."""
    declared = dict(known[bound.name] if bound.name in known else _declared(bound, known))
    given: dict[str, Any] = {"connection": bound.connection, "toInit": bound.to_init or None, "toEnv": bound.to_env}
    declared.update({name: value for name, value in given.items() if value is not None})
    if bound.value is not None or "value" in declared:
        declared["value"] = plain(bound.value)
    return declared


def _declared(bound: Bound, known: dict[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    if bound.io is None:
        return {"name": bound.name}
    declared = known[bound.name] = bound.io.model_dump(by_alias=True, exclude_unset=True)
    return declared


class Lazy(Mapping[str, Any]):
    """A mapping built when it is first looked at: most templates never ask for `params` or `globals`."""

    __slots__ = ("_build", "_built")

    def __init__(self, build: Callable[[], Mapping[str, Any]]) -> None:
        self._build = build
        self._built: Mapping[str, Any] | None = None

    def _mapping(self) -> Mapping[str, Any]:
        if self._built is None:
            self._built = self._build()
        return self._built

    def get(self, key: str, default: Any = None) -> Any:
        return self._mapping().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._mapping()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping())

    def __len__(self) -> int:
        return len(self._mapping())

    def __str__(self) -> str:
        return str(dict(self))


def context(bindings: Bindings, globals_: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Return the names a template sees."""
    names: dict[str, Any] = {}
    for section in bindings.sections:
        for bound in section:
            names[bound.name] = shown(bound)
    names["params"] = Lazy(lambda: _params(bindings))
    names["globals"] = Lazy(globals_)
    names["init"] = {}
    names["connections"] = {}
    return names


def shown(bound: Bound) -> Any:
    """Return what a bare name stands for: a flag is its own text, and a text that is not given is empty."""
    if bound.is_flag:
        return f"--{bound.name}" if bound.value else ""
    if bound.value is None and bound.type in _TEXTS:
        return ""
    return bound.value


_TEXTS = frozenset({"str", "path"})


def _params(bindings: Bindings) -> dict[str, Any]:
    entries = {bound.name: param_entry(bound) for section in bindings.sections for bound in section}
    outputs = (bound for bound in bindings.outputs if bound.value is not None)
    given = [*bindings.inputs, *outputs, *bindings.contexts]
    return {**entries, "as_args": [text for text in map(as_arg, given) if text]}


def param_entry(bound: Bound) -> dict[str, Any]:
    """Return what `params.NAME` holds."""
    return {
        "value": bound.value,
        "type": bound.type,
        "connection": bound.connection,
        "as_str": as_text(bound.value),
        "as_arg": as_arg(bound),
    }


def as_arg(bound: Bound) -> str:
    """Return the value as a command-line argument, empty when there is nothing to say."""
    if bound.is_flag:
        return f"--{bound.name}" if bound.value else ""
    if bound.value is None:
        return ""
    if bound.arg_format is not None:
        return str(render(bound.arg_format, {bound.name: bound.value}))
    return f"--{bound.name}={as_text(bound.value)}"


def as_text(value: Any) -> str:
    """Return the value as text: JSON for anything but text."""
    found = plain(value)
    return found if isinstance(found, str) else json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def run_globals(run: RunFacts, places: Places, store_path: str = "") -> dict[str, Any]:
    """Return `globals` for a run that finds its files at `places`."""
    return {name: read(run, places) for name, read in _GLOBALS.items()} | {"store_path": store_path}


def _time(name: str) -> Callable[[RunFacts, Places], str | None]:
    def read(run: RunFacts, _: Places) -> str | None:
        moment: datetime | None = getattr(run, name)
        return moment.isoformat() if moment is not None else None

    return read


def _fact(name: str) -> Callable[[RunFacts, Places], Any]:
    return lambda run, _: getattr(run, name)


_GLOBALS: Mapping[str, Callable[[RunFacts, Places], Any]] = {
    "owner_name": lambda run, _: run.owner,
    "project_name": lambda run, _: run.project,
    "project_unique_name": lambda run, _: f"{run.owner}.{run.project}",
    "project_uuid": lambda run, _: f"{run.owner}.{run.project}",
    "username": lambda run, _: run.user,
    "user_email": lambda *_: None,
    "run_info": lambda run, _: f"{run.owner}.{run.project}.runs.{run.uuid}",
    "name": _fact("name"),
    "uuid": _fact("uuid"),
    "namespace": _fact("namespace"),
    "iteration": _fact("iteration"),
    "context_path": lambda _, places: places.context,
    "artifacts_path": lambda _, places: places.artifacts,
    **{name: _time(name) for name in ("created_at", "compiled_at", "schedule_at", "started_at", "finished_at")},
    "duration": _fact("duration"),
    "cloning_kind": lambda run, _: str(run.cloning_kind) if run.cloning_kind else None,
    "original_uuid": _fact("original_uuid"),
    "is_independent": _fact("is_independent"),
    "run_relative_outputs_path": lambda run, _: f"{run.uuid}/outputs",
    "run_artifacts_path": lambda _, places: places.run_artifacts,
    "run_outputs_path": lambda _, places: places.run_outputs,
}

GLOBALS = frozenset(_GLOBALS) | {"store_path"}
"""`globals` keys of every run."""

REF_GLOBALS = GLOBALS | {"status", "condition"}
"""What `globals.KEY` of another run may name."""
