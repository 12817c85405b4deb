"""What do the reference pages say about the fields? Tables made from the models, filled into pages between markers.

A page holds `<!-- fields: Termination -->` … `<!-- end -->`; what is between them is replaced. The writing of files is
`tools/spec_reference.py`.
"""

from __future__ import annotations

import re

from polyaxon.spec import kinds
from polyaxon.spec.anatomy import (
    Anything,
    Choice,
    Kinds,
    ListOf,
    MapOf,
    Node,
    OneOf,
    Scalar,
    Section,
    fields_of,
)
from polyaxon.spec.connections import Connection
from polyaxon.spec.fields import ByKind, Model
from polyaxon.spec.schema import definition_name
from polyaxon.spec.words import field_words

__all__ = ["fill", "models"]

_BLOCK = re.compile(r"(<!-- fields: (?P<name>\w+)(?: only (?P<only>[\w ]+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: str) -> str:
    """Return the page with its tables of fields as the models have them."""
    known = models()

    def table(found: re.Match[str]) -> str:
        only = found["only"].split() if found["only"] else None
        return f"{found[1]}\n{_table(known[found['name']], only)}\n\n{found[4]}"

    return _BLOCK.sub(table, page)


def models() -> dict[str, type[Model]]:
    """Return every model of the format by the name of its definition in the JSON Schema."""
    tables = [table for table in vars(kinds).values() if isinstance(table, ByKind)]
    waiting: list[type[Model]] = [table.model(kind) for table in tables for kind in table.kinds]
    waiting.append(Connection)
    found: dict[str, type[Model]] = {}
    while waiting:
        model = waiting.pop()
        name = definition_name(model)
        if name not in found:
            found[name] = model
            for field in fields_of(model).values():
                waiting.extend(_models_in(field.node))
    return found


def _models_in(node: Node) -> list[type[Model]]:
    match node:
        case Section(model):
            return [model]
        case ListOf(inner) | MapOf(inner):
            return _models_in(inner)
        case OneOf(forms):
            return [model for form in forms for model in _models_in(form)]
        case _:
            return []


def _table(model: type[Model], only: list[str] | None) -> str:
    words = field_words(model)
    rows = [f"**{definition_name(model)}**", "", "| field | takes | meaning |", "|---|---|---|"]
    for field in fields_of(model).values():
        if only is not None and field.alias not in only:
            continue
        needed = " (required)" if field.required else ""
        meaning = words.get(field.attribute, "As in Kubernetes.")
        rows.append(f"| `{field.alias}`{needed} | {_escaped(takes(field.node))} | {_escaped(meaning)} |")
    return "\n".join(rows)


def takes(node: Node) -> str:
    """Say in a few words what a field takes."""
    match node:
        case Scalar(label, _):
            return label
        case Choice(words):
            return ", ".join(f"`{word}`" for word in words)
        case ListOf(Anything()):
            return "list"
        case ListOf(item):
            return "list of: " + takes(item)
        case MapOf(Anything()):
            return "mapping"
        case MapOf(value):
            return "mapping of names to: " + takes(value)
        case Section(model):
            return f"{definition_name(model)} section"
        case Kinds(table):
            return f"{table.what} section, by its `kind`"
        case OneOf(forms):
            return ", or ".join(takes(form) for form in forms)
        case Anything():
            return "anything"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
