"""What do the models say about themselves? Their docstrings and those of their fields, read from the source.

Only the generators of the schema and of the reference pages ask: nothing here is loaded when a file is read.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise

from polyaxon.spec.fields import Model

__all__ = ["field_words", "first_sentence", "model_words"]


@cache
def field_words(model: type[Model]) -> dict[str, str]:
    """Return the docstring of each field by its attribute, inherited ones included."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Model) and base is not Model:
            found.update(_own_words(base))
    return found


def model_words(model: type[Model]) -> str:
    """Return the docstring of the model."""
    return inspect.cleandoc(model.__doc__ or "")


def first_sentence(words: str) -> str:
    """Return the first paragraph in one line."""
    return " ".join(words.split("\n\n")[0].split())


def _own_words(model: type[Model]) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for statement, following in pairwise(body):
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            found[statement.target.id] = " ".join(str(following.value.value).split())
    return found
