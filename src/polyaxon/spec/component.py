"""What may a file say at its top level? The one authored model, and the component it makes."""

# Annotations are evaluated here: of texts, pydantic would compile every one again in every subclass.

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import AliasChoices, Field, model_validator

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.container import Container
from polyaxon.spec.fields import (
    ENOUGH,
    Before,
    BoolOrRef,
    CommaList,
    HubRef,
    Kinded,
    Model,
    Name,
    NumberOrRef,
    OrTemplate,
    PatchStrategy,
    QueueName,
    Url,
    Version,
    all_wrong,
    wrong,
)
from polyaxon.spec.io import IO
from polyaxon.spec.kinds import COMPONENT_LIKE, MATRICES, RUNS, SCHEDULES
from polyaxon.spec.params import Params
from polyaxon.spec.sections import (
    Build,
    Cache,
    Environment,
    Event,
    Hook,
    Init,
    Join,
    Plugins,
    Termination,
    Volume,
)
from polyaxon.spec.shorthands import Amounts, Cmd, EnvTexts, PlainPorts

if TYPE_CHECKING:
    from polyaxon.spec.jobs import Run
    from polyaxon.spec.matrix import Matrix
    from polyaxon.spec.operation import Operation
    from polyaxon.spec.schedule import Schedule

    AnyComponent: TypeAlias = "Component | Operation"
else:
    # The validators go by the kind tables; importing these here would load every kind for the smallest file.
    Run = Matrix = Schedule = AnyComponent = Model

__all__ = ["REFERENCES", "SHORTHANDS", "Authored", "Component", "Mount", "Shared", "Template", "Trigger"]

REFERENCES = ("hub_ref", "dag_ref", "url_ref", "path_ref")
SHORTHANDS = (
    "ports",
    "container",
    "cmd",
    "env",
    "resources",
    "environment",
    "init",
    "connections",
    "sidecars",
    "volumes",
)
"""Fields that stand for parts of `run`, in the order in which they are laid over it."""

Trigger: TypeAlias = Literal["all_succeeded", "all_failed", "all_done", "one_succeeded", "one_failed", "one_done"]


class Template(Model):
    """Marks a file as something to fill in before it is run."""

    enabled: bool | None = None
    """Whether the file must be filled in first."""
    description: str | None = None
    """Text for people."""
    fields_: list[str] | None = Field(default=None, alias="fields")
    """Paths of the fields to fill in."""


class Mount(Model):
    """A local file or directory that is uploaded before the run starts."""

    path_from: str | None = Field(
        default=None, validation_alias=AliasChoices("from", "pathFrom", "path_from"), serialization_alias="from"
    )
    """Where it is here."""
    path_to: str | None = Field(
        default=None, validation_alias=AliasChoices("to", "pathTo", "path_to"), serialization_alias="to"
    )
    """Where it goes; the run's `uploads/` when absent."""


def _spread_mount(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    source, colon, target = value.partition(":")
    return {"from": source, "to": target} if colon else {"from": source}


MountItem: TypeAlias = Annotated[Mount, Before(_spread_mount, 'a text "from:to"', {"type": "string"})]


class Shared(Kinded):
    """The fields that components, operations and what is compiled of them have in common."""

    version: Version | None = None
    """The version of the format, 1.1; not needed."""
    name: Name | None = None
    """Its name: letters, digits, `-` and `_`."""
    description: str | None = None
    """Text for people."""
    tags: CommaList | None = None
    """Words to find its runs by."""
    presets: CommaList | None = None
    """Named presets to apply."""
    queue: QueueName | None = None
    """The queue its runs wait in: `queue` or `agent/queue`."""
    namespace: str | None = None
    """The Kubernetes namespace to run in."""
    cache: Cache | None = None
    """When an earlier result is used again."""
    termination: Termination | None = None
    """Retries and time limits."""
    plugins: Plugins | None = None
    """Services of the platform."""
    build: Build | None = None
    """A component that builds the image first."""
    hooks: list[Hook] | None = None
    """Components to run afterwards."""
    is_approved: BoolOrRef | None = None
    """False holds the run until somebody approves it."""
    cost: NumberOrRef | None = None
    """A figure for accounting."""
    mount: list[MountItem] | None = None
    """Local files to upload first."""
    inputs: list[IO] | None = None
    """What goes in."""
    outputs: list[IO] | None = None
    """What comes out."""
    schedule: Annotated[Schedule, SCHEDULES] | None = None
    """When it runs by itself."""
    events: list[Event] | None = None
    """What starts it."""
    matrix: Annotated[Matrix, MATRICES] | None = None
    """The search it is run for."""
    joins: list[Join] | None = None
    """Earlier runs whose values it takes."""
    dependencies: list[str] | None = None
    """Names of operations of the same dag that come first."""
    trigger: Annotated[Trigger | str, OrTemplate] | None = None
    """What must have become of the operations that come first; `all_succeeded` when absent."""
    conditions: str | None = None
    """An expression that must be true for it to run."""
    skip_on_upstream_skip: bool | None = None
    """Whether it is skipped when an operation that comes first is."""
    strict_params: bool | None = None
    """Whether params that no input declares are refused."""


class Authored(Shared):
    """What people write. Components and operations have the same fields; `kind` says what it is meant as."""

    params: Params | None = None
    """Values for the inputs, by name."""
    run: Annotated[Run | dict[str, Any], RUNS] | None = None
    """What is run."""
    run_patch: dict[str, Any] | None = None
    """Laid over the component's `run`."""
    patch_strategy: PatchStrategy | None = None
    """How these fields are laid over the component's; `post_merge` when absent."""
    is_preset: bool | None = None
    """Whether the file is a preset, to be laid over others."""
    template: Template | None = None
    """Marks a file as something to fill in first."""
    hub_ref: HubRef | None = None
    """The component, by its name in the hub: `[owner/]name[:version]`."""
    dag_ref: str | None = None
    """The component, by its name among the dag's `components`."""
    url_ref: Url | None = None
    """The component, by its address."""
    path_ref: str | None = None
    """The component, by the path of its file, relative to this one."""
    component: Annotated[AnyComponent, COMPONENT_LIKE] | None = None
    """The component itself."""
    ports: PlainPorts | None = None
    """Short for `run.ports`; makes a service of a file without `run`."""
    container: Container | None = None
    """Short for `run.container`."""
    cmd: Cmd | None = None
    """Short for the container's command: shell lines, ended by the first that fails."""
    env: EnvTexts | None = None
    """Short for the container's environment: names to texts."""
    resources: Amounts | None = None
    """Short for the container's resources: `cpu`, `memory`, `gpu`, each an amount or a range `request..limit`."""
    environment: Environment | None = None
    """Short for `run.environment`."""
    init: list[Init] | None = None
    """Short for `run.init`."""
    connections: list[str] | None = None
    """Short for `run.connections`."""
    sidecars: list[Container] | None = None
    """Short for `run.sidecars`."""
    volumes: list[Volume] | None = None
    """Short for `run.volumes`."""

    @property
    def reference(self) -> tuple[str, str] | None:
        """The reference's field and text, such as `("path_ref", "./train.yaml")`."""
        for name in REFERENCES:
            text = getattr(self, name)
            if text is not None:
                return name, text
        return None

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = self.__pydantic_fields_set__
        if not given.isdisjoint(REFERENCES):
            self._check_references()
        if "inputs" in given or "outputs" in given:
            self._check_names()
        if isinstance(self.run, dict):
            self._check_partial()
        return self

    def _check_references(self) -> None:
        names = [name for name in REFERENCES if getattr(self, name) is not None]
        if len(names) > 1 and not self.is_preset:
            fields = " and ".join(f"`{type(self).model_fields[name].alias}`" for name in names)
            raise wrong(
                SpecCode.SEVERAL_REFERENCES,
                f"there is more than one reference: {fields}",
                at=(str(type(self).model_fields[names[1]].alias),),
                suggestion="keep one of them",
            )

    def _check_names(self) -> None:
        seen: set[str] = set()
        errors = []
        for field in ("inputs", "outputs"):
            for place, io in enumerate(getattr(self, field) or ()):
                if io.name in seen:
                    message = f"`{io.name}` is the name of another input or output already"
                    errors.append(wrong(SpecCode.DUPLICATE_NAME, message, at=(field, place, "name")))
                    if len(errors) > ENOUGH:
                        raise all_wrong(self, errors)
                seen.add(io.name)
        if errors:
            raise all_wrong(self, errors)

    def _check_partial(self) -> None:
        if not self.is_preset and self.component is None and self.reference is None:
            raise wrong(
                SpecCode.KIND,
                "`run` says no kind",
                at=("run",),
                suggestion="add `kind: job`, `kind: service` or `kind: dag`, for example",
            )


class Component(Authored):
    """Something that can be run, with its inputs and outputs."""

    kind: Literal["component"] | None = "component"
    """`component`."""
