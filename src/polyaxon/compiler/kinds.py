"""What the compiler knows of each runtime kind: what is stored for it, its roles, its main container's name.

Order matters: the first present role of a distributed kind is the one that decides the run's fate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind

__all__ = ["KINDS", "Kind", "kind_of", "map_roles", "roles"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One `run.kind`. No `roles`: the section itself holds the container. `groups` is the field of named roles."""

    stored: RunKind = RunKind.JOB
    roles: tuple[str, ...] = ()
    groups: str | None = None
    container: str = "polyaxon-main"


KINDS: Mapping[str, Kind] = {
    "job": Kind(),
    "service": Kind(RunKind.SERVICE),
    "dag": Kind(RunKind.DAG),
    "notifier": Kind(),
    "tuner": Kind(),
    "cleaner": Kind(RunKind.CLEANER),
    "tfjob": Kind(roles=("chief", "worker", "ps", "evaluator"), container="tensorflow"),
    "pytorchjob": Kind(roles=("master", "worker"), container="pytorch"),
    "mpijob": Kind(roles=("launcher", "worker")),
    "mxjob": Kind(
        roles=("scheduler", "server", "worker", "tuner", "tunerTracker", "tunerServer"),
        container="mxnet",
    ),
    "xgbjob": Kind(roles=("master", "worker"), container="xgboost"),
    "paddlejob": Kind(roles=("master", "worker"), container="paddle"),
    "raycluster": Kind(RunKind.SERVICE, roles=("head",), groups="workers"),
    "rayjob": Kind(roles=("head",), groups="workers"),
    "daskcluster": Kind(RunKind.SERVICE, roles=("scheduler", "worker")),
    "daskjob": Kind(roles=("job", "scheduler", "worker")),
}
"""Every kind a file may hold."""


def kind_of(run: Mapping[str, Any]) -> Kind:
    """Return the kind of a run section that was checked."""
    return KINDS[run["kind"]]


def roles(run: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield where each role of the run stands and what it holds; the section itself for kinds without roles."""
    kind = kind_of(run)
    if not kind.roles:
        yield (), run
        return
    for role in kind.roles:
        if isinstance(found := run.get(role), Mapping):
            yield (role,), found
    groups = run.get(kind.groups) if kind.groups else None
    if isinstance(groups, Mapping):
        for name, group in groups.items():
            if kind.groups and isinstance(group, Mapping):
                yield (kind.groups, name), group


def map_roles(run: Mapping[str, Any], change: Any) -> dict[str, Any]:
    """Return the run with `change` applied to each role (to the section itself for kinds without roles)."""
    result = dict(run)
    for path, role in list(roles(run)):
        if not path:
            return dict(change(role))
        if len(path) == 1:
            result[path[0]] = change(role)
        else:
            result[path[0]] = {**result[path[0]], path[1]: change(role)}
    return result
