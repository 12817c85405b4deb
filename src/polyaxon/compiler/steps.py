"""What happens before the main container: the entries of `init`, and the inputs that ask to be fetched (`toInit`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.compiled import Surroundings
from polyaxon.compiler.containers import container_of
from polyaxon.compiler.context import Bindings, Bound
from polyaxon.compiler.problems import problem, short
from polyaxon.errors import SpecError
from polyaxon.model.launch import Container, InitStep

__all__ = ["KINDS", "init_steps"]

Data = Mapping[str, Any]

KINDS = ("artifacts", "paths", "git", "dockerfile", "file", "tensorboard")
"""The entries that say what they fetch, write or clone."""
REFERENCES = ("lineageRef", "modelRef", "artifactRef")

_STORES = frozenset({"host_path", "volume_claim", "gcs", "s3", "wasb"})
_GIT = ("url", "revision", "flags")


def init_steps(entries: Iterable[Data], bindings: Bindings, around: Surroundings) -> tuple[InitStep, ...]:
    """Return the steps in the order in which they happen: fetched inputs, the entries, bare containers last."""
    steps = [_input_step(bound, around) for bound in _fetched(bindings)]
    steps += [_step(entry, around) for entry in entries]
    return tuple(sorted(steps, key=lambda step: step.kind == "container")) if steps else ()


def _fetched(bindings: Bindings) -> Iterable[Bound]:
    return (bound for section in bindings.sections for bound in section if bound.to_init)


def _input_step(bound: Bound, around: Surroundings) -> InitStep:
    entry: dict[str, Any] = {"connection": bound.connection} if bound.connection else {}
    if bound.type in {"git", "artifacts", "dockerfile"}:
        entry[bound.type] = bound.value or {}
    elif bound.type == "path":
        entry["paths"] = bound.value
    elif not bound.connection:
        message = f"`toInit` of `{bound.name}` needs a connection, or the type git, artifacts, dockerfile or path"
        raise SpecError([problem(CompileCode.TO_INIT, message, f"params.{bound.name}")])
    return _step(entry, around)


def _step(entry: Data, around: Surroundings) -> InitStep:
    name = entry.get("connection")
    written = entry.get("container")
    container = None if written is None else container_of(written, written.get("name") or "init")
    for kind in KINDS:
        if entry.get(kind) is not None:
            return InitStep(kind, _spec(kind, entry[kind], name, around), name, entry.get("path"), container)
    for kind in REFERENCES:
        if entry.get(kind) is not None:
            return _reference(kind, str(entry[kind]), entry, container, around)
    kind = _connection_kind(name, container, around)
    return InitStep(kind, _spec(kind, {}, name, around), name, entry.get("path"), container)


def _spec(kind: str, value: Any, connection: str | None, around: Surroundings) -> Data:
    if kind != "paths" and value is not None and not isinstance(value, Mapping):
        message = f"`{kind}` of `init` became {short(str(value))!r}, expected a mapping"
        raise SpecError([problem(CompileCode.RENDERED, message, f"run.init.{kind}")])
    if kind == "paths":
        return {"paths": [value] if isinstance(value, str) else list(value or ())}
    if kind == "git":
        known = around.connections.get(connection or "")
        schema = known.schema if known is not None else {}
        return {**{key: schema[key] for key in _GIT if schema.get(key) is not None}, **(value or {})}
    return dict(value or {})


def _connection_kind(name: str | None, container: Container | None, around: Surroundings) -> str:
    """An entry with nothing but a connection does what such connections are for: clone, or copy the whole store."""
    known = around.connections.get(name or "")
    if known is not None and known.kind == "git":
        return "git"
    if container is not None and (known is None or known.kind not in _STORES):
        return "container"
    return "artifacts"


def _reference(kind: str, text: str, entry: Data, container: Container | None, around: Surroundings) -> InitStep:
    """A lineage of another run becomes its path; versions of models and artifacts are looked up by the platform."""
    if kind != "lineageRef":
        return InitStep(kind, {"ref": text}, entry.get("connection"), entry.get("path"), container)
    uuid, _, name = text.partition(":")
    run = around.runs.get(uuid.replace("-", ""))
    path = run.artifacts.get(name) if run is not None else None
    if path is None:
        message = f"there is no lineage `{name}` of a run `{uuid}`"
        raise SpecError([problem(CompileCode.UNKNOWN_VALUE, message, "run.init")])
    return InitStep("paths", {"paths": [path]}, entry.get("connection"), entry.get("path"), container)
