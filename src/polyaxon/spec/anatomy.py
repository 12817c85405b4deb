"""What may stand where? The models as plain descriptions, for diagnosis, the JSON Schema and the reference pages.

`parts` of a field's type are read from the annotations and the markers of `fields`; nothing is validated here.
"""

from __future__ import annotations

import types as builtin_types
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices

from polyaxon.model.record import dataclass
from polyaxon.spec.fields import BOOL_JSON, NUMBER_JSON, Alternative, Before, ByKind, Later, Model, Shape

__all__ = [
    "Anything",
    "Choice",
    "Field",
    "Kinds",
    "ListOf",
    "MapOf",
    "Node",
    "OneOf",
    "Scalar",
    "Section",
    "fields_of",
    "step",
]


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value at all."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number or boolean; `label` is what people call it."""

    label: str
    json: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list."""

    item: Node


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with free keys."""

    value: Node


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with the fields of a model."""

    model: type[Model]


@dataclass(frozen=True, slots=True)
class Kinds:
    """A mapping whose model depends on its `kind`."""

    table: ByKind


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of several forms; the first is the usual one."""

    forms: tuple[Node, ...]


Node = Anything | Scalar | Choice | ListOf | MapOf | Section | Kinds | OneOf


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the file spells it; `names` are all spellings that are read."""

    attribute: str
    alias: str
    names: tuple[str, ...]
    node: Node
    required: bool
    nullable: bool


_TEMPLATE = Scalar("a template", {"type": "string", "pattern": r"\{\{[\s\S]+\}\}"})
_SCALARS: dict[Any, Node] = {
    str: Scalar("text", {"type": "string"}),
    int: Scalar("a whole number", {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\s*[-+]?\d+\s*$"}]}),
    float: Scalar("a number", NUMBER_JSON),
    bool: Scalar("true or false", BOOL_JSON),
    Any: Anything(),
    dict: MapOf(Anything()),
    list: ListOf(Anything()),
}


@cache
def fields_of(model: type[Model]) -> dict[str, Field]:
    """Return the fields of `model` by the spelling of the file, in the order of the class."""
    found: dict[str, Field] = {}
    for attribute, info in model.model_fields.items():
        choices = info.validation_alias
        spellings = (
            [str(choice) for choice in choices.choices]
            if isinstance(choices, AliasChoices)
            else [info.alias or attribute]
        )
        alias = info.serialization_alias or info.alias or spellings[0]
        names = tuple(dict.fromkeys((alias, *spellings, attribute)))
        node, nullable = _node(info.annotation, tuple(info.metadata))
        found[alias] = Field(attribute, alias, names, node, info.is_required(), nullable)
    return found


def step(node: Node, key: str | int, value: Any) -> Node:
    """Return what may stand at `key` of a value that `node` describes; `value` decides between kinds and forms."""
    if isinstance(node, OneOf):
        wanted: tuple[type, ...] = (ListOf,) if isinstance(key, int) else (Section, Kinds, MapOf)
        return next((step(form, key, value) for form in node.forms if isinstance(form, wanted)), Anything())
    if isinstance(node, Kinds):
        model = kind_of(node, value)
        return step(Section(model), key, value) if model else Anything()
    if isinstance(node, Section):
        field = next((field for field in fields_of(node.model).values() if key in field.names), None)
        return field.node if field else Anything()
    if isinstance(node, ListOf) and isinstance(key, int):
        return node.item
    return node.value if isinstance(node, MapOf) else Anything()


def kind_of(node: Kinds, value: Any) -> type[Model] | None:
    """Return the model that the value's kind asks for, if there is one."""
    kind = value.get("kind") if isinstance(value, dict) else None
    kind = node.table.default if kind is None else kind
    return node.table.model(kind) if isinstance(kind, str) and kind in node.table.kinds else None


def _node(annotation: Any, metadata: tuple[Any, ...] = ()) -> tuple[Node, bool]:
    """Describe a type; the second value tells whether null is one of its values."""
    if get_origin(annotation) is Annotated:
        inner, *markers = get_args(annotation)
        return _node(inner, (*markers, *metadata))
    for marker in metadata:
        if isinstance(marker, ByKind):
            return Kinds(marker), False
        if isinstance(marker, Later):
            return Section(marker.model), False
    shape = next((marker for marker in metadata if isinstance(marker, Shape)), None)
    node, nullable = (Scalar(shape.words, shape.json_schema), False) if shape else _bare(annotation)
    for marker in metadata:
        if isinstance(marker, Alternative):
            node = OneOf((*_forms(node, without_text=True), _TEMPLATE))
        if isinstance(marker, Before) and marker.label:
            node = OneOf((*_forms(node), Scalar(marker.label, dict(marker.json)) if marker.json else Anything()))
    return node, nullable


def _bare(annotation: Any) -> tuple[Node, bool]:
    if annotation in _SCALARS:
        return _SCALARS[annotation], False
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return Choice(tuple(str(word) for word in arguments)), False
    if origin in (Union, builtin_types.UnionType):
        nodes = [_node(argument)[0] for argument in arguments if argument is not type(None)]
        nullable = type(None) in arguments
        return (nodes[0] if len(nodes) == 1 else OneOf(tuple(nodes))), nullable
    if origin is list:
        return ListOf(_node(arguments[0])[0]), False
    if origin is dict:
        return MapOf(_node(arguments[1])[0]), False
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return Section(annotation), False
    raise TypeError(f"the type {annotation} is not one that files use")


def _forms(node: Node, without_text: bool = False) -> tuple[Node, ...]:
    forms = node.forms if isinstance(node, OneOf) else (node,)
    return tuple(form for form in forms if not (without_text and form == _SCALARS[str]))
