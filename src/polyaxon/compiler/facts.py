"""Reading a value out of another run: the paths that `ref` params, joins and the parent dag use.

`outputs.loss`, `inputs.rate`, `artifacts.model`, `globals.uuid`, or a whole section (`outputs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from polyaxon.compiler.context import REF_GLOBALS, run_globals
from polyaxon.model.launch import Places
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunFacts

__all__ = ["MISSING", "Ref", "RefError", "read", "read_path", "read_ref"]

MISSING = object()
"""What a run does not have."""

SECTIONS = ("inputs", "outputs", "artifacts", "io", "globals")


class RefError(ValueError):
    """A `ref` or its `value` is not of a known form; the text says why, `suggestion` what to write."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Ref:
    """Whom a param refers to. `kind` is `ops`, `runs` or `dag`; `name` the operation's name or the run's uuid."""

    kind: str
    name: str = ""


@lru_cache(maxsize=4096)
def read_ref(text: str) -> Ref:
    """Read `ops.NAME`, `runs.UUID` or `dag`, braces around it or not."""
    bare = _bare(text)
    if bare == "dag":
        return Ref("dag")
    kind, dot, name = bare.partition(".")
    if kind == "ops" and dot and name and "." not in name:
        return Ref("ops", name)
    if kind == "runs" and dot:
        digits = name.replace("-", "").lower()
        if len(digits) == 32 and not set(digits) - set("0123456789abcdef"):
            return Ref("runs", digits)
        raise RefError(f"`{name}` is not the uuid of a run", "write `runs.` and the 32 hexadecimal digits of the run")
    raise RefError(f"`{text}` refers to nothing known", "write `ops.NAME`, `runs.UUID` or `dag`")


@lru_cache(maxsize=4096)
def read_path(text: str) -> tuple[str, ...]:
    """Read the path of a value inside a run, braces around it or not."""
    parts = tuple(_bare(text).split("."))
    if parts[0] in SECTIONS and (len(parts) <= 2 or (len(parts) == 3 and parts[0] == "artifacts")) and all(parts):
        if parts[0] == "globals" and len(parts) == 2 and parts[1] not in REF_GLOBALS:
            raise RefError(f"a run has no `globals.{parts[1]}`")
        return parts
    raise RefError(
        f"`{text}` is not the path of a value",
        "write `outputs.NAME`, `inputs.NAME`, `artifacts.NAME` or `globals.NAME`",
    )


def _bare(text: str) -> str:
    stripped = text.strip()
    if stripped.startswith("{{") and stripped.endswith("}}"):
        stripped = stripped[2:-2].strip()
    return stripped


def read(run: RunFacts, path: tuple[str, ...], places: Places) -> Any:
    """Return the value at `path` of `run`, or MISSING. `places` tells where the artifacts store is."""
    section, *rest = path
    whole = _SECTIONS[section](run, places)
    if not rest:
        return whole
    if section == "artifacts":
        return _artifact(run, whole, rest)
    return whole.get(rest[0], MISSING)


def _artifact(run: RunFacts, known: Mapping[str, Any], rest: list[str]) -> Any:
    """`base` and `outputs` are every run's; a third part is either part of the name or a path below it."""
    owner = run.artifacts_owner or run.uuid
    own = {"base": str(owner), "outputs": f"{owner}/outputs"}
    name = ".".join(rest)
    if name in known:
        return known[name]
    root = known.get(rest[0], own.get(rest[0]))
    if root is None:
        return MISSING
    return root if len(rest) == 1 else f"{root}/{rest[1]}"


def _run_globals(run: RunFacts, places: Places) -> Mapping[str, Any]:
    """Another run's globals: its files are seen in the store, not where it saw them itself."""
    owner = run.artifacts_owner or run.uuid
    root = f"{places.store.rstrip('/')}/{owner}"
    seen = Places(places.context, places.artifacts, root, f"{root}/outputs", places.store)
    return {**run_globals(run, seen, places.store), "status": str(run.status), "condition": str(run.status)}


_SECTIONS: Mapping[str, Any] = {
    "inputs": lambda run, _: run.inputs,
    "outputs": lambda run, _: run.outputs,
    "artifacts": lambda run, _: run.artifacts,
    "io": lambda run, _: {**run.inputs, **run.outputs},
    "globals": _run_globals,
}
