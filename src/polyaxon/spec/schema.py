"""What is the format to an editor? The JSON Schema of a polyaxonfile, made from the models.

`python -m polyaxon.spec.schema` prints it; the printed text is kept in `schema/polyaxonfile.json`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from polyaxon.spec.anatomy import (
    Anything,
    Choice,
    Field,
    Kinds,
    ListOf,
    MapOf,
    Node,
    OneOf,
    Scalar,
    Section,
    fields_of,
)
from polyaxon.spec.component import Component
from polyaxon.spec.fields import Model
from polyaxon.spec.operation import Operation
from polyaxon.spec.words import field_words, first_sentence, model_words

__all__ = ["build_schema", "text"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def build_schema() -> dict[str, Any]:
    """Return the JSON Schema: one definition per model, sections with kinds chosen by their `kind`.

    Fields are offered in the file's own spelling only; the others that are read (snake_case) pass, without a promise.
    """
    maker = _Maker()
    component, operation = maker.ref(Component), maker.ref(Operation)
    return {
        "$schema": _DIALECT,
        "title": "polyaxonfile",
        "description": "A component or an operation: what is run, with which inputs, when and how often.",
        "type": "object",
        "if": {"properties": {"kind": {"const": "component"}}, "required": ["kind"]},
        "then": component,
        "else": operation,
        "$defs": dict(sorted(maker.definitions.items())),
    }


def text() -> str:
    """Return the schema as it is kept in the repository."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


class _Maker:
    """Collects the definition of every model that is met."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}

    def ref(self, model: type[Model]) -> dict[str, Any]:
        name = definition_name(model)
        if name not in self.definitions:
            self.definitions[name] = {}  # sections may hold themselves: taken before it is filled
            self.definitions[name].update(self._model(model))
        return {"$ref": f"#/$defs/{name}"}

    def _model(self, model: type[Model]) -> dict[str, Any]:
        words = field_words(model)
        properties: dict[str, Any] = {}
        for field in fields_of(model).values():
            described = self._field(field)
            if words.get(field.attribute):
                described = {"description": words[field.attribute], **described}
            properties[field.alias] = described
        required = [field.alias for field in fields_of(model).values() if field.required]
        others = [name for field in fields_of(model).values() for name in field.names if name != field.alias]
        return {
            "description": first_sentence(model_words(model)),
            "type": "object",
            "properties": properties,
            **({"patternProperties": {f"^({'|'.join(others)})$": {}}} if others else {}),
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def _field(self, field: Field) -> dict[str, Any]:
        described = self.node(field.node)
        if not field.nullable or not described:
            return described
        if isinstance(field.node, Kinds):
            return {**described, "type": ["object", "null"]}
        if "anyOf" in described and len(described) == 1:
            return {"anyOf": [*described["anyOf"], {"type": "null"}]}
        return {"anyOf": [described, {"type": "null"}]}

    def node(self, node: Node) -> dict[str, Any]:
        """Return the schema of a value."""
        match node:
            case Scalar(_, described):
                return described
            case Choice(words):
                return {"enum": list(words)}
            case ListOf(item):
                return {"type": "array", "items": self.node(item)}
            case MapOf(value):
                inner = self.node(value)
                return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}
            case Section(model):
                return self.ref(model)
            case OneOf(forms):
                choices = [self.node(form) for form in forms]
                return {"anyOf": choices} if all(choices) else {}
            case Kinds():
                return self._kinds(node)
            case Anything():
                return {}

    def _kinds(self, node: Kinds) -> dict[str, Any]:
        """A chain of conditions on `kind`: editors then complain about the one branch that is meant."""
        kinds = list(node.table.kinds)
        branches = [
            {
                "if": {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": self._kind(node, kind),
            }
            for kind in kinds
        ]
        described: dict[str, Any] = {
            "type": "object",
            "properties": {"kind": {"enum": kinds}},
            "allOf": branches,
        }
        if node.table.default is not None:
            described["if"] = {"type": "object", "not": {"required": ["kind"]}}
            described["then"] = self._kind(node, node.table.default)
        elif not node.table.partial:
            described["required"] = ["kind"]
        return described

    def _kind(self, node: Kinds, kind: str) -> dict[str, Any]:
        model = node.table.model(kind)
        own = fields_of(model)["kind"].node
        if isinstance(own, OneOf):
            own = own.forms[0]
        if isinstance(own, Choice) and kind in own.words:
            return self.ref(model)
        # An old spelling of a kind: the fields of the new one.
        properties = {name: {"$ref": f"{self.ref(model)['$ref']}/properties/{name}"} for name in fields_of(model)}
        return {
            "type": "object",
            "properties": {**properties, "kind": {"const": kind}},
            "additionalProperties": False,
        }


def definition_name(model: type[Model]) -> str:
    """The name of a model's definition; `Tuner` exists as a kind of run and as a section of a search."""
    module = model.__module__.rpartition(".")[2]
    return f"{model.__name__}Job" if (module, model.__name__) == ("jobs", "Tuner") else model.__name__


if __name__ == "__main__":
    sys.stdout.write(text())
