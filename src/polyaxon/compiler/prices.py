"""What a template's work costs, and who may not be asked to do it: the budget of the sandbox.

One rendering has one budget. Whatever a template makes or reads is paid for *before* the work is done, so that little
text cannot ask for much time or memory. There is no clock: bounding the work bounds the time. Only data takes part: a
method, class or loop is no value (it would show an address in memory), except to be called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, timedelta
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.runtime import LoopContext

from polyaxon.model.record import dataclass

__all__ = [
    "DATA",
    "READING_TESTS",
    "REFUSED_METHODS",
    "Budget",
    "LimitError",
    "bounded",
    "budget",
    "check_power",
    "check_product",
    "made",
    "paid",
    "pay_for",
    "spend",
]

WORK = 4_000_000
"""What one rendering may spend: a character made or read, or 16 for a step of a loop or an item of a container."""
STEP = 16
MAX_NUMBER = 10_000
"""The largest number that means a size to a function (widths, counts)."""
MAX_BITS = 4_096
"""The largest integer that arithmetic may make."""
MAX_DEPTH = 50

DATA = (str, bytes, int, float, type(None), Mapping, list, tuple, set, frozenset, date, timedelta)
_CONTAINERS = (Mapping, list, tuple, set, frozenset)
_ATOMS = frozenset({bool, float, type(None)})
"""What costs nothing and needs no looking at."""


class LimitError(TemplateRuntimeError):
    """The budget is spent, or one step would be too large for any."""


class Budget:
    """What is left to spend in one rendering."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = WORK


budget: ContextVar[Budget] = ContextVar("budget")


def spend(amount: int) -> None:
    """Pay, or end the rendering."""
    purse = budget.get()
    purse.left -= amount
    if purse.left < 0:
        raise LimitError("the template does too much work (a huge loop, text or list)")


def paid(value: Any) -> Any:
    """Pay for a value that is made or read, its parts included, and return it."""
    kind = type(value)
    if kind is str:
        spend(len(value))
    elif kind not in _ATOMS and not isinstance(value, Undefined):
        spend(_weight(value, 0, {}))
    return value


def _weight(value: Any, depth: int, known: dict[int, int]) -> int:
    """How much a value weighs when written out. Shared parts are looked at once and counted each time."""
    if isinstance(value, (str, bytes)):
        return len(value)
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise LimitError("the template makes a number that is too large")
        return value.bit_length() // 3
    if not isinstance(value, _CONTAINERS):
        if not isinstance(value, DATA):
            raise SecurityError("the expression does not give a value")
        return 0
    if depth > MAX_DEPTH:
        raise LimitError("the template makes a value that is nested too deeply")
    found = known.get(id(value))
    if found is None:
        found = STEP * (len(value) + 1)
        if found > WORK:
            raise LimitError("the template makes a list that is too long")
        for item in _parts(value):
            if type(item) not in _ATOMS:
                found += _weight(item, depth + 1, known)
        known[id(value)] = found
    return found


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for item in value.items():
            yield from item
    else:
        yield from value


def bounded(items: Iterable[Any]) -> Iterator[Any]:
    """Yield `items`, a step of the budget each."""
    purse = budget.get()
    for item in items:
        purse.left -= STEP
        if purse.left < 0:
            spend(0)
        yield item


def made(value: Any) -> Any:
    """Pay for what a function made. Whatever only can be walked through becomes a list, escaped text plain text."""
    if isinstance(value, str):
        spend(len(value))
        return value if type(value) is str else str(value)
    if isinstance(value, (*_CONTAINERS, Undefined)) or not isinstance(value, Iterable):
        return paid(value)
    items = list(bounded(value))
    spend(_weight(items, 0, {}) - STEP * len(items))
    return items


# What functions cost


@dataclass(frozen=True, slots=True)
class Price:
    """What a function costs beside reading what it is given and making what it gives.

    `makes` estimates the length of the text it makes, from (subject, arguments). `dear` is the cost per unit of what it
    reads. With `is_instant` it reads nothing. `takes_values` says that its numbers are values, not sizes.
    """

    makes: Callable[[Any, tuple[Any, ...]], int] | None = None
    dear: int = 1
    is_instant: bool = False
    takes_values: bool = False


def pay_for(function: str, subject: Any, arguments: tuple[Any, ...]) -> None:
    """Pay for a call before it is made; refuse what makes much of little."""
    price = _PRICES.get(function, _ORDINARY)
    if price.is_instant:
        return
    if not price.takes_values:
        for value in arguments:
            if isinstance(value, int) and abs(value) > MAX_NUMBER:
                raise LimitError(f"`{function}` with {value:,} makes too much")
    for value in (subject, *arguments):
        if isinstance(value, (str, *_CONTAINERS)):
            spend(price.dear * _weight(value, 0, {}))
        elif callable(value) and not isinstance(value, Undefined | LoopContext):
            raise SecurityError("the expression does not give a value")
    if price.makes is not None:
        spend(price.makes(subject, arguments))


def _longest(arguments: Iterable[Any]) -> int:
    return max((_weight(value, 0, {}) for value in arguments if not isinstance(value, Undefined)), default=0)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, *_CONTAINERS)) else 0


def _times(subject: Any, arguments: tuple[Any, ...]) -> int:
    """A separator for every item, whichever of the two is the separator."""
    return _size(subject) * max(map(_size, arguments), default=0)


def _replaced(subject: Any, arguments: tuple[Any, ...]) -> int:
    old, *rest = arguments or ("",)
    return str(subject).count(str(old)) * max(map(_size, rest), default=0)


def _indented(subject: Any, arguments: tuple[Any, ...]) -> int:
    width = max((item if isinstance(item, int) else _size(item) for item in arguments), default=4)
    return (str(subject).count("\n") + 1) * width


def _spread(subject: Any, arguments: tuple[Any, ...]) -> int:
    """JSON with `indent`: every item on a line of its own, as deep as it may be."""
    width = max((item for item in arguments if isinstance(item, int)), default=0)
    return _weight(subject, 0, {}) // STEP * width * 4 if isinstance(subject, _CONTAINERS) else 0


def _expanded(subject: Any, arguments: tuple[Any, ...]) -> int:
    return str(subject).count("\t") * max((item for item in arguments if isinstance(item, int)), default=8)


_FIELD = re.compile(r"\{([^{}:!]*)")
_SPEC = re.compile(r"%(?:\([^()%]*\))?[-+ #0]*([\d.*]+)|\{[^{}]*:([^{}]*)(\{?)")
_NUMBER = re.compile(r"\d+")
_LONGEST_SPEC = 20


def _formatted(subject: Any, arguments: tuple[Any, ...]) -> int:
    """A format pattern: all its widths, and a value wherever there may be one."""
    pattern = subject if isinstance(subject, str) else next((item for item in arguments if isinstance(item, str)), "")
    if any("." in name or "[" in name or "__" in name for name in _FIELD.findall(pattern)):
        raise SecurityError("a format pattern names values, not parts of them")
    widths = 0
    for by_sign, in_braces, nested in _SPEC.findall(pattern):
        spec = by_sign or in_braces
        numbers = [int(text) for text in _NUMBER.findall(spec[:_LONGEST_SPEC])]
        if nested or "*" in by_sign or len(spec) > _LONGEST_SPEC or max(numbers, default=0) > MAX_NUMBER:
            raise LimitError("the template formats with a width that is too large")
        widths += sum(numbers)
    fields = pattern.count("{") + pattern.count("%")
    if isinstance(subject, (list, tuple)):  # `map_format` goes through a list
        return widths * len(subject) + fields * _weight(subject, 0, {})
    return widths + fields * _longest(arguments)


def _dated(_: Any, arguments: tuple[Any, ...]) -> int:
    """`strftime`: the system honours widths here as well."""
    pattern = next((item for item in arguments if isinstance(item, str)), "")
    if _NUMBER.search(pattern):
        raise LimitError("the template formats a date with a width")
    return 64 * pattern.count("%")


def _summed(subject: Any, arguments: tuple[Any, ...]) -> int:
    """`sum` of lists copies what it has at every step."""
    grows = any(isinstance(item, _CONTAINERS) for item in arguments)
    return _size(subject) * _weight(subject, 0, {}) if grows else 0


_ORDINARY = Price()
_INSTANT = Price(is_instant=True)
_VALUES = Price(takes_values=True)
_FORMAT = Price(_formatted, takes_values=True)
_PRICES: Mapping[str, Price] = {
    **dict.fromkeys(("length", "count", "first", "last", "default", "d"), _INSTANT),
    **dict.fromkeys(("safe_range", "abs", "round", "int", "float", "map", "select", "reject", "min", "max"), _VALUES),
    **dict.fromkeys(("selectattr", "rejectattr", "dict", "namespace", "cycler", "cycle", "changed"), _VALUES),
    **dict.fromkeys(("get", "index"), _VALUES),
    **dict.fromkeys(("format", "format_map", "__mod__", "map_format"), _FORMAT),
    **dict.fromkeys(("split", "rsplit", "splitlines", "title", "pprint"), Price(dear=2)),
    # Of a text each character becomes an item with a key of its own.
    **dict.fromkeys(("sort", "dictsort", "unique", "groupby"), Price(dear=24)),
    "strftime": Price(_dated),
    "sum": Price(_summed, takes_values=True),
    "join": Price(_times),
    "replace": Price(_replaced),
    "indent": Price(_indented),
    "tojson": Price(_spread),
    "expandtabs": Price(_expanded),
    "wordwrap": Price(_times, dear=8),
}
"""Filters and methods by name, those whose price is not the ordinary one."""
READING_TESTS = frozenset(
    {"in", "==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", "ge", ">=", "<", "lt", "lessthan", "<=", "le"}
    | {"lower", "upper"}
)
"""Tests that look through what they are given; the others cost nothing."""
REFUSED_METHODS = {
    **dict.fromkeys(("now", "today", "utcnow"), "reads the clock"),
    **dict.fromkeys(("encode", "decode", "to_bytes", "from_bytes"), "makes bytes"),
    **dict.fromkeys(("translate", "maketrans"), "cannot be bounded"),
}


def check_product(left: Any, right: Any) -> None:
    """Pay for `text * n` and `list * n` beforehand."""
    for sequence, count in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(count, int):
            spend(len(sequence) * max(count, 0))


def check_power(base: Any, exponent: Any) -> None:
    """Refuse a power that would be too large a number."""
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MAX_BITS:
        raise LimitError("the template makes a number that is too large")
