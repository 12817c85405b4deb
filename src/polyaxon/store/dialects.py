"""How databases say differently what filters of runs need. Standard library only, Python 3.8, as `search` is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["POSTGRES", "SQLITE", "Dialect"]


@dataclass(frozen=True)
class Dialect:
    """How one database says what databases say differently.

    `json_number`, `json_text` and `json_flag` give the value below a key where it is of that JSON type, else NULL;
    `json_present` tells whether there is any. `elements` is a table with a column `value` of a JSON list's texts.
    """

    name: str
    json_number: Callable[[str, str], str]
    json_text: Callable[[str, str], str]
    json_flag: Callable[[str, str], str]
    json_present: Callable[[str, str], str]
    elements: Callable[[str], str]
    fold: Callable[[str], str]
    """The text in small letters, of any alphabet."""
    binary: str
    """Makes texts compare by code point."""
    null: str
    """A NULL that can be compared with a text."""


def _sqlite_json(types: str) -> Callable[[str, str], str]:
    return lambda column, key: (
        f"CASE WHEN json_type({column}, '$.\"{key}\"') IN ({types}) THEN json_extract({column}, '$.\"{key}\"') END"
    )


SQLITE = Dialect(
    name="sqlite",
    json_number=_sqlite_json("'integer', 'real'"),
    json_text=_sqlite_json("'text'"),
    json_flag=_sqlite_json("'true', 'false'"),
    json_present=lambda column, key: f"COALESCE(json_type({column}, '$.\"{key}\"'), 'null') <> 'null'",
    elements=lambda column: f"json_each({column})",
    fold=lambda text: f"lowered({text})",
    binary="",
    null="NULL",
)


def _postgres_json(type_: str, cast: str) -> Callable[[str, str], str]:
    return lambda column, key: (
        f"CASE WHEN json_typeof({column}::json -> '{key}') = '{type_}' THEN ({column}::json ->> '{key}'){cast} END"
    )


POSTGRES = Dialect(
    name="postgres",
    json_number=_postgres_json("number", "::double precision"),
    json_text=_postgres_json("string", ' COLLATE "C"'),
    json_flag=_postgres_json("boolean", "::boolean::int"),
    json_present=lambda column, key: f"COALESCE(json_typeof({column}::json -> '{key}'), 'null') <> 'null'",
    elements=lambda column: f"json_array_elements_text({column}::json) AS element(value)",
    fold=lambda text: f"lower({text})",
    binary=' COLLATE "C"',
    null="NULL::text",
)
