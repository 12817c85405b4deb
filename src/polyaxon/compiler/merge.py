"""How one layer of a polyaxonfile is laid over another: the four patch strategies.

Works on plain data in the file's own spelling (camelCase mappings, lists, scalars). What a mapping means, an object
whose fields are patched one by one or a free mapping that belongs to the user, is told by a *shape*; `OPERATION` and
`RUN` are the shapes of the format. Nothing given is changed; results may share parts with what was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any

from polyaxon.model.record import dataclass

__all__ = ["OPERATION", "RUN", "ByKey", "Each", "Kinds", "Nested", "Shape", "Strategy", "combine", "merge"]


class Strategy(StrEnum):
    """Who wins where both layers say something."""

    REPLACE = "replace"
    ISNULL = "isnull"
    POST_MERGE = "post_merge"
    PRE_MERGE = "pre_merge"

    @property
    def patch_wins(self) -> bool:
        """Whether a scalar of the patch replaces the base's."""
        return self in _PATCH_WINS


_PATCH_WINS = frozenset({Strategy.REPLACE, Strategy.POST_MERGE})


@dataclass(frozen=True, slots=True)
class Nested:
    """An object of the format: patched field by field."""

    fields: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kinds:
    """An object told apart by `kind`: patched by field where the kinds agree, else one of the two is taken whole.

    `replaces` says whether the strategy `replace` takes the patch whole even then (matrix, schedule) or not (run).
    """

    fields: Mapping[str, Shape] = field(default_factory=dict)
    replaces: bool = True


@dataclass(frozen=True, slots=True)
class Each:
    """A mapping of names to objects of one shape (the worker groups of a ray cluster)."""

    item: Nested


@dataclass(frozen=True, slots=True)
class ByKey:
    """A mapping merged by key, each value taken whole from the winner (params)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A value taken whole from the winner, whatever its type (the lines of `cmd`)."""


Shape = Nested | Kinds | Each | ByKey | Whole

_CONTAINER = Nested()
_REPLICA = Nested({"environment": Nested(), "container": _CONTAINER})
_PROBE = Nested({"http": Nested(), "exec": Nested()})

RUN = Kinds(
    {
        "environment": Nested(),
        "container": _CONTAINER,
        **dict.fromkeys(("chief", "worker", "ps", "evaluator", "master", "launcher", "scheduler", "head"), _REPLICA),
        **dict.fromkeys(("server", "tuner", "tunerTracker", "tunerServer", "job"), _REPLICA),
        "workers": Each(_REPLICA),
        "schedulingPolicy": Nested(),
        "elasticPolicy": Nested(),
        "autoscalerOptions": Nested(),
    },
    replaces=False,
)
"""The runtime section. One table for all kinds: no field means two things."""

OPERATION = Nested(
    {
        "cache": Nested(),
        "termination": Nested({"culling": Nested(), "probe": _PROBE}),
        "plugins": Nested({"sidecar": Nested()}),
        "build": Nested({"cache": Nested(), "params": ByKey()}),
        "template": Nested(),
        "matrix": Kinds(
            {
                "params": ByKey(),
                "metric": Nested(),
                "resource": Nested(),
                "tuner": Nested({"params": ByKey()}),
                "utilityFunction": Nested({"gaussianProcess": Nested()}),
                "warmStart": Nested(),
            },
        ),
        "schedule": Kinds(),
        "params": ByKey(),
        "run": RUN,
        "runPatch": RUN,
        "container": _CONTAINER,
        "environment": Nested(),
        "env": ByKey(),
        "resources": ByKey(),
        "cmd": Whole(),
    },
)
"""An operation, a component or a preset, shorthands included."""


def merge(
    base: Mapping[str, Any], patch: Mapping[str, Any], strategy: Strategy, shape: Shape = OPERATION
) -> dict[str, Any]:
    """Return `base` with `patch` laid over it. Only what the patch holds takes part."""
    fields: Mapping[str, Shape] = shape.fields if isinstance(shape, (Nested, Kinds)) else {}
    result = dict(base)
    for key, value in patch.items():
        if key not in base:
            below = fields.get(key)
            if isinstance(value, Mapping) and isinstance(below, Nested | Kinds):
                value = merge({}, value, strategy, below)  # a null inside of it is unset as well
            if value is not None:
                result[key] = value
            continue
        merged = combine(base[key], value, strategy, fields.get(key))
        if merged is None:
            del result[key]
        else:
            result[key] = merged
    return result


def combine(base: Any, patch: Any, strategy: Strategy, shape: Shape | None = None) -> Any:
    """Return what `strategy` makes of two values of one field; None is unset."""
    if base is None:
        return patch
    if patch is None:
        return _erase(base, strategy, shape)
    if isinstance(base, _SCALARS):
        return patch if strategy.patch_wins else base
    if isinstance(base, Mapping) and isinstance(patch, Mapping):
        return _mappings(base, patch, strategy, shape)
    if isinstance(base, list) and isinstance(patch, list) and not isinstance(shape, Whole):
        return _lists(base, patch, strategy)
    return patch if strategy.patch_wins else base


_SCALARS = (str, int, float)


def _erase(base: Any, strategy: Strategy, shape: Shape | None) -> Any:
    """An explicit null erases a value, never an object of the format."""
    if isinstance(shape, (Nested, Kinds, Each)) and isinstance(base, Mapping):
        return base
    return None if strategy.patch_wins else base


def _mappings(base: Mapping[str, Any], patch: Mapping[str, Any], strategy: Strategy, shape: Shape | None) -> Any:
    match shape:
        case Nested():
            return merge(base, patch, strategy, shape)
        case Kinds():
            return _kinds(base, patch, strategy, shape)
        case Each(item):
            added = {name: value for name, value in patch.items() if name not in base}
            kept = {name: combine(value, patch.get(name), strategy, item) for name, value in base.items()}
            return {**kept, **added}
    if strategy is Strategy.REPLACE:
        return patch
    if strategy is Strategy.ISNULL:
        return base
    winner, loser = (patch, base) if strategy.patch_wins else (base, patch)
    if isinstance(shape, ByKey):
        return {name: winner.get(name, loser.get(name)) for name in (*base, *(key for key in patch if key not in base))}
    return _update(base, patch, strategy)


def _kinds(base: Mapping[str, Any], patch: Mapping[str, Any], strategy: Strategy, shape: Kinds) -> Any:
    if patch.get("kind", base.get("kind")) != base.get("kind"):
        return patch if strategy.patch_wins else base
    if shape.replaces and strategy is Strategy.REPLACE:
        return patch
    if shape.replaces and strategy is Strategy.ISNULL:
        return base
    return merge(base, patch, strategy, shape)


def _update(base: Mapping[str, Any], patch: Mapping[str, Any], strategy: Strategy) -> dict[str, Any]:
    """Merge two free mappings: by key all the way down, anything else is the winner's."""
    result = dict(base)
    for key, value in patch.items():
        current = result.get(key)
        if isinstance(current, Mapping) and isinstance(value, Mapping):
            result[key] = _update(current, value, strategy)
        elif key not in result or strategy.patch_wins:
            result[key] = value
    return result


def _lists(base: Sequence[Any], patch: Sequence[Any], strategy: Strategy) -> list[Any]:
    match strategy:
        case Strategy.REPLACE:
            return list(patch)
        case Strategy.ISNULL:
            return list(base)
        case Strategy.POST_MERGE:
            return [*base, *_missing(patch, base)]
        case Strategy.PRE_MERGE:
            return [*patch, *_missing(base, patch)]


def _missing(items: Sequence[Any], known: Sequence[Any]) -> list[Any]:
    """Return those `items` that are not in `known`."""
    try:
        seen = set(known)
    except TypeError:
        return [item for item in items if item not in known]
    return [item for item in items if not _in(item, seen)]


def _in(item: Any, seen: set[Any]) -> bool:
    try:
        return item in seen
    except TypeError:
        return False
