"""Is the file well-formed by itself? From a document to its model, or to every problem it has.

A right file is built straight; only a wrong one goes the slow way through `diagnose`. Nothing outside the document is
looked at: references, the graph and templates are the compiler's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, takewhile
from typing import Any

from pydantic import ValidationError

from polyaxon.errors import Problem, SpecError
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.component import Shared
from polyaxon.spec.fields import ENOUGH, Model, to_camel
from polyaxon.spec.garbage import collector_paused
from polyaxon.spec.kinds import FILES
from polyaxon.spec.likeness import with_likenesses
from polyaxon.spec.load import Document
from polyaxon.spec.traps import find_traps
from polyaxon.spec.types import describe

__all__ = ["read"]


def read(document: Document) -> Shared:
    """Return the model of the file; raises `SpecError` with all of its problems, the document's warnings included.

    Warnings found here join `document.problems`.
    """
    kind = document.value.get("kind")
    if not (kind is None or (isinstance(kind, str) and kind in FILES.kinds)):
        raise _ordered([*document.problems, _unknown_kind(document, kind)])
    model = FILES.model(kind or "operation")
    problems = list(_snake_case_keys(document, model)) if kind is not None else []
    try:
        with collector_paused():
            if len(document.text) > _LONG:
                _check_beginnings(model, document.value)
            value = with_likenesses(document.value)
            found: Shared = model.__pydantic_validator__.validate_python(value)
    except ValidationError as error:
        # Only wrong files pay for the import of what explains them.
        from polyaxon.spec.diagnose import diagnose

        problems.extend(diagnose(document, model, error))
    else:
        if document.is_as_written:
            document.problems.extend(find_traps(document))
        if not problems:
            return found
    raise _ordered([*document.problems, *problems])


_LONG = 100_000
_WIDTH = ENOUGH + 100  # some of it may be right


def _check_beginnings(model: type[Model], value: Any) -> None:
    """Raise what is wrong with the beginnings of all lists and mappings, when that is more than anybody reads.

    Half a million mistakes would take seconds, and hundreds of megabytes, to be found and thrown away.
    """
    try:
        model.__pydantic_validator__.validate_python(_beginning(value, _Room()))
    except ValidationError as error:
        if error.error_count() > ENOUGH:
            raise


class _Room:
    """How many values there is still room for."""

    left = 20 * ENOUGH


def _beginning(value: Any, room: _Room) -> Any:
    """Cut long lists and mappings; what is no longer than a section may be is kept whole, or it would lack fields."""
    room.left -= 1
    if isinstance(value, dict):
        return {key: _beginning(item, room) for key, item in islice(value.items(), _WIDTH)}
    if not isinstance(value, list):
        return value
    items = takewhile(lambda _: room.left > 0, value[:_WIDTH])
    return [_beginning(item, room) for item in items]


def _ordered(problems: Iterable[Problem]) -> SpecError:
    return SpecError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))


def _snake_case_keys(document: Document, model: type[Model]) -> Iterable[Problem]:
    """The top level of a file that says its kind is written in camelCase only."""
    for key in document.value:
        if "_" in key and key in model.model_fields:
            from polyaxon.spec.diagnose import unknown_field

            yield unknown_field(document, (key,), f"did you mean `{to_camel(key)}`?")


def _unknown_kind(document: Document, kind: object) -> Problem:
    if not isinstance(kind, str):
        message = f"expected the kind of the file, got {describe(kind)}"
        hint = "write `kind: component` or `kind: operation`"
        return document.problem(SpecCode.KIND, message, ("kind",), suggestion=hint)
    from difflib import get_close_matches

    near = get_close_matches(kind.lower(), ("component", "operation"), 1, 0.5)
    return document.problem(
        SpecCode.KIND,
        f"there is no kind of file `{kind}`",
        ("kind",),
        suggestion=f"did you mean `{near[0]}`?" if near else "write `kind: component` or `kind: operation`",
    )
