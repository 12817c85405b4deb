"""Models as plain data: what was written in them, in the file's words, and what a search names there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

__all__ = ["as_data", "searched_names"]


def as_data(value: Any) -> Any:
    """Return a model as plain data in the file's words, only what was set in it."""
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, exclude_unset=True, warnings=False)
    if isinstance(value, list):
        return [as_data(item) for item in value]
    if isinstance(value, Mapping):
        return {key: as_data(item) for key, item in value.items()}
    return value


def searched_names(matrix: Mapping[str, Any], inputs: Iterable[str] = ()) -> frozenset[str]:
    """Return the names that every suggestion of a search gives a value; `matrix` is plain data.

    When the values of a mapping are known only once a template is rendered, they may be about any of `inputs`.
    """
    names: set[str] = set()
    if isinstance(matrix.get("values"), str):
        names.update(inputs)
    if isinstance(params := matrix.get("params"), Mapping):
        names.update(params)
    values = matrix.get("values")
    if isinstance(values, list) and values and isinstance(values[0], Mapping):
        names.update(values[0])
    if isinstance(resource := matrix.get("resource"), Mapping) and "name" in resource:
        names.add(resource["name"])
    return frozenset(names)
