"""What does a declared type mean? Casting values to the types of inputs and outputs.

A text is decoded as JSON for every type that is not itself written as text; nothing else is ever guessed. Casting a
cast value changes nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from polyaxon.spec.moments import CastError, to_date, to_datetime, to_duration

__all__ = ["IMAGE", "TYPES", "CastError", "cast", "check_type", "compatible", "describe", "of_client", "plain"]

Caster = Callable[[Any], Any]


def cast(type_name: str | None, value: Any, is_list: bool = False) -> Any:
    """Return `value` as the type has it; raises `CastError` when it is not one.

    >>> cast("int", "5"), cast("float", 1), cast("int", "[1, 2]", is_list=True)
    (5, 1.0, [1, 2])
    """
    if type_name is None and not is_list:
        return value
    caster = check_type(type_name or "any")
    if not is_list:
        return caster(value)
    items = _structure(value, "a list")
    if not isinstance(items, list | tuple):
        raise CastError(f"expected a list of {type_name or 'any'}, got {describe(value)}")
    return [caster(item) for item in items]


@lru_cache(maxsize=512)
def check_type(name: str) -> Caster:
    """Return what casts to the type `name`; raises `CastError` when there is no such type."""
    caster = _TYPES.get(name)
    return caster if caster is not None else _Expression(name).parse()


def compatible(
    source_type: str | None,
    source_is_list: bool | None,
    target_type: str | None,
    target_is_list: bool | None,
) -> bool:
    """Whether what an output or input of the source type holds may be given to an input of the target type.

    An unset type and `any` fit everything; an unset `isList` is false.
    """
    source, target = source_type or "any", target_type or "any"
    from_list, to_list = bool(source_is_list), bool(target_is_list)
    if (source == "any" and not from_list) or (target == "any" and not to_list):
        return True
    if from_list != to_list:
        return (from_list and target == "list") or (to_list and source == "list")
    if "any" in (source, target) or source == target:
        return True
    return target in _FITS.get(source, ())


def plain(value: Any) -> Any:
    """Return `value` as JSON has it: dates, times and durations become text and seconds."""
    if type(value) in _ATOMS:
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return of_client(value)


_ATOMS = frozenset({str, int, float, bool, type(None)})


def of_client(value: Any) -> Any:
    """Return an object of a Kubernetes client (which knows its `attribute_map`) as the mapping it stands for."""
    names = getattr(value, "attribute_map", None)
    if not isinstance(names, Mapping):
        return value
    given = {alias: getattr(value, name, None) for name, alias in names.items()}
    return {alias: plain(item) for alias, item in given.items() if item is not None}


def describe(value: object) -> str:
    """Say in plain words what `value` is, shortened: `the text 'abc'`, `the number 3`, `a list`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        text = _number_text(value)
        return f"the number {text}"
    if isinstance(value, str):
        return f"the text '{value if len(value) <= 40 else value[:37] + '…'}'"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    return f"`{value}`" if isinstance(value, date | timedelta) else "a value of another kind"


def _number_text(value: float) -> str:
    if isinstance(value, int) and abs(value) > 10**30:
        return "of more than thirty digits"
    return str(value)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CastError(f"{describe(text)} is not JSON") from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _number(value: Any, what: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return _decoded(value)
    except CastError as error:
        raise CastError(f"expected {what}, got {describe(value)}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _int(value: Any) -> int:
    found = _number(value, "a whole number")
    if _is_number(found) and math.isfinite(found) and found == int(found):
        return int(found)
    raise CastError(f"expected a whole number, got {describe(value)}")


def _float(value: Any) -> float:
    found = _number(value, "a number")
    if _is_number(found):
        try:
            return float(found)
        except OverflowError:
            pass
    raise CastError(f"expected a number, got {describe(value)}")


_BOOLS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in _BOOLS:
        return _BOOLS[value.lower()]
    raise CastError(f"expected true or false, got {describe(value)}")


def _str(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        raise CastError("expected a text, got nothing")
    if isinstance(value, bool | int | float | list | tuple | Mapping):
        try:
            return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)
        except (TypeError, ValueError):
            return str(value)
    return str(value)


def _path(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise CastError(f"expected a path, got {describe(value)}")


def _dict(value: Any) -> dict[str, Any]:
    found = _structure(value, "a mapping")
    if isinstance(found, Mapping):
        return dict(found)
    raise CastError(f"expected a mapping, got {describe(value)}")


def _structure(value: Any, what: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return _decoded(value)
    except CastError as error:
        raise CastError(f"expected {what} or its JSON text, got {describe(value)}") from error


def _list(value: Any) -> list[Any]:
    found = _structure(value, "a list")
    if isinstance(found, list | tuple):
        return list(found)
    raise CastError(f"expected a list, got {describe(value)}")


def _uuid(value: Any) -> str:
    if isinstance(value, str) and _UUID.match(value):
        return value.replace("-", "").lower()
    raise CastError(f"expected a UUID, got {describe(value)}")


def _image(value: Any) -> str:
    found = value.get("name") if isinstance(value, Mapping) and set(value) <= {"name", "connection"} else value
    if isinstance(found, str) and ("{{" in found or _IMAGE.fullmatch(found)):
        return found
    raise CastError(f"expected the name of an image, got {describe(value)}")


def _matching(pattern: str, what: str) -> Caster:
    regex = re.compile(pattern)

    def match(value: Any) -> str:
        if isinstance(value, str) and regex.match(value):
            return str(value)
        raise CastError(f"expected {what}, got {describe(value)}")

    return match


def _modelled(module: str, name: str, what: str) -> Caster:
    """A type that is one of the format's own sections: the mapping, checked, in the file's spelling."""

    def build(value: Any) -> Any:
        from importlib import import_module

        from pydantic import ValidationError

        if isinstance(value, str) and "{{" not in value:
            value = _decoded(value)
        model = getattr(import_module("polyaxon.spec." + module), name)
        if isinstance(value, model):
            return value.model_dump(by_alias=True, exclude_unset=True)
        if not isinstance(value, Mapping):
            raise CastError(f"expected {what}, got {describe(value)}")
        try:
            return model.model_validate(dict(value)).model_dump(by_alias=True, exclude_unset=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise CastError(f"expected {what}, got a mapping that is wrong at `{where or '.'}`") from error

    return build


def _event(value: Any) -> dict[str, Any]:
    found = _dict(value)
    if set(found) <= {"name", "kind"}:
        return found
    raise CastError("expected an event `{name, kind}`, got a mapping with other fields")


_UUID = re.compile(r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$")
IMAGE = (
    r"^([^\s:/@]+(:[^\s:/@]+)?/)?([^\s:/@]+/)*[^\s:/@]+"  # registry with a port, path, name
    r"(:[^\s:/@]+)?(@[A-Za-z0-9_+.-]+:[0-9a-fA-F]+)?$"  # tag, digest
)
"""The name of an image."""
_IMAGE = re.compile(IMAGE)
_WASB = (
    r"^(wasbs?://[^@/\s]+@[^/\s]+\.blob\.core\.windows\.net(/.*)?"
    r"|https://[^@/\s]+\.blob\.core\.windows\.net/[^/\s]+(/.*)?"
    r"|(az|abfss?)://[^/\s]+(/.*)?)$"
)

_TYPES: dict[str, Caster] = {
    "any": lambda value: value,
    "int": _int,
    "float": _float,
    "metric": _float,
    "bool": _bool,
    "str": _str,
    "path": _path,
    "dict": _dict,
    "metadata": _dict,
    "list": _list,
    "uri": _matching(r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$", "a URL with its scheme"),
    "uuid": _uuid,
    "email": _matching(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$", "an e-mail address"),
    "image": _image,
    "gcs": _matching(r"^gc?s://[^/\s]+(/.*)?$", "a `gs://bucket/…` path"),
    "s3": _matching(r"^s3://[^/\s]+(/.*)?$", "an `s3://bucket/…` path"),
    "wasb": _matching(_WASB, "a `wasbs://container@account.blob.core.windows.net/…` path"),
    "date": to_date,
    "datetime": to_datetime,
    "timedelta": to_duration,
    "git": _modelled("init", "GitType", "a mapping `{url, revision, flags}`"),
    "dockerfile": _modelled("init", "DockerfileType", "a mapping `{image, …}`"),
    "file": _modelled("init", "FileType", "a mapping `{content, filename, …}`"),
    "tensorboard": _modelled("init", "TensorboardType", "a mapping `{uuids, …}`"),
    "artifacts": _modelled("init", "ArtifactsType", "a mapping `{files, dirs}`"),
    "event": _event,
}
TYPES: tuple[str, ...] = tuple(_TYPES)
"""The names of the plain types; typing expressions (`List[int]`) come on top."""

_PATHS = ("str", "path", "s3", "gcs", "wasb")
_FITS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_PATHS, _PATHS),
    "int": ("float", "metric"),
    "float": ("metric",),
    "metric": ("float",),
    "dict": ("metadata",),
    "metadata": ("dict",),
}


class _Expression:
    """A typing expression: scalars, `List`, `Dict`, `Optional`, `Set`, nested at will; nothing is evaluated."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = re.findall(r"[A-Za-z_.]+|[\[\],]|\S", text)
        self._place = 0

    def parse(self) -> Caster:
        if len(self._tokens) > 60:
            raise CastError(f"`{self._text[:40]}…` is too long for a type")
        caster = self._type()
        if self._place != len(self._tokens):
            raise self._unknown()
        return caster

    def _unknown(self) -> CastError:
        return CastError(f"there is no type `{self._text}`")

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise self._unknown()
        self._place += 1
        return self._tokens[self._place - 1]

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _type(self) -> Caster:
        name = self._next().removeprefix("typing.")
        if self._peek() != "[":
            caster = _BARE.get(name)
            if caster is None:
                raise self._unknown()
            return caster
        self._next()
        arguments = [self._type()]
        while self._peek() == ",":
            self._next()
            arguments.append(self._type())
        if self._next() != "]":
            raise self._unknown()
        build = _GENERIC.get((name, len(arguments)))
        if build is None:
            raise self._unknown()
        return build(*arguments)


def _bounded(caster: Caster, test: Callable[[Any], bool], what: str) -> Caster:
    def check(value: Any) -> Any:
        found = caster(value)
        if test(found):
            return found
        raise CastError(f"expected {what}, got {describe(value)}")

    return check


def _exact(kind: type, what: str) -> Caster:
    def check(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise CastError(f"expected {what}, got {describe(value)}")

    return check


def _unique(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in sorted(value, key=repr) if isinstance(value, set | frozenset) else _list(value):
        if item not in found:
            found.append(item)
    return found


_BARE: dict[str, Caster] = {
    **{name: _TYPES[name] for name in ("int", "float", "str", "bool", "dict", "list", "any")},
    "Any": _TYPES["any"],
    "Dict": _dict,
    "List": _list,
    "set": _unique,
    "Set": _unique,
    "tuple": _list,
    "Tuple": _list,
    "PositiveInt": _bounded(_int, lambda value: value > 0, "a whole number above 0"),
    "NonNegativeInt": _bounded(_int, lambda value: value >= 0, "a whole number of at least 0"),
    "NegativeInt": _bounded(_int, lambda value: value < 0, "a whole number below 0"),
    "NonPositiveInt": _bounded(_int, lambda value: value <= 0, "a whole number of at most 0"),
    "PositiveFloat": _bounded(_float, lambda value: value > 0, "a number above 0"),
    "NonNegativeFloat": _bounded(_float, lambda value: value >= 0, "a number of at least 0"),
    "NegativeFloat": _bounded(_float, lambda value: value < 0, "a number below 0"),
    "NonPositiveFloat": _bounded(_float, lambda value: value <= 0, "a number of at most 0"),
    "FiniteFloat": _bounded(_float, math.isfinite, "a finite number"),
    "StrictInt": _exact(int, "a whole number"),
    "StrictFloat": _exact(float, "a number with a decimal point"),
    "StrictStr": _exact(str, "a text"),
    "StrictBool": _exact(bool, "true or false"),
    "date": to_date,
    "datetime": to_datetime,
    "timedelta": to_duration,
}


def _list_of(item: Caster) -> Caster:
    return lambda value: [item(each) for each in _list(value)]


def _set_of(item: Caster) -> Caster:
    return lambda value: _unique([item(each) for each in _unique(value)])


def _dict_of(key: Caster, item: Caster) -> Caster:
    return lambda value: {key(name): item(each) for name, each in _dict(value).items()}


def _optional(item: Caster) -> Caster:
    return lambda value: None if value is None or value == "null" else item(value)


_GENERIC: dict[tuple[str, int], Callable[..., Caster]] = {
    ("List", 1): _list_of,
    ("list", 1): _list_of,
    ("Set", 1): _set_of,
    ("set", 1): _set_of,
    ("Dict", 2): _dict_of,
    ("dict", 2): _dict_of,
    ("Optional", 1): _optional,
}
