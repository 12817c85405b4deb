"""How is a model written down again? As the canonical mapping of v1.1: camelCase, and only what was given."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticSerializationError

from polyaxon.spec.component import Component
from polyaxon.spec.fields import Model
from polyaxon.spec.types import plain

__all__ = ["dump"]


def dump(model: Model) -> dict[str, Any]:
    """Return what `model` says as plain data that reads back to an equal model.

    Unset fields are left out; an explicit null stays. A component says its kind even where the place would imply it.
    """
    try:
        found: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    except PydanticSerializationError:  # Python code put objects of its own into free values
        found = plain(model.model_dump(by_alias=True, exclude_unset=True))
    if isinstance(model, Component) and "kind" not in found:
        found = {"kind": "component", **found}
    return found
