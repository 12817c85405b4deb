"""Does a text begin with a match of a user's regular expression? In linear time, whatever both of them are.

Python's own engine may take for ever (`(a+)+$`). The one that validates the models never does, but knows no look-around
and no back references; an expression with those goes to Python's if it repeats no group and little else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

__all__ = ["begins_with_match", "check_expression"]

LONGEST = 200
"""Characters of a text for Python's engine."""
MOST_REPEATS = 3
_GROUP_REPEATED = re.compile(r"(?<!\\)\)[*+{]")
_REPEAT = re.compile(r"(?<!\\)[*+{]")
_HINT = "write it without look-around (`(?=`, `(?!`, `(?<`) and back references, or repeat less"


def check_expression(pattern: str) -> None:
    """Raise `ValueError` when the expression is wrong, or could take for ever."""
    _matcher(pattern)


def begins_with_match(pattern: str, text: str) -> bool:
    """Whether `text` begins with a match of `pattern`, which was checked."""
    return _matcher(pattern)(text)


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> Callable[[str], bool]:
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the regular expression cannot be read: {error}") from error
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=rf"\A(?:{_translated(pattern)})"))
    except SchemaError as error:
        if _GROUP_REPEATED.search(pattern) or len(_REPEAT.findall(pattern)) > MOST_REPEATS:
            raise ValueError(f"the regular expression could take too long; {_HINT}") from error
        return lambda text: len(text) <= LONGEST and compiled.match(text) is not None
    return lambda text: _is_valid(validator, text)


def _translated(pattern: str) -> str:
    """Return the expression in the other engine's spelling: Python's `$` also stands before a last line break."""
    return re.sub(r"(?<!\\)\$$", r"\\n?\\z", pattern.replace(r"\Z", r"\z"))


def _is_valid(validator: SchemaValidator, text: str) -> bool:
    try:
        validator.validate_python(text)
    except ValidationError:
        return False
    return True
