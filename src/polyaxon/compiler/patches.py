"""`runPatch`: a mapping laid over the runtime section, whole or role by role."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from polyaxon.compiler.kinds import KINDS, map_roles
from polyaxon.compiler.merge import RUN, Nested, Strategy, merge
from polyaxon.spec.fields import to_camel
from polyaxon.spec.kinds import RUNS

__all__ = ["PatchError", "apply_patch", "role_fields", "run_fields"]

_REPLICA = Nested({"environment": Nested(), "container": Nested()})
_REPLICA_FIELDS = frozenset(
    {"replicas", "environment", "connections", "volumes", "init", "sidecars", "container"}
    | {"minReplicas", "maxReplicas", "rayStartParams"},
)


class PatchError(ValueError):
    """A `runPatch` fits neither the runtime nor its roles: `key` is the field that does not belong."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


def apply_patch(run: Mapping[str, Any], patch: Mapping[str, Any], strategy: Strategy) -> dict[str, Any]:
    """Return the run with the patch laid over it; raises `PatchError`."""
    kind = run["kind"]
    if patch.get("kind", kind) != kind:
        raise PatchError(f"the patch is for a `{patch['kind']}`, but the runtime is a `{kind}`", "kind")
    given = {_camel(key): value for key, value in patch.items() if key != "kind"}
    fields = run_fields(kind)
    stray = next((key for key in given if key not in fields), None)
    if stray is None:
        return merge(run, given, strategy, RUN)
    if KINDS[kind].roles and _REPLICA_FIELDS.issuperset(given):
        return map_roles(run, lambda role: merge(role, given, strategy, _REPLICA))
    raise PatchError(f"a `{kind}` has no field `{stray}`", stray)


def _camel(key: str) -> str:
    return to_camel(key) if "_" in key else key


@lru_cache(maxsize=64)
def run_fields(kind: str) -> frozenset[str]:
    """Return the fields that a runtime of this kind may have, in the file's spelling."""
    return frozenset(field.alias or name for name, field in RUNS.model(kind).model_fields.items())


def role_fields(kind: str) -> frozenset[str]:
    """Return the fields that a role of this kind may have; none for kinds without roles."""
    return _REPLICA_FIELDS if KINDS[kind].roles else frozenset()
