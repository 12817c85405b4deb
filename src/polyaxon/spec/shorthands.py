"""How can a run be written without `run`? The short fields `cmd`, `env` and `resources`, and what they stand for."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import islice
from typing import Annotated, Any, TypeAlias

from pydantic_core import PydanticCustomError, core_schema

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import ENOUGH, Before, Shape, all_wrong, wrong
from polyaxon.spec.types import describe

__all__ = ["Amounts", "Cmd", "EnvTexts", "PlainPorts", "read_amount"]

_FILLED = core_schema.str_schema(strict=True, pattern=r"\S")
Cmd: TypeAlias = Annotated[
    str | list[str],
    Shape(
        "a command, or a list of command lines, none of them blank",
        core_schema.union_schema(
            [_FILLED, core_schema.list_schema(_FILLED, min_length=1, strict=True)], mode="left_to_right"
        ),
        {
            "anyOf": [
                {"type": "string", "pattern": r"\S"},
                {"type": "array", "items": {"type": "string", "pattern": r"\S"}, "minItems": 1},
            ]
        },
    ),
]
PlainPorts: TypeAlias = Annotated[
    list[int],
    Shape(
        "a list of port numbers",
        core_schema.list_schema(core_schema.int_schema(strict=True), strict=True),
        {"type": "array", "items": {"type": "integer"}},
    ),
]


def _check_texts(value: Any) -> Any:
    if isinstance(value, dict):
        numbers = ((name, text) for name, text in value.items() if not isinstance(text, str))
        errors = [
            wrong(
                SpecCode.WRONG_TYPE,
                f"the variable `{name}` must be text, got {describe(text)}",
                at=(name,),
                suggestion="put the value in quotes",
            )
            for name, text in islice(numbers, ENOUGH + 1)
        ]
        if errors:
            raise all_wrong(value, errors)
    elif isinstance(value, list):
        raise wrong(
            SpecCode.WRONG_TYPE,
            "expected a mapping of names to texts, got a list",
            suggestion="write `NAME: text`, or move the list to `container.env`",
        )
    return value


EnvTexts: TypeAlias = Annotated[dict[str, str], Before(_check_texts)]

_CPU = re.compile(r"^(\d+(\.\d+)?|\d+m)$")
_MEMORY = re.compile(r"^\d+(\.\d+)?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$")
_COUNT = re.compile(r"^\d+$")
_GRAMMARS = {"cpu": (_CPU, "`500m` or `2`"), "memory": (_MEMORY, "`512Mi` or `4Gi`")}
_UNITS = {
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}
_LARGEST = 2**63


def read_amount(name: str, value: Any) -> tuple[int | float | str | None, int | float | str | None]:
    """Return the request and the limit that `resources: {name: value}` stands for; None is not given.

    >>> read_amount("cpu", "1..2"), read_amount("gpu", 1), read_amount("memory", "4Gi")
    (('1', '2'), (1, 1), ('4Gi', None))
    """
    counted = name not in _GRAMMARS
    if isinstance(value, str) and ".." in value:
        low, _, high = (part.strip() for part in value.partition(".."))
        request, limit = (_amount(name, low) if low else None), (_amount(name, high) if high else None)
        if request is None and limit is None:
            raise _refused(name, value)
        if low and high and _size(low) > _size(high):
            raise wrong(SpecCode.QUANTITY, f"`{name}` asks for more than its limit: `{value}`", at=(name,))
        return request, limit
    amount = _amount(name, value)
    return amount, amount if counted else None


def _amount(name: str, value: Any) -> int | float | str:
    grammar, _ = _GRAMMARS.get(name, (_COUNT, ""))
    text = value if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not grammar.match(text):
        raise _refused(name, value)
    if _size(text) >= _LARGEST:
        raise _refused(name, value)
    return int(text) if name not in _GRAMMARS else value


def _size(text: str) -> Decimal:
    for unit in sorted(_UNITS, key=len, reverse=True):
        if text.endswith(unit):
            return Decimal(text.removesuffix(unit)) * _UNITS[unit]
    return Decimal(text)


def _refused(name: str, value: Any) -> Exception:
    examples = _GRAMMARS.get(name, (_COUNT, "`1`"))[1]
    return wrong(
        SpecCode.QUANTITY,
        f"`{value}` is not an amount of `{name}`" if value is not None else f"there is no amount of `{name}`",
        at=(name,),
        suggestion=f'write an amount such as {examples}, or a range such as "1..2"',
    )


def _check_amounts(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    errors = []
    for name, amount in value.items():
        try:
            _check_resource(name)
            read_amount(name, amount)
        except PydanticCustomError as error:
            errors.append(error)
            if len(errors) > ENOUGH:
                break
    if errors:
        raise all_wrong(value, errors)
    return value


def _check_resource(name: str) -> None:
    if name == "nvidia.com/gpu":
        raise wrong(SpecCode.UNKNOWN_FIELD, "write `gpu` for `nvidia.com/gpu` here", at=(name,))
    if name in ("limits", "requests"):
        raise wrong(
            SpecCode.UNKNOWN_FIELD,
            f"`{name}` belongs to `container.resources`",
            at=(name,),
            suggestion='write `cpu: "1..2"` for a request of 1 and a limit of 2',
        )
    if name not in ("cpu", "memory", "gpu") and "/" not in name:
        raise wrong(
            SpecCode.UNKNOWN_FIELD,
            f"there is no resource `{name}` here",
            at=(name,),
            suggestion="the resources are `cpu`, `memory`, `gpu`, or a full name such as `amd.com/gpu`",
        )


Amounts: TypeAlias = Annotated[dict[str, Any], Before(_check_amounts)]
"""Amounts by resource, each one number or a range `request..limit`."""
