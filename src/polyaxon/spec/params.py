"""How does an operation give values to its component? Params, in short and full form, and joins over other runs."""

# Annotations are evaluated here: of texts, pydantic would compile every one again in every subclass.

from typing import Annotated, Any, TypeAlias

from pydantic_core import core_schema

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import Before, Model, OrTemplate, Shape, wrong

__all__ = ["FullParams", "Join", "Param", "Params", "TemplatedParams"]

_KEYS = frozenset(
    {
        *("value", "ref", "toInit", "to_init", "toEnv", "to_env"),
        *("contextOnly", "context_only", "connection"),
    }
)


class Param(Model):
    """A value, or where to take it from."""

    value: Any = None
    """The value, a template, or beside `ref` the path of what is wanted (`outputs.loss`)."""
    ref: str | None = None
    """Where the value comes from: `ops.NAME`, `runs.UUID` or `dag`."""
    context_only: bool | None = None
    """Whether the value is for templates only and no input."""
    connection: str | None = None
    """A connection that belongs to the value."""
    to_init: bool | None = None
    """Whether the value becomes an `init` entry."""
    to_env: str | None = None
    """Environment variable that receives the value."""


def _spread(value: Any) -> Any:
    if isinstance(value, dict):
        if value and _KEYS.isdisjoint(value):
            return {"value": value}
        return _check_ref(value)
    return value if isinstance(value, Param) else {"value": value}


def _full(value: Any) -> Any:
    if isinstance(value, dict):
        return _check_ref(value)
    if isinstance(value, Param):
        return value
    raise wrong(
        SpecCode.PARAM_FORM,
        "the params of this section are written in full",
        suggestion="write `{value: …}` around the value",
    )


def _check_ref(value: dict[Any, Any]) -> dict[Any, Any]:
    if value.get("ref") is not None and not isinstance(value.get("value"), str):
        raise wrong(
            SpecCode.PARAM_FORM,
            "beside `ref`, `value` is the path of what is wanted",
            at=("value",) if "value" in value else (),
            suggestion="write a path such as `outputs.loss` or `globals.uuid`",
        )
    return value


def _full_join(value: Any) -> Any:
    if isinstance(value, dict | Param):
        return value
    return _full(value)


Params: TypeAlias = dict[str, Annotated[Param, Before(_spread, "any value", {})]]
FullParams: TypeAlias = dict[str, Annotated[Param, Before(_full)]]
JoinParams: TypeAlias = dict[str, Annotated[Param, Before(_full_join)]]


def _counted(label: str, least: int) -> Shape:
    digits = core_schema.str_schema(pattern=r"^\s*0*[1-9]\d*\s*$" if least else r"^\s*\d+\s*$")
    return Shape(
        label,
        core_schema.union_schema([core_schema.int_schema(strict=True, ge=least), digits], mode="left_to_right"),
        {"anyOf": [{"type": "integer", "minimum": least}, {"type": "string", "pattern": r"^\s*\d+\s*$"}]},
        template=True,
    )


class Join(Model):
    """Runs to look up when the operation is compiled; their values become lists, in the order of the runs."""

    query: str
    """Which runs of the project: the search language."""
    sort: str | None = None
    """Order of the runs: fields with commas, `-` for descending; the latest updated first when absent."""
    limit: Annotated[int | str, _counted("a whole number of at least 1", 1)] | None = None
    """How many runs at most; 5000 when absent."""
    offset: Annotated[int | str, _counted("a whole number of at least 0", 0)] | None = None
    """How many runs to leave out first."""
    params: JoinParams | None = None
    """What to take of each run, by name: `{value: outputs.loss}`."""
    ref: str | None = None
    """Accepted for old files; has no meaning."""


TemplatedParams: TypeAlias = Annotated[FullParams | str, OrTemplate]
"""Full-form params, or a template of all of them: hooks, builds, tuners."""
