"""`sort` texts: `field,-field.key` to sort keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

from polyaxon.errors import QueryError
from polyaxon.query.fields import ENTITIES, Entity
from polyaxon.query.parse import did_you_mean

__all__ = ["SortKey", "known_sort", "parse_sort"]

_KEY = re.compile(r"([+-]?)\s*([A-Za-z_][A-Za-z0-9_]*)(?:\.([A-Za-z0-9_][A-Za-z0-9_-]*))?")


@dataclass(frozen=True)
class SortKey:
    """One key: a field by its canonical name, or a key of inputs, outputs, metrics or meta. Missing values come last
    when descending."""

    name: str
    key: str | None = None
    descending: bool = False


def parse_sort(sort: str, *, entity: str = "run") -> tuple[SortKey, ...]:
    """Return the keys, most significant first; the entity's own order for an empty text.

    Raise `QueryError` for what is not a key: a list in the wrong order looks right.
    """
    known = ENTITIES[entity]
    keys = tuple(_key(part, known, sort) for part in sort.split(",") if part.strip())
    return keys or _default(known)


def known_sort(sort: str, *, entity: str = "run") -> tuple[SortKey, ...]:
    """As `parse_sort`, but leave out what is not a key: what the REST API promises its clients."""
    known = ENTITIES[entity]
    keys = []
    for part in filter(str.strip, sort.split(",")):
        try:
            keys.append(_key(part, known, sort))
        except QueryError:
            continue
    return tuple(keys) or _default(known)


def _default(entity: Entity) -> tuple[SortKey, ...]:
    return (_key(entity.default_sort, entity, entity.default_sort),) if entity.default_sort else ()


def _key(part: str, entity: Entity, sort: str) -> SortKey:
    match = _KEY.fullmatch(part.strip())
    if match is None:
        raise QueryError(
            f"`{part.strip()}` in sort `{sort}` is not a sort key", "write `field`, `-field` or `field.key`"
        )
    sign, name, key = match.groups()
    spec = entity.fields.get(name)
    canonical = spec.of if spec is not None and spec.of else name
    if canonical not in (entity.sortable if key is None else entity.sortable_keyed):
        choices = [*entity.sortable, *(f"{item}.NAME" for item in entity.sortable_keyed)]
        raise QueryError(f"a {entity.name} cannot be sorted by `{part.strip()}`", did_you_mean(name, choices))
    return SortKey(canonical, key, sign == "-")
