"""The search language: `query` and `sort` texts to typed filters. Pure.

`parse("status:running|queued, metrics.acc:>0.8", now=now)` gives the tree described in `tree`: `And` and `Or` over
`Condition(field, operation, negated)`. Fields, operations and values are checked while parsing, so whoever compiles
the tree (to SQL in `store/search.py`, to a verdict in `evaluate`) meets only what `fields.OPERATIONS` allows.

`now` is when "now" is and, by its zone, where dates without one are. Imported by training code: Python 3.8, standard
library only.
"""

from __future__ import annotations

from polyaxon.query.evaluate import matches
from polyaxon.query.fields import ENTITIES, Entity, FieldClass, ValueType
from polyaxon.query.parse import asked_values, check, mentions, parse, with_defaults
from polyaxon.query.sort import SortKey, known_sort, parse_sort
from polyaxon.query.tree import (
    And,
    Anything,
    Between,
    Compare,
    Condition,
    Equals,
    Field,
    Filter,
    In,
    Like,
    Missing,
    Operation,
    Or,
    Within,
)

__all__ = [
    "ENTITIES",
    "And",
    "Anything",
    "Between",
    "Compare",
    "Condition",
    "Entity",
    "Equals",
    "Field",
    "FieldClass",
    "Filter",
    "In",
    "Like",
    "Missing",
    "Operation",
    "Or",
    "SortKey",
    "ValueType",
    "Within",
    "asked_values",
    "check",
    "known_sort",
    "matches",
    "mentions",
    "parse",
    "parse_sort",
    "with_defaults",
]
