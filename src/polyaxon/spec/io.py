"""What goes into a component and comes out of it? Inputs, outputs, their validation, and how a value is judged.

A default is judged when the file is read, so a component that loads can be run without it.
"""

# Annotations are evaluated here: of texts, pydantic would compile every one again in every subclass.

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Self, TypeAlias, get_args, get_origin

from pydantic import Field, model_validator
from pydantic_core import core_schema

from polyaxon.spec import types
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import Before, Model, NumberOrRef, Shape, wrong
from polyaxon.spec.types import CastError, describe

__all__ = ["IO", "RESERVED_NAMES", "Validation", "check_rules", "validate"]

RESERVED_NAMES = frozenset({"globals", "params", "connections", "init"})
"""What templates call their own; an input of such a name could never be seen."""

_IDENTIFIER = r"^[a-zA-Z_][a-zA-Z0-9_-]*$"


def _check_name(value: Any) -> Any:
    if isinstance(value, str) and value in RESERVED_NAMES:
        raise wrong(
            SpecCode.RESERVED_NAME,
            f"`{value}` is the name of something that every template sees",
            suggestion=f"call it `{value}_value`, for example",
        )
    return value


IoName: TypeAlias = Annotated[
    str,
    Shape(
        "a name that begins with a letter or `_` and goes on with letters, digits, `_` and `-`",
        core_schema.str_schema(pattern=_IDENTIFIER),
        {"type": "string", "pattern": f"^(?!({'|'.join(sorted(RESERVED_NAMES))})$){_IDENTIFIER[1:]}"},
        code=SpecCode.BAD_NAME,
    ),
    Before(_check_name),
]


def _type_name(value: Any) -> Any:
    """Python code may give the type itself: `int`, `list[str]`."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, type) and not get_args(value):
        return value.__name__
    return str(value).replace("typing.", "") if get_origin(value) is not None else value


IoType: TypeAlias = Annotated[str, Before(_type_name)]
Bound: TypeAlias = Annotated[
    float | int | str,
    Shape(
        "a number or a date",
        core_schema.union_schema(
            [
                core_schema.int_schema(strict=True),
                core_schema.float_schema(strict=True),
                core_schema.str_schema(strict=True),
                core_schema.datetime_schema(strict=True),
                core_schema.date_schema(strict=True),
            ],
            mode="left_to_right",
        ),
        {"type": ["number", "string"]},
    ),
]


def _check_regex(value: Any) -> Any:
    if isinstance(value, str):
        from polyaxon.spec.regex import check_expression

        try:
            check_expression(value)
        except ValueError as error:
            raise wrong(SpecCode.IO_RULES, str(error)) from error
    return value


class Validation(Model):
    """What a value must be beyond its type; for a list, every item of it."""

    delay: bool | None = None
    """Whether the value may come later than the submission; the same as `delayValidation`."""
    gt: Bound | None = None
    """The value is greater."""
    ge: Bound | None = None
    """The value is greater or equal."""
    lt: Bound | None = None
    """The value is less."""
    le: Bound | None = None
    """The value is less or equal."""
    multiple_of: NumberOrRef | None = None
    """The value is a multiple."""
    min_digits: int | None = None
    """The number has at least so many digits."""
    max_digits: int | None = None
    """The number has at most so many digits."""
    decimal_places: int | None = None
    """The number has at most so many decimals."""
    regex: Annotated[str, Before(_check_regex)] | None = None
    """The text begins with a match."""
    min_length: int | None = None
    """The text is at least so long."""
    max_length: int | None = None
    """The text is at most so long."""
    contains: Any = None
    """The text, list or mapping has this in it."""
    excludes: Any = None
    """The text, list or mapping does not have this in it."""
    options: list[Any] | None = None
    """The value is one of these."""
    min_items: int | None = None
    """The list has at least so many items."""
    max_items: int | None = None
    """The list has at most so many items."""
    keys: list[str] | None = None
    """The mapping has exactly these keys."""
    contains_keys: list[str] | None = None
    """The mapping has all of these keys."""
    excludes_keys: list[str] | None = None
    """The mapping has none of these keys."""


class IO(Model):
    """One input or output of a component."""

    name: IoName
    """What params and templates call it."""
    description: str | None = None
    """Text for people."""
    type: IoType | None = None
    """A type name or a typing expression; values of an unset type are not checked."""
    value: Any = None
    """The default. Giving it, even as null, makes the input optional."""
    is_optional: bool | None = None
    """Whether a run may do without a value."""
    is_list: bool | None = None
    """Whether the value is a list of the type."""
    is_flag: bool | None = None
    """For booleans: the argument is `--name` or nothing."""
    arg_format: str | None = None
    """Template of the command-line argument, with the value under the input's name."""
    delay_validation: bool | None = None
    """Whether the value may come later than the submission."""
    validation: Validation | None = None
    """What a value must be beyond its type."""
    options: list[Any] | None = Field(default=None, exclude=True)
    """Short for `validation.options`."""
    connection: str | None = None
    """A connection that belongs to the value."""
    to_init: bool | None = None
    """Whether the value becomes an `init` entry."""
    to_env: str | None = None
    """Environment variable that receives the value."""

    @property
    def is_required(self) -> bool:
        """Whether a run needs a value from elsewhere."""
        return not self.is_optional and "value" not in self.model_fields_set

    @property
    def is_delayed(self) -> bool:
        """Whether the value may come later: `delayValidation` and `validation.delay` are one thing."""
        return bool(self.delay_validation or (self.validation and self.validation.delay))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.options is not None:
            self._move_options()
        if self.is_flag and self.type != "bool":
            raise wrong(
                SpecCode.IO_RULES,
                "`isFlag` is for the type `bool`",
                at=("isFlag",),
                suggestion="write `type: bool`, or leave `isFlag` out",
            )
        if self.type is not None:
            self._check_type(self.type)
        if "value" in self.model_fields_set:
            self._check_default()
        return self

    def _move_options(self) -> None:
        if self.validation is None:
            self.validation = Validation(options=self.options)
        elif self.validation.options is None:
            self.validation.options = self.options
        self.options = None
        self.__pydantic_fields_set__.discard("options")

    def _check_type(self, name: str) -> None:
        try:
            types.check_type(name)
        except CastError as error:
            near = _nearest(name)
            raise wrong(
                SpecCode.IO_TYPE,
                str(error),
                at=("type",),
                suggestion=f"did you mean `{near}`?" if near else "the types are " + ", ".join(types.TYPES),
            ) from error

    def _check_default(self) -> None:
        if self.is_optional is False:
            raise wrong(
                SpecCode.IO_RULES,
                "an input with a default is optional",
                at=("isOptional",),
                suggestion="leave out `isOptional: false` or the `value`",
            )
        if self.value is None or (self.type is None and self.validation is None and not self.is_list):
            return
        try:
            judged = types.cast(self.type, self.value, bool(self.is_list))
            if self.validation is not None and not _holds_template(self.value):
                check_rules(self.validation, judged)
        except CastError as error:
            from polyaxon.spec.hints import TYPE_HINTS

            hint = "write a list, such as `[first, second]`" if self.is_list else TYPE_HINTS.get(self.type or "")
            message = f"the default of `{self.name}` does not fit: {error}"
            raise wrong(SpecCode.IO_VALUE, message, at=("value",), suggestion=hint) from error


_MEANT = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "double": "float",
    "boolean": "bool",
    "url": "uri",
    "object": "dict",
    "map": "dict",
    "array": "list",
    "dict_of_dicts": "dict",
    "file_path": "path",
    "auth": "dict",
}


def _nearest(name: str) -> str | None:
    from difflib import get_close_matches

    meant = _MEANT.get(name.lower())
    return meant or next(iter(get_close_matches(name.lower(), types.TYPES, 1, 0.6)), None)


def _holds_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, list | tuple):
        return any(_holds_template(item) for item in value)
    return isinstance(value, Mapping) and any(_holds_template(item) for item in value.values())


def validate(io: IO, value: Any) -> Any:
    """Return `value` as the input's type has it, after all of its rules; raises `CastError` with the reason.

    None passes where the input is optional. Values that still hold a template must not come here.
    """
    if value is None:
        if io.is_required:
            raise CastError("a value is required")
        return None
    found = types.cast(io.type, value, bool(io.is_list))
    if io.validation is not None:
        check_rules(io.validation, found)
    return found


def check_rules(rules: Validation, value: Any) -> None:
    """Raise `CastError` when a cast value breaks a rule."""
    items = _items(value)
    for item in items:
        _check_item(rules, item)
    if items is value or isinstance(value, Mapping | list | tuple | set):
        _check_size(rules, value)
    if isinstance(value, Mapping):
        _check_keys(rules, value)


def _items(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    return list(value.values()) if isinstance(value, Mapping) else [value]


def _check_item(rules: Validation, value: Any) -> None:
    if value is None:
        return
    if rules.options is not None and value not in rules.options:
        raise CastError(f"{describe(value)} is not one of {_listed(rules.options)}")
    for name, compare, words in _COMPARISONS:
        bound = getattr(rules, name)
        if bound is not None and not _compared(compare, value, bound):
            raise CastError(f"{describe(value)} is not {words} {bound}")
    if rules.multiple_of is not None:
        _check_multiple(value, rules.multiple_of)
    if rules.min_digits is not None or rules.max_digits is not None or rules.decimal_places is not None:
        _check_digits(rules, value)
    if rules.regex is not None and not _matches(rules.regex, _text(value)):
        raise CastError(f"{describe(value)} does not match `{rules.regex}`")
    if rules.min_length is not None and len(_text(value)) < rules.min_length:
        raise CastError(f"{describe(value)} is shorter than {rules.min_length}")
    if rules.max_length is not None and len(_text(value)) > rules.max_length:
        raise CastError(f"{describe(value)} is longer than {rules.max_length}")
    if rules.contains is not None and not _is_in(rules.contains, value):
        raise CastError(f"{describe(value)} does not contain {describe(rules.contains)}")
    if rules.excludes is not None and _is_in(rules.excludes, value):
        raise CastError(f"{describe(value)} contains {describe(rules.excludes)}")


_COMPARISONS = (
    ("gt", lambda value, bound: value > bound, "greater than"),
    ("ge", lambda value, bound: value >= bound, "at least"),
    ("lt", lambda value, bound: value < bound, "less than"),
    ("le", lambda value, bound: value <= bound, "at most"),
)


def _compared(compare: Any, value: Any, bound: Any) -> bool:
    if isinstance(value, date) and isinstance(bound, str | date):
        bound = types.cast("datetime" if hasattr(value, "hour") else "date", bound)
    try:
        return bool(compare(value, bound))
    except TypeError as error:
        raise CastError(f"{describe(value)} cannot be compared with {describe(bound)}") from error


def _check_multiple(value: Any, step: Any) -> None:
    try:
        rest = Decimal(str(value)) % Decimal(str(step))
    except (InvalidOperation, ValueError) as error:
        raise CastError(f"{describe(value)} is not a multiple of {step}") from error
    if rest != 0:
        raise CastError(f"{describe(value)} is not a multiple of {step}")


def _matches(expression: str, text: str) -> bool:
    from polyaxon.spec.regex import begins_with_match

    return begins_with_match(expression, text)


def _check_digits(rules: Validation, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CastError(f"expected a number, got {describe(value)}")
    whole, _, decimals = format(Decimal(str(value)).normalize(), "f").lstrip("-").partition(".")
    digits = len((whole + decimals).lstrip("0")) or 1
    if rules.min_digits is not None and digits < rules.min_digits:
        raise CastError(f"{describe(value)} has fewer than {rules.min_digits} digits")
    if rules.max_digits is not None and digits > rules.max_digits:
        raise CastError(f"{describe(value)} has more than {rules.max_digits} digits")
    if rules.decimal_places is not None and len(decimals) > rules.decimal_places:
        raise CastError(f"{describe(value)} has more than {rules.decimal_places} decimals")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise CastError(f"expected a text, got {describe(value)}")


def _is_in(part: Any, value: Any) -> bool:
    try:
        return part in value
    except TypeError as error:
        raise CastError(f"expected a text, list or mapping, got {describe(value)}") from error


def _check_size(rules: Validation, value: Any) -> None:
    if rules.min_items is not None and len(value) < rules.min_items:
        raise CastError(f"it has {len(value)} items, fewer than {rules.min_items}")
    if rules.max_items is not None and len(value) > rules.max_items:
        raise CastError(f"it has {len(value)} items, more than {rules.max_items}")


def _check_keys(rules: Validation, value: Mapping[Any, Any]) -> None:
    keys = set(value)
    if rules.keys is not None and keys != set(rules.keys):
        raise CastError(f"its keys are not exactly {_listed(rules.keys)}")
    missing = [key for key in rules.contains_keys or () if key not in keys]
    if missing:
        raise CastError(f"it lacks the keys {_listed(missing)}")
    unwanted = [key for key in rules.excludes_keys or () if key in keys]
    if unwanted:
        raise CastError(f"it must not have the keys {_listed(unwanted)}")


def _listed(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values[:12]) + (", …" if len(values) > 12 else "")
