"""Which Kubernetes objects can a file hold? Containers here, and what all of these objects share.

Only the first level of keys is the format's business: it is checked, and everything below is kept as written. The
exceptions are what every runtime must understand to start a container: argv, environment and resource quantities.
"""

# Annotations are evaluated here: of texts, pydantic would compile every one again in every subclass.

import re
from typing import Annotated, Any, TypeAlias

from pydantic import model_validator
from pydantic_core import PydanticCustomError, core_schema

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import ENOUGH, Before, Model, OrTemplate, Shape, all_wrong, has_template, wrong
from polyaxon.spec.types import of_client

__all__ = ["Container", "KubernetesModel", "Resources"]

_QUANTITY = re.compile(r"^\+?(\d+(\.\d*)?|\.\d+)(m|[kMGTPE]|Ki|Mi|Gi|Ti|Pi|Ei|n|u|[eE][+-]?\d+)?$")
_LISTS = ("limits", "requests")


def _is_quantity(value: object) -> bool:
    """Whether `value` is an amount in Kubernetes' notation, or a template of one."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return 0 <= value < float("inf")
    return isinstance(value, str) and (_QUANTITY.match(value.strip()) is not None or has_template(value))


def _check_resources(value: Any) -> Any:
    value = of_client(value)
    if not isinstance(value, dict):
        return value
    errors = []
    for side in _LISTS:
        amounts = value.get(side)
        if amounts is None or has_template(amounts):
            continue
        if not isinstance(amounts, dict):
            message = "expected a mapping of resources to amounts"
            hint = "write `{cpu: 1, memory: 4Gi}`, for example"
            errors.append(wrong(SpecCode.WRONG_TYPE, message, at=(side,), suggestion=hint))
            continue
        for name, amount in amounts.items():
            if len(errors) <= ENOUGH and not _is_quantity(amount):
                message = f"`{amount}` is not an amount of `{name}`"
                hint = _amount_hint(str(name))
                errors.append(wrong(SpecCode.QUANTITY, message, at=(side, name), suggestion=hint))
    if errors:
        raise all_wrong(value, errors)
    return value


def _amount_hint(name: str) -> str:
    examples = {"cpu": "`500m` or `2`", "memory": "`512Mi` or `4Gi`"}
    return f"write a positive amount such as {examples.get(name, '`1`')}"


def _check_env(value: Any) -> Any:
    if isinstance(value, dict):
        raise wrong(
            SpecCode.WRONG_TYPE,
            "expected a list of `{name, value}`, got a mapping",
            suggestion="write `- {name: NAME, value: text}` for each variable, or use the file's top-level `env`",
        )
    if isinstance(value, list):
        errors: list[PydanticCustomError] = []
        for place, item in enumerate(value):
            if len(errors) > ENOUGH:
                break
            if isinstance(item, dict) and not isinstance(item.get("name"), str):
                errors.append(wrong(SpecCode.MISSING_FIELD, "an environment variable needs a `name`", at=(place,)))
            elif not isinstance(of_client(item), dict) and not has_template(item):
                errors.append(wrong(SpecCode.WRONG_TYPE, "expected a mapping `{name, value}`", at=(place,)))
        if errors:
            raise all_wrong(value, errors)
    return value


Resources: TypeAlias = Annotated[dict[str, Any] | str, OrTemplate, Before(_check_resources)]
Env: TypeAlias = Annotated[list[Any] | str, OrTemplate, Before(_check_env)]
Argv: TypeAlias = Annotated[
    list[Any] | str,
    Shape(
        "a list of texts, or one text",
        core_schema.union_schema(
            [core_schema.list_schema(core_schema.any_schema(), strict=True), core_schema.str_schema(strict=True)],
            mode="left_to_right",
        ),
        {"anyOf": [{"type": "array"}, {"type": "string"}]},
    ),
]
Image: TypeAlias = Annotated[
    str | int | float,
    Shape(
        "the name of an image",
        core_schema.union_schema(
            [
                core_schema.str_schema(strict=True),
                core_schema.int_schema(strict=True),
                core_schema.float_schema(strict=True),
            ],
            mode="left_to_right",
        ),
        {"type": ["string", "number"]},
    ),
]


class KubernetesModel(Model):
    """An object that Python code may also give as an object of a Kubernetes client."""

    @model_validator(mode="before")
    @classmethod
    def _from_client(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else of_client(value)


class Container(KubernetesModel):
    """A container, in Kubernetes' words. The main container's `name` is given by the runtime."""

    name: str | None = None
    """Filled in for the main container."""
    image: Image | None = None
    """The image to run."""
    command: Argv | None = None
    """The program and its first arguments; a single text is one item unless it is a template of a list."""
    args: Argv | None = None
    """The further arguments; a template such as `"{{ params.as_args }}"` may stand for the whole list."""
    env: Env | None = None
    """Environment variables: a list of `{name, value}`."""
    env_from: Any = None
    """Secrets and config maps whose keys become environment variables."""
    working_dir: str | None = None
    """Where the program starts."""
    resources: Resources | None = None
    """`requests` and `limits`: mappings of a resource to an amount."""
    image_pull_policy: str | None = None
    """`Always`, `IfNotPresent` or `Never`."""
    ports: Any = None
    """Ports the container listens on."""
    volume_mounts: Any = None
    """Volumes to mount, by the names of `run.volumes`."""
    volume_devices: Any = None
    """Block devices to mount."""
    lifecycle: Any = None
    """Commands to run after the start and before the end."""
    liveness_probe: Any = None
    """How to see whether the container is alive."""
    readiness_probe: Any = None
    """How to see whether the container is ready."""
    startup_probe: Any = None
    """How to see whether the container has started."""
    resize_policy: Any = None
    """What a change of resources does to the container."""
    restart_policy: Any = None
    """When the container alone is restarted."""
    restart_policy_rules: Any = None
    """When the container alone is restarted, by exit code."""
    security_context: Any = None
    """User, group and privileges of the container."""
    stdin: Any = None
    """Whether standard input is kept open."""
    stdin_once: Any = None
    """Whether standard input is closed after the first use."""
    tty: Any = None
    """Whether the container has a terminal."""
    termination_message_path: Any = None
    """File whose content explains the end."""
    termination_message_policy: Any = None
    """Where the explanation of the end comes from."""
