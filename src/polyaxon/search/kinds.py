"""Which parameter kinds are there? The table from `{kind, value}` to a `Parameter`.

Values come as a list, a mapping or `a:b:c` text; every refusal names the parameter and says what to write.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.laws import Law
from polyaxon.search.levels import (
    Arithmetic,
    Days,
    Geometric,
    Linear,
    Listed,
    Powers,
    Seconds,
    as_date,
    as_datetime,
)
from polyaxon.search.space import Parameter, SpaceError

__all__ = ["DISCRETE", "KINDS", "parse_parameter"]

DISCRETE = frozenset(
    {"choice", "range", "linspace", "logspace", "geomspace", "daterange", "datetimerange"}
)  # what a grid can expand

# A bounded q-kind of up to this many multiples is treated as the finite set it is.
_MOST_MULTIPLES = 1000
_DURATION = re.compile(
    r"P(?:(?P<days>\d+(?:\.\d+)?)D)?(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_CLOCK = re.compile(r"(?:(?P<days>\d+) days?,? )?(?P<hours>\d+):(?P<minutes>\d+)(?::(?P<seconds>\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class _Values:
    """The fields of one parameter's value, read one by one with errors that name them."""

    name: str
    kind: str
    fields: Mapping[str, Any]

    def wrong(self, message: str, hint: str) -> SpaceError:
        return SpaceError(f"parameter `{self.name}` ({self.kind}): {message}", self.name, hint)

    def number(self, field: str) -> float:
        value = self.fields[field]
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                value = None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(f"`{field}` is {self.fields[field]!r}, not a number", f"write a number for `{field}`")
        return float(value)

    def whole(self, field: str) -> int:
        value = self.number(field)
        if value != int(value) or value < 1:
            raise self.wrong(
                f"`{field}` is {self.fields[field]!r}", f"write a whole number of at least 1 for `{field}`"
            )
        return int(value)

    def span(self) -> tuple[float, float]:
        start, stop = self.number("start"), self.number("stop")
        if start >= stop:
            raise self.wrong(f"`start` ({start:g}) is not below `stop` ({stop:g})", "swap or widen the bounds")
        return start, stop


def parse_parameter(name: str, spec: Any) -> Parameter:
    """One entry of `params`."""
    if not isinstance(spec, Mapping):
        raise SpaceError(
            f"parameter `{name}`: expected a mapping with `kind` and `value`", name, "write {kind: …, value: …}"
        )
    kind = spec.get("kind")
    if kind not in KINDS:
        close = difflib.get_close_matches(str(kind), KINDS, 1)
        hint = f"did you mean `{close[0]}`?" if close else "use one of: " + ", ".join(KINDS)
        raise SpaceError(f"parameter `{name}`: unknown kind {kind!r}", name, hint)
    surplus = sorted(set(spec) - {"kind", "value", "when"})
    if surplus:
        raise SpaceError(
            f"parameter `{name}`: unknown key `{surplus[0]}`", name, "keep only `kind`, `value` and `when`"
        )
    if spec.get("value") is None:
        raise SpaceError(f"parameter `{name}` ({kind}) has no value", name, "give it a `value`")
    reader, names = KINDS[str(kind)]
    fields = {"value": spec["value"]} if not names else _split(name, str(kind), spec["value"], names)
    return reader(_Values(name, str(kind), fields))


def _split(name: str, kind: str, value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Value text, list or mapping → named fields; names ending in `?` may be left out."""
    known = [field.rstrip("?") for field in names]
    required = [field for field in names if not field.endswith("?")]
    hint = f"write [{', '.join(required)}]"
    if isinstance(value, str) and "date" not in kind:
        value = [part.strip() for part in value.split(":")]
    if isinstance(value, Mapping):
        unknown = sorted(set(value) - set(known))
        if unknown:
            raise SpaceError(f"parameter `{name}` ({kind}): unknown key `{unknown[0]}`", name, hint)
        fields = {field: item for field, item in value.items() if item is not None}
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if len(value) > len(known):
            raise SpaceError(f"parameter `{name}` ({kind}): {len(value)} values are too many", name, hint)
        fields = dict(zip(known, value, strict=False))
    else:
        quoted = " (unquoted a:b:c is a base-60 number in YAML: quote it)" if isinstance(value, int) else ""
        raise SpaceError(f"parameter `{name}` ({kind}): cannot read {value!r}{quoted}", name, hint)
    missing = [field for field in required if field not in fields]
    if missing:
        raise SpaceError(f"parameter `{name}` ({kind}): `{missing[0]}` is missing", name, hint)
    return fields


def _choice(values: _Values) -> Parameter:
    items = values.fields["value"]
    if not isinstance(items, Sequence) or isinstance(items, str | bytes) or not items:
        raise values.wrong("the value is not a list with at least one item", "write value: [a, b, …]")
    numeric = all(isinstance(item, int | float) and not isinstance(item, bool) for item in items)
    return Parameter(values.name, values.kind, Listed(tuple(items)), ordered=numeric)


def _pchoice(values: _Values) -> Parameter:
    hint = "write value: [[a, 0.3], [b, 0.7]]"
    pairs = values.fields["value"]
    if not isinstance(pairs, Sequence) or isinstance(pairs, str | bytes) or not pairs:
        raise values.wrong("the value is not a list of [value, probability] pairs", hint)
    items: list[Any] = []
    weights: list[float] = []
    for pair in pairs:
        if not isinstance(pair, Sequence) or isinstance(pair, str | bytes) or len(pair) != 2:
            raise values.wrong(f"{pair!r} is not a [value, probability] pair", hint)
        item, weight = pair
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1:
            raise values.wrong(f"the probability of {item!r} is {weight!r}", "use numbers between 0 and 1")
        items.append(item)
        weights.append(float(weight))
    total = math.fsum(weights)
    if total > 1 + 1e-6:
        raise values.wrong(f"the probabilities add up to {total:g}", "make them add up to 1")
    weights[-1] += max(0.0, 1 - total)  # the format: what is missing belongs to the last item
    return Parameter(values.name, values.kind, Listed(tuple(items)), tuple(weights), ordered=False)


def _range(values: _Values) -> Parameter:
    start, stop = values.span()
    step = values.number("step")
    if step <= 0:
        raise values.wrong(f"`step` is {step:g}", "write a step above 0")
    return Parameter(values.name, values.kind, Arithmetic(start, step, math.ceil((stop - start) / step)))


def _linspace(values: _Values) -> Parameter:
    return Parameter(values.name, values.kind, Linear(*values.span(), values.whole("num")))


def _logspace(values: _Values) -> Parameter:
    base = values.number("base") if "base" in values.fields else 10.0
    if base <= 0 or base == 1:
        raise values.wrong(f"`base` is {base:g}", "write a base above 0 other than 1")
    return Parameter(values.name, values.kind, Powers(base, Linear(*values.span(), values.whole("num"))))


def _geomspace(values: _Values) -> Parameter:
    start, stop = values.span()
    if start <= 0 <= stop:
        raise values.wrong("a geometric sequence cannot start at, end at or cross 0", "use bounds of one sign")
    return Parameter(values.name, values.kind, Geometric(start, stop, values.whole("num")))


def _daterange(values: _Values) -> Parameter:
    start, stop = as_date(values.fields["start"]), as_date(values.fields["stop"])
    step = values.whole("step")
    if start is None or stop is None or start >= stop:
        raise values.wrong("`start` is not a date before `stop`", "write dates such as 2024-01-31")
    return Parameter(values.name, values.kind, Days(start, step, math.ceil((stop - start).days / step)))


def _datetimerange(values: _Values) -> Parameter:
    start, stop = as_datetime(values.fields["start"]), as_datetime(values.fields["stop"])
    step = _seconds(values.fields["step"])
    if start is None or stop is None or start >= stop:
        raise values.wrong("`start` is not a time before `stop`", "write times such as 2024-01-31T12:00:00")
    if step is None or step <= 0:
        raise values.wrong(f"`step` is {values.fields['step']!r}", "write seconds, or a duration such as PT1H")
    count = math.ceil((stop - start).total_seconds() / step)
    return Parameter(values.name, values.kind, Seconds(start, step, count))


def _seconds(step: Any) -> float | None:
    if isinstance(step, timedelta):
        return step.total_seconds()
    if isinstance(step, int | float) and not isinstance(step, bool):
        return float(step)
    if not isinstance(step, str):
        return None
    try:
        return float(step)
    except ValueError:
        pass
    found = _DURATION.fullmatch(step) or _CLOCK.fullmatch(step)
    if not found or not any(found.groupdict().values()):
        return None
    return timedelta(**{unit: float(amount) for unit, amount in found.groupdict().items() if amount}).total_seconds()


def _distribution(base: str, log: bool) -> Callable[[_Values], Parameter]:
    def read(values: _Values) -> Parameter:
        if base == "uniform":
            # The format does not ask for an order of the bounds, and U[1, 0) is U[0, 1).
            first, second = sorted((values.number("low"), values.number("high")))
        else:
            first, second = values.number("loc"), values.number("scale")
            if second < 0:
                raise values.wrong(f"`scale` is {second:g}", "write a scale of 0 or more")
        q = values.number("q") if "q" in values.fields else 0.0
        if "q" in values.fields and q <= 0:
            raise values.wrong(f"`q` is {q:g}", "write a q above 0")
        law = Law(base, log, first, second, q)
        _check_reach(values, law)
        finite = law.multiples(_MOST_MULTIPLES)
        if finite is None:
            return Parameter(values.name, values.kind, law=law)
        multiples, shares = finite
        return Parameter(values.name, values.kind, Listed(tuple(multiples)), tuple(shares), law)

    return read


def _check_reach(values: _Values, law: Law) -> None:
    """Bounds of the log kinds are exponents: [1, 1000] means up to e^1000, which no float holds."""
    try:
        top = law.quantile(1 - 2.0**-40)
    except OverflowError:
        top = math.inf
    if math.isinf(top):
        raise values.wrong(
            "the values overflow: the bounds of this kind are exponents of e",
            "write the logarithms of the bounds, such as [-9.2, 0] for 0.0001 to 1",
        )


# kind → how to read it, and the fields of its value ("?" marks the ones that may be left out).
_GRID = ("start", "stop", "num")
KINDS: dict[str, tuple[Callable[[_Values], Parameter], tuple[str, ...]]] = {
    "choice": (_choice, ()),
    "pchoice": (_pchoice, ()),
    "range": (_range, ("start", "stop", "step")),
    "linspace": (_linspace, _GRID),
    "logspace": (_logspace, (*_GRID, "base?")),
    "geomspace": (_geomspace, _GRID),
    "daterange": (_daterange, ("start", "stop", "step")),
    "datetimerange": (_datetimerange, ("start", "stop", "step")),
    "uniform": (_distribution("uniform", False), ("low", "high", "size?")),
    "quniform": (_distribution("uniform", False), ("low", "high", "q", "size?")),
    "loguniform": (_distribution("uniform", True), ("low", "high", "size?")),
    "qloguniform": (_distribution("uniform", True), ("low", "high", "q", "size?")),
    "normal": (_distribution("normal", False), ("loc", "scale", "size?")),
    "qnormal": (_distribution("normal", False), ("loc", "scale", "q", "size?")),
    "lognormal": (_distribution("normal", True), ("loc", "scale", "size?")),
    "qlognormal": (_distribution("normal", True), ("loc", "scale", "q", "size?")),
}
