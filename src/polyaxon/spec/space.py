"""Which values can a searched parameter take? The kinds of `matrix.params` and the forms their values are written in.

A value is kept as written; here it is only made sure that it can be read. `read_numbers` gives its parts by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import model_validator

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import Before, Kinded, has_template, wrong
from polyaxon.spec.kinds import SPACE
from polyaxon.spec.moments import CastError, to_date, to_datetime, to_duration
from polyaxon.spec.types import describe

__all__ = [
    "HpChoice",
    "HpDateRange",
    "HpDateTimeRange",
    "HpGeomSpace",
    "HpLinSpace",
    "HpLogNormal",
    "HpLogSpace",
    "HpLogUniform",
    "HpNormal",
    "HpPChoice",
    "HpParam",
    "HpQLogNormal",
    "HpQLogUniform",
    "HpQNormal",
    "HpQUniform",
    "HpRange",
    "HpUniform",
    "Space",
    "read_parts",
]

_SLACK = 1e-6
Readers: TypeAlias = Mapping[str, Callable[[Any], Any]]


def _some_condition(value: Any) -> Any:
    if isinstance(value, dict) and not value:
        raise wrong(SpecCode.SPACE, "there is no condition", suggestion="write `when: {other: value}`, or leave it out")
    return value


class _Param(Kinded):
    """What all kinds share: a value in one of the kind's forms, or a template of it."""

    parts: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[tuple[str, ...]] = ()
    readers: ClassVar[Readers] = {}
    when: Annotated[dict[str, Any] | None, Before(_some_condition)] = None
    """Other parameters, each with the value or the list of values for which this one takes part."""

    @model_validator(mode="after")
    def _check(self) -> _Param:
        value = getattr(self, "value", None)
        if not has_template(value):
            type(self).judge(value)
        return self

    @classmethod
    def judge(cls, value: Any) -> None:
        """Raise when `value` cannot be read or holds nothing."""
        parts = read_parts(cls, value)
        try:
            cls.judge_parts(parts)
        except (OverflowError, TypeError) as error:
            raise _bad(f"{describe(value)} cannot be used as a range") from error

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        """Raise when the parts do not belong together."""


def _bad(message: str, *at: str | int, suggestion: str | None = None) -> Exception:
    return wrong(SpecCode.SPACE, message, at=("value", *at), suggestion=suggestion)


def read_parts(model: type[_Param], value: Any) -> dict[str, Any]:
    """Return the parts of a value (`start`, `stop`, `step`; `low`, `high`; …) whichever form it is written in."""
    form = ":".join(model.parts)
    names = (*model.parts, *model.optional)
    if isinstance(value, str) and "daterange" != model.model_fields["kind"].default != "datetimerange":
        value = [part.strip() for part in value.split(":")]
    if isinstance(value, list | tuple):
        if not len(model.parts) <= len(value) <= len(names):
            raise _bad(
                f"expected {len(model.parts)} values ({form}), got {len(value)}",
                suggestion=f"write `[{', '.join(model.parts)}]`",
            )
        given: dict[str, Any] = dict(zip(names, value, strict=False))
    elif isinstance(value, dict):
        given = value
        for name in value:
            if name not in names:
                raise _bad(f"there is no `{name}` here, only {', '.join(names)}", name)
        missing = [name for name in model.parts if name not in value]
        if missing:
            raise _bad(f"`{missing[0]}` is missing")
    else:
        what = "nothing" if value is None else describe(value)
        raise _bad(f'expected a list, a mapping or a text "{form}", got {what}')
    return {name: _read_part(model, name, part) for name, part in given.items()}


def _read_part(model: type[_Param], name: str, part: Any) -> Any:
    try:
        read: Callable[[Any], Any] = model.readers.get(name, _number)
        return read(part)
    except CastError as error:
        raise _bad(f"`{name}`: {error}") from error


def _number(value: Any) -> float:
    if isinstance(value, str):
        with suppress(ValueError):
            value = float(value[:100])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CastError(f"expected a number, got {describe(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise CastError(f"expected a finite number, got {describe(value)}")
    return number


def _count(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise CastError(f"expected a whole number, got {describe(value)}")
    return int(number)


def _seconds(value: Any) -> float:
    return to_duration(value).total_seconds()


def _anything(value: Any) -> Any:
    return value


def _rising(parts: dict[str, Any]) -> None:
    start, stop = parts["start"], parts["stop"]
    if hasattr(start, "tzinfo") and (start.tzinfo is None) != (stop.tzinfo is None):
        start, stop = start.replace(tzinfo=None), stop.replace(tzinfo=None)
    if not start < stop:
        raise _bad(f"`start` must be below `stop`, got {parts['start']} and {parts['stop']}")


def _stepping(parts: dict[str, Any]) -> None:
    _rising(parts)
    if parts["step"] <= 0:
        raise _bad("`step` must be above 0, or there are no values")


def _pointed(parts: dict[str, Any]) -> None:
    _rising(parts)
    if parts["num"] < 1:
        raise _bad("`num` must be at least 1, or there are no values")


class HpChoice(_Param):
    """One of the listed values."""

    kind: Literal["choice"] = "choice"
    """`choice`."""
    value: Any
    """The values: a list of anything."""

    @classmethod
    def judge(cls, value: Any) -> None:
        if not isinstance(value, list | tuple):
            raise _bad(f"expected a list of values, got {describe(value)}", suggestion="write `[first, second]`")
        if not value:
            raise _bad("there is nothing to choose from")


class HpPChoice(_Param):
    """One of the listed values, each with its probability."""

    kind: Literal["pchoice"] = "pchoice"
    """`pchoice`."""
    value: Any
    """Pairs `[value, probability]`; the probabilities add up to 1 at most."""

    @classmethod
    def judge(cls, value: Any) -> None:
        if not isinstance(value, list | tuple) or not value:
            raise _bad("expected a list of pairs `[value, probability]`")
        total = 0.0
        for place, item in enumerate(value):
            if not isinstance(item, list | tuple) or len(item) != 2:
                raise _bad("expected a pair `[value, probability]`", place)
            share = item[1]
            if not isinstance(share, float) or not 0 <= share < 1:
                raise _bad(
                    f"expected a probability such as 0.25, got {describe(share)}",
                    place,
                    1,
                    suggestion="probabilities are decimals from 0.0 to below 1.0",
                )
            total += share
        if total > 1 + _SLACK:
            raise _bad(f"the probabilities add up to {total:g}, more than 1")
        if total <= 0:
            raise _bad("all probabilities are 0")


class HpRange(_Param):
    """`start`, `start + step`, … below `stop`."""

    parts: ClassVar[tuple[str, ...]] = ("start", "stop", "step")
    kind: Literal["range"] = "range"
    """`range`."""
    value: Any
    """`[start, stop, step]`, `{start, stop, step}` or `"start:stop:step"`."""

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        _stepping(parts)


class HpLinSpace(_Param):
    """`num` values from `start` to `stop`, evenly spaced."""

    parts: ClassVar[tuple[str, ...]] = ("start", "stop", "num")
    readers: ClassVar[Readers] = {"num": _count}
    kind: Literal["linspace"] = "linspace"
    """`linspace`."""
    value: Any
    """`[start, stop, num]`, `{start, stop, num}` or `"start:stop:num"`."""

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        _pointed(parts)


class HpLogSpace(_Param):
    """`num` values whose logarithms are evenly spaced: `start` and `stop` are exponents of `base`."""

    parts: ClassVar[tuple[str, ...]] = ("start", "stop", "num")
    optional: ClassVar[tuple[str, ...]] = ("base",)
    readers: ClassVar[Readers] = {"num": _count}
    kind: Literal["logspace"] = "logspace"
    """`logspace`."""
    value: Any
    """`[start, stop, num]` and perhaps `base` (10), or the same as a mapping or text."""

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        _pointed(parts)
        if parts.get("base", 10) <= 0:
            raise _bad("`base` must be above 0")


class HpGeomSpace(_Param):
    """`num` values from `start` to `stop`, each the same factor above the one before."""

    parts: ClassVar[tuple[str, ...]] = ("start", "stop", "num")
    readers: ClassVar[Readers] = {"num": _count}
    kind: Literal["geomspace"] = "geomspace"
    """`geomspace`."""
    value: Any
    """`[start, stop, num]`, `{start, stop, num}` or `"start:stop:num"`."""

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        _pointed(parts)
        if parts["start"] * parts["stop"] <= 0:
            raise _bad("`start` and `stop` must both be above 0, or both below")


class HpDateRange(_Param):
    """Dates from `start` to before `stop`, every `step` days."""

    parts: ClassVar[tuple[str, ...]] = ("start", "stop", "step")
    readers: ClassVar[Readers] = {"start": to_date, "stop": to_date, "step": _count}
    kind: Literal["daterange"] = "daterange"
    """`daterange`."""
    value: Any
    """`[start, stop, step]` or `{start, stop, step}`."""

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        _stepping(parts)


class HpDateTimeRange(_Param):
    """Times from `start` to before `stop`, every `step` seconds."""

    parts: ClassVar[tuple[str, ...]] = ("start", "stop", "step")
    readers: ClassVar[Readers] = {"start": to_datetime, "stop": to_datetime, "step": _seconds}
    kind: Literal["datetimerange"] = "datetimerange"
    """`datetimerange`."""
    value: Any
    """`[start, stop, step]` or `{start, stop, step}`; the step may be a duration."""

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        _stepping(parts)


class _Bounded(_Param):
    """Between `low` and `high`."""

    parts: ClassVar[tuple[str, ...]] = ("low", "high")
    optional: ClassVar[tuple[str, ...]] = ("size",)
    readers: ClassVar[Readers] = {"size": _anything}

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        if "q" in parts and parts["q"] <= 0:
            raise _bad("`q` must be above 0")


class _Bell(_Param):
    """Around `loc`, spread by `scale`."""

    parts: ClassVar[tuple[str, ...]] = ("loc", "scale")
    optional: ClassVar[tuple[str, ...]] = ("size",)
    readers: ClassVar[Readers] = {"size": _anything}

    @classmethod
    def judge_parts(cls, parts: dict[str, Any]) -> None:
        if parts["scale"] < 0:
            raise _bad("`scale` must not be negative")
        if "q" in parts and parts["q"] <= 0:
            raise _bad("`q` must be above 0")


class HpUniform(_Bounded):
    """Any number from `low` to `high`."""

    kind: Literal["uniform"] = "uniform"
    """`uniform`."""
    value: Any
    """`[low, high]`, `{low, high}` or `"low:high"`."""


class HpQUniform(_Bounded):
    """A multiple of `q` from `low` to `high`."""

    parts: ClassVar[tuple[str, ...]] = ("low", "high", "q")
    kind: Literal["quniform"] = "quniform"
    """`quniform`."""
    value: Any
    """`[low, high, q]`, `{low, high, q}` or `"low:high:q"`."""


class HpLogUniform(_Bounded):
    """A number whose natural logarithm is any number from `low` to `high`."""

    kind: Literal["loguniform"] = "loguniform"
    """`loguniform`."""
    value: Any
    """`[low, high]`, `{low, high}` or `"low:high"`: bounds of the logarithm."""


class HpQLogUniform(_Bounded):
    """As `loguniform`, rounded to a multiple of `q`."""

    parts: ClassVar[tuple[str, ...]] = ("low", "high", "q")
    kind: Literal["qloguniform"] = "qloguniform"
    """`qloguniform`."""
    value: Any
    """`[low, high, q]`, `{low, high, q}` or `"low:high:q"`: bounds of the logarithm."""


class HpNormal(_Bell):
    """A number from the normal distribution of mean `loc` and standard deviation `scale`."""

    kind: Literal["normal"] = "normal"
    """`normal`."""
    value: Any
    """`[loc, scale]`, `{loc, scale}` or `"loc:scale"`."""


class HpQNormal(_Bell):
    """As `normal`, rounded to a multiple of `q`."""

    parts: ClassVar[tuple[str, ...]] = ("loc", "scale", "q")
    kind: Literal["qnormal"] = "qnormal"
    """`qnormal`."""
    value: Any
    """`[loc, scale, q]`, `{loc, scale, q}` or `"loc:scale:q"`."""


class HpLogNormal(_Bell):
    """A number whose natural logarithm is normally distributed."""

    kind: Literal["lognormal"] = "lognormal"
    """`lognormal`."""
    value: Any
    """`[loc, scale]`, `{loc, scale}` or `"loc:scale"`: of the logarithm."""


class HpQLogNormal(_Bell):
    """As `lognormal`, rounded to a multiple of `q`."""

    parts: ClassVar[tuple[str, ...]] = ("loc", "scale", "q")
    kind: Literal["qlognormal"] = "qlognormal"
    """`qlognormal`."""
    value: Any
    """`[loc, scale, q]`, `{loc, scale, q}` or `"loc:scale:q"`: of the logarithm."""


HpParam: TypeAlias = (
    HpChoice
    | HpPChoice
    | HpRange
    | HpLinSpace
    | HpLogSpace
    | HpGeomSpace
    | HpDateRange
    | HpDateTimeRange
    | HpUniform
    | HpQUniform
    | HpLogUniform
    | HpQLogUniform
    | HpNormal
    | HpQNormal
    | HpLogNormal
    | HpQLogNormal
)


def _some(value: Any) -> Any:
    if isinstance(value, dict) and not value:
        raise wrong(SpecCode.SPACE, "there is no parameter to search over")
    return value


Space: TypeAlias = Annotated[dict[str, Annotated[HpParam, SPACE]], Before(_some)]
"""Parameters by name."""
