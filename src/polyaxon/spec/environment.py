"""Where and under which conditions does a pod run? The `environment` section."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from pydantic_core import core_schema

from polyaxon.spec.fields import BoolOrRef, Model, OrTemplate, Shape
from polyaxon.spec.pods import Affinity, DnsConfig, HostAlias, PodSecurityContext, Toleration

__all__ = ["Environment", "Labels"]

_SCALAR = core_schema.union_schema(
    [
        core_schema.str_schema(strict=True),
        core_schema.bool_schema(strict=True),
        core_schema.int_schema(strict=True),
        core_schema.float_schema(strict=True),
    ],
    mode="left_to_right",
)
Label: TypeAlias = Annotated[
    str | bool | int | float,
    Shape("a text, number or boolean", _SCALAR, {"type": ["string", "number", "boolean"]}),
]
Labels: TypeAlias = dict[str, Label | None]
"""Texts by name. Numbers and booleans are kept as written here and become text where they are used."""


class Environment(Model):
    """Placement, security and labels of the run's pods."""

    labels: Labels | None = None
    """Labels of the pods."""
    annotations: Labels | None = None
    """Annotations of the pods."""
    node_selector: Labels | None = None
    """Labels that a node must have."""
    affinity: Affinity | None = None
    """Which nodes and neighbours are wanted."""
    tolerations: list[Toleration] | None = None
    """Taints of nodes that are tolerated."""
    node_name: str | None = None
    """The one node to run on."""
    service_account_name: str | None = None
    """The account the pods run under."""
    host_aliases: list[HostAlias] | None = None
    """Further lines of the pods' hosts file."""
    security_context: PodSecurityContext | None = None
    """User, group and privileges of the pods."""
    image_pull_secrets: list[str] | None = None
    """Names of the secrets that open image registries."""
    host_network: BoolOrRef | None = None
    """Whether the pods use the node's network."""
    host_pid: BoolOrRef | None = Field(default=None, alias="hostPID")
    """Whether the pods see the node's processes."""
    host_ipc: BoolOrRef | None = Field(default=None, alias="hostIPC")
    """Whether the pods share the node's interprocess communication."""
    dns_policy: str | None = None
    """How names are resolved."""
    dns_config: DnsConfig | None = None
    """Name servers and search domains."""
    scheduler_name: str | None = None
    """The scheduler that places the pods."""
    priority_class_name: str | None = None
    """The pods' priority class."""
    priority: Annotated[int | str, OrTemplate] | None = None
    """The pods' priority."""
    restart_policy: Annotated[Literal["Always", "OnFailure", "Never", "ExitCode"] | str, OrTemplate] | None = None
    """When a container that ended is started again; `ExitCode` is for the kubeflow kinds."""
