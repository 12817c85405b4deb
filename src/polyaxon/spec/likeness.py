"""Operations of a dag that differ only in what is their own: one is validated, the others are made after its likeness.

A dag of thousands mostly repeats the same few operations with other names, dependencies and values; validating fifty
fields of each takes longer than all that is done with them afterwards. What such operations share are models that
nobody changes: this is for files and stored operations, never for models that are handed to somebody's own code.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from polyaxon.spec.kinds import OPERATION_LIKE
from polyaxon.spec.operation import Operation
from polyaxon.spec.params import Params

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["with_likenesses"]

Data = Mapping[str, Any]

_OWN = frozenset({"name", "dependencies", "conditions", "params"})
"""What may differ: fields with one spelling."""
_SHARED = frozenset(
    {"kind", "dagRef", "description", "tags", "queue", "namespace", "cache", "termination", "plugins", "trigger"}
    | {"skipOnUpstreamSkip"},
)
"""What may be shared: sections whose place nobody looks up by their identity, as is done with components."""
_WORTH_IT = 8
"""A dag of fewer operations is validated as it is."""
_NAME = re.compile(r"[-a-zA-Z0-9_]+")


def with_likenesses(value: Data) -> Data:
    """Return a file, as plain data, with models in place of those operations of its dag that are right.

    What is wrong stays as it is: whoever validates the whole finds it, at its place.
    """
    component, run = value.get("component"), value.get("run")
    if isinstance(component, dict) and run is None:
        inner = with_likenesses(component)
        return value if inner is component else {**value, "component": inner}
    if not isinstance(run, dict) or run.get("kind") != "dag":
        return value
    operations = run.get("operations")
    if not isinstance(operations, list) or len(operations) < _WORTH_IT:
        return value
    validated: dict[Any, Operation | None] = {}
    return {**value, "run": {**run, "operations": [_built(item, validated) for item in operations]}}


def _built(item: Any, validated: dict[Any, Operation | None]) -> Any:
    """Return the model of one operation, or what was given. `validated` holds one of each likeness, None if wrong."""
    if not isinstance(item, dict):
        return item
    try:
        # Version 2 says the same of equal values whoever else holds them, and tells `true` from `1`.
        likeness = (*item, marshal.dumps([item[name] for name in item if name not in _OWN], 2))
    except ValueError:  # it holds what no file does
        return item
    if likeness not in validated:
        model = validated[likeness] = _validated(item)
        return item if model is None else model
    model = validated[likeness]
    own = _own(item) if model is not None else None
    return item if model is None or own is None else _like(model, own)


def _validated(item: dict[str, Any]) -> Operation | None:
    if not _SHARED.issuperset(item.keys() - _OWN):
        return None
    try:
        found = OPERATION_LIKE.validate(item)
    except (ValidationError, PydanticCustomError):
        return None
    return found if type(found) is Operation else None


def _own(item: Data) -> dict[str, Any] | None:
    """Return what is the operation's own, validated; None when it is not plainly right."""
    own = {name: item[name] for name in item if name in _OWN}
    for name, value in own.items():
        found = _READ[name](value)
        if found is None:
            return None
        own[name] = found
    return own


def _name(value: Any) -> str | None:
    return value if type(value) is str and _NAME.fullmatch(value) else None


def _text(value: Any) -> str | None:
    return value if type(value) is str else None


def _names(value: Any) -> list[str] | None:
    return [*value] if type(value) is list and {str}.issuperset(map(type, value)) else None


def _params(value: Any) -> Any:
    try:
        return _validator().validate_python(value)
    except ValidationError:
        return None


@cache
def _validator() -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # only large dags with params pay for it

    return TypeAdapter(Params)


_READ = {"name": _name, "conditions": _text, "dependencies": _names, "params": _params}


def _like(model: Operation, own: Data) -> Operation:
    """Return a copy with other values in the same fields: as `model_copy` does, for a tenth of what that takes."""
    copy = Operation.__new__(Operation)
    object.__setattr__(copy, "__dict__", {**model.__dict__, **own})
    object.__setattr__(copy, "__pydantic_fields_set__", set(model.__pydantic_fields_set__))
    object.__setattr__(copy, "__pydantic_extra__", None)
    object.__setattr__(copy, "__pydantic_private__", None)
    return copy
