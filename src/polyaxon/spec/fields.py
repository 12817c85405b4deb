"""What are the sections of a file made of? The base model and the few field types all sections share.

Two rules hold for every type here: a mistake gives exactly one error, never one per alternative; and the marker that
makes the validator also tells the JSON Schema and the reference pages what the field takes (`Shape`, `Alternative`,
`ByKind`, `Later` and `Before` are read by `anatomy`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from polyaxon.model.record import dataclass
from polyaxon.spec.codes import SpecCode

__all__ = [
    "BOOL_JSON",
    "ENOUGH",
    "NUMBER_JSON",
    "TEMPLATE",
    "Alternative",
    "Before",
    "BoolOrRef",
    "ByKind",
    "CommaList",
    "CountOrRef",
    "HubRef",
    "IntOrRef",
    "Kinded",
    "Later",
    "Model",
    "Name",
    "NumberOrRef",
    "OrTemplate",
    "PatchStrategy",
    "PositiveIntOrRef",
    "QueueName",
    "Shape",
    "Statuses",
    "Url",
    "Version",
    "all_wrong",
    "has_template",
    "to_camel",
    "to_snake",
    "wrong",
]

TEMPLATE = r"(?s)\{\{.+\}\}"
_TEMPLATE = re.compile(TEMPLATE)
_TEMPLATE_TEXT = core_schema.str_schema(pattern=TEMPLATE)
_TEMPLATE_JSON: dict[str, Any] = {"type": "string", "pattern": r"\{\{[\s\S]+\}\}"}


def has_template(value: object) -> bool:
    """Whether `value` is a text that holds a `{{ … }}`."""
    return isinstance(value, str) and "{{" in value and _TEMPLATE.search(value) is not None


def to_camel(name: str) -> str:
    """Return the spelling of the file: `hub_ref` → `hubRef`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def to_snake(name: str) -> str:
    """Return the spelling of Python: `hubRef` → `hub_ref`."""
    return name if name.islower() else "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def wrong(
    code: SpecCode, message: str, *, at: tuple[str | int, ...] = (), suggestion: str | None = None
) -> PydanticCustomError:
    """Make the error that a validator raises: `at` is the place below the value that is validated."""
    return PydanticCustomError(
        "polyaxon", "{message}", {"code": str(code), "message": message, "at": at, "suggestion": suggestion}
    )


ENOUGH = 1000
"""Problems of one file: nobody reads more, and each takes time and memory. What finds one more may stop."""


def all_wrong(value: object, errors: Sequence[PydanticCustomError]) -> ValidationError:
    """Make the one exception that reports several errors, each at its own place below `value`."""
    return ValidationError.from_exception_data(
        "polyaxon",
        [{"type": _placed(error), "loc": (error.context or {})["at"], "input": value} for error in errors],
    )


def _placed(error: PydanticCustomError) -> PydanticCustomError:
    return PydanticCustomError("polyaxon", "{message}", {**(error.context or {}), "at": ()})


class Model(BaseModel):
    """A section of the file: camelCase in the file, snake_case in Python, and nothing unknown."""

    model_config = ConfigDict(
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,
        protected_namespaces=(),
        ser_json_inf_nan="constants",
    )

    def to_dict(self) -> dict[str, Any]:
        """Return the section as the file has it: camelCase, and only what was given."""
        from polyaxon.spec.dump import dump

        return dump(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Build the section from a mapping in the words of the file."""
        return cls.model_validate(dict(value))


class Kinded(Model):
    """A section that says its kind: the kind counts as written even when Python code leaves it to the class."""

    kind: str | None = None

    def __init__(self, /, **values: Any) -> None:
        kind = type(self).model_fields["kind"].default
        if kind is not None:
            values.setdefault("kind", kind)
        super().__init__(**values)

    # Tells pydantic that validating a mapping need not go through this `__init__`, which is for Python callers.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


@dataclass(frozen=True, eq=False)
class Shape:
    """A scalar of the format: how it is checked, what messages call it, and its JSON Schema."""

    label: str
    core: CoreSchema
    json: Mapping[str, Any]
    template: bool = False
    code: SpecCode = SpecCode.WRONG_TYPE
    suggestion: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        inner = self.core
        if self.template:
            inner = core_schema.union_schema([self.core, _TEMPLATE_TEXT], mode="left_to_right")
        return core_schema.custom_error_schema(
            inner,
            custom_error_type="shape",
            custom_error_message="expected {label}",
            custom_error_context={
                "label": self.words,
                "code": str(self.code),
                **({"suggestion": self.suggestion} if self.suggestion else {}),
            },
        )

    @property
    def words(self) -> str:
        """What a value may be, for messages."""
        return self.label + " or a template" if self.template else self.label

    @property
    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the value, template included."""
        if not self.template:
            return dict(self.json)
        forms = self.json["anyOf"] if set(self.json) == {"anyOf"} else [dict(self.json)]
        return {"anyOf": [*forms, dict(_TEMPLATE_JSON)]}


@dataclass(frozen=True, eq=False)
class Alternative:
    """A template text in place of a whole section or list."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        inner = [item for item in source.__args__ if item is not str]
        if len(inner) != 1:
            raise TypeError(f"expected one type beside `str`, got {source}")

        def check(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
            return value if has_template(value) else validate(value)

        return core_schema.no_info_wrap_validator_function(
            check, handler(inner[0]), serialization=core_schema.simple_ser_schema("any")
        )


@dataclass(frozen=True, eq=False)
class Before:
    """Another way to write the value, turned into the full form first. `label` and `json` describe that other way."""

    spread: Callable[[Any], Any]
    label: str = ""
    json: Mapping[str, Any] = field(default_factory=dict)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.spread, handler(source))


@dataclass(frozen=True, eq=False)
class Later:
    """A section whose model, named as `module:Class`, is imported and built when a file first has one."""

    name: str

    @property
    def model(self) -> type[Model]:
        """The model."""
        return _model_named(self.name)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        def validate(value: Any) -> Any:
            return self.model.__pydantic_validator__.validate_python(value)

        return core_schema.no_info_plain_validator_function(validate)


@cache
def _model_named(name: str) -> type[Model]:
    module, _, attribute = name.partition(":")
    found: type[Model] = getattr(import_module("polyaxon.spec." + module), attribute)
    return found


class ByKind:
    """A section whose model depends on its `kind`.

    `kinds` names the models as `module:Class`: they are imported and built when a file first uses them, which keeps
    small files fast. `default` is the kind of a section that gives none; with `partial` such a section stays a plain
    mapping, to be laid over something whose kind is known.
    """

    def __init__(
        self, what: str, kinds: Mapping[str, str], *, default: str | None = None, partial: bool = False
    ) -> None:
        self.what = what
        self.kinds = dict(kinds)
        self.default = default
        self.partial = partial
        self._models: dict[str, type[Model]] = {}
        self._classes: tuple[type[Model], ...] = ()

    def model(self, kind: str) -> type[Model]:
        """Return the model of `kind`."""
        found = self._models.get(kind)
        if found is None:
            found = self._models[kind] = _model_named(self.kinds[kind])
            self._classes = tuple(dict.fromkeys(self._models.values()))
        return found

    def validate(self, value: Any) -> Any:
        """Build the model that the value's kind asks for."""
        if isinstance(value, dict):
            kind = value.get("kind")
            if kind is None:
                if self.partial:
                    return value
                kind = self.default
            try:
                model = self._models[kind]  # type: ignore[index]  # an absent kind is not in the table
            except (KeyError, TypeError):
                model = self.model(self._known(kind))
            return model.__pydantic_validator__.validate_python(value)
        if isinstance(value, self._classes):
            return value
        if isinstance(value, Model) and any(isinstance(value, self.model(kind)) for kind in self.kinds):
            return value
        raise PydanticCustomError("model_type", "expected a mapping")

    def _known(self, kind: object) -> str:
        if isinstance(kind, str) and kind in self.kinds:
            return str(kind)
        raise PydanticCustomError(
            "kind",
            "{what}",
            {
                "what": self.what,
                "choices": [name for name in self.kinds if name],
                "missing": kind is None,
                "given": kind if isinstance(kind, str) else None,
            },
        )

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part for part in (item.strip() for item in value.split(",")) if part]
    return value


_LARGEST = 2**63
_INT = core_schema.int_schema(strict=True, gt=-_LARGEST, lt=_LARGEST)
_WORDS = "true|t|yes|y|on|1|false|f|no|n|off|0"
_ANY_CASE = "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in _WORDS)
NUMBER_JSON: dict[str, Any] = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"}]
}
"""What is read as a number where the format is not strict: its text, too."""
BOOL_JSON: dict[str, Any] = {
    "anyOf": [{"type": "boolean"}, {"enum": [0, 1]}, {"type": "string", "pattern": f"^({_ANY_CASE})$"}]
}
"""What is read as a boolean: the usual words, too."""

IntOrRef: TypeAlias = Annotated[int | str, Shape("a whole number", _INT, {"type": "integer"}, template=True)]
PositiveIntOrRef: TypeAlias = Annotated[
    int | str,
    Shape(
        "a whole number of at least 1",
        core_schema.int_schema(strict=True, ge=1, lt=_LARGEST),
        {"type": "integer", "minimum": 1},
        template=True,
    ),
]
CountOrRef: TypeAlias = Annotated[
    int | str,
    Shape(
        "a whole number of at least 0",
        core_schema.int_schema(strict=True, ge=0, lt=_LARGEST),
        {"type": "integer", "minimum": 0},
        template=True,
    ),
]
NumberOrRef: TypeAlias = Annotated[
    int | float | str,
    Shape(
        "a number",
        core_schema.union_schema([_INT, core_schema.float_schema()], mode="left_to_right"),
        NUMBER_JSON,
        template=True,
    ),
]
BoolOrRef: TypeAlias = Annotated[
    bool | str, Shape("true or false", core_schema.bool_schema(), BOOL_JSON, template=True)
]
Version: TypeAlias = Annotated[
    int | float | str,
    Shape(
        "a number such as 1.1",
        core_schema.union_schema(
            [_INT, core_schema.float_schema(strict=True), core_schema.str_schema(pattern=r"^\d+(\.\d+)?$")],
            mode="left_to_right",
        ),
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]},
    ),
]
Name: TypeAlias = Annotated[
    str,
    Shape(
        "a name of letters, digits, `-` and `_`",
        core_schema.str_schema(pattern=r"^[-a-zA-Z0-9_]+$"),
        {"type": "string", "pattern": r"^[-a-zA-Z0-9_]+$"},
        template=True,
        code=SpecCode.BAD_NAME,
    ),
]
QueueName: TypeAlias = Annotated[
    str,
    Shape(
        "`queue` or `agent/queue`",
        core_schema.str_schema(pattern=r"^[^/.\s]+([/.][^/.\s]+)?$"),
        {"type": "string", "pattern": r"^[^/.\s]+([/.][^/.\s]+)?$"},
        template=True,
        code=SpecCode.BAD_REFERENCE,
    ),
]
HubRef: TypeAlias = Annotated[
    str,
    Shape(
        "a hub reference of the form `[owner/]name[:version]`",
        core_schema.str_schema(pattern=r"^([^/:.\s]+[/.])?[^/:.\s]+(:[^/:\s]*)?$"),
        {"type": "string", "pattern": r"^([^/:.\s]+[/.])?[^/:.\s]+(:[^/:\s]*)?$"},
        template=True,
        code=SpecCode.BAD_REFERENCE,
    ),
]
Url: TypeAlias = Annotated[
    str,
    Shape(
        "a URL",
        core_schema.str_schema(pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$"),
        {"type": "string", "pattern": r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$"},
        template=True,
        code=SpecCode.BAD_REFERENCE,
    ),
]
CommaList: TypeAlias = Annotated[list[str], Before(_split, "a text with commas", {"type": "string"})]
OrTemplate = Alternative()
"""Marks `Annotated[X | str, OrTemplate]`: an `X`, or a template text for all of it."""

PatchStrategy: TypeAlias = Literal["replace", "isnull", "post_merge", "pre_merge"]
Statuses: TypeAlias = Literal[
    "created",
    "resuming",
    "on_schedule",
    "retrying",
    "compiled",
    "queued",
    "scheduled",
    "starting",
    "running",
    "processing",
    "warning",
    "unschedulable",
    "unknown",
    "stopping",
    "succeeded",
    "failed",
    "stopped",
    "skipped",
    "upstream_failed",
    "done",
]
