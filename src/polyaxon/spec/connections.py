"""What can runs be connected to? Stores, repositories, registries and services, as an installation configures them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import core_schema

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.environment import Labels
from polyaxon.spec.fields import Before, IntOrRef, Model, Shape, wrong

__all__ = [
    "BucketConnection",
    "ClaimConnection",
    "Connection",
    "ConnectionKind",
    "ConnectionResource",
    "GitConnection",
    "HostConnection",
    "HostPathConnection",
]

ConnectionKind: TypeAlias = Literal[
    "host_path",
    "volume_claim",
    "gcs",
    "s3",
    "wasb",
    "registry",
    "git",
    "aws",
    "gcp",
    "azure",
    "mysql",
    "postgres",
    "oracle",
    "vertica",
    "sqlite",
    "mssql",
    "redis",
    "presto",
    "mongo",
    "cassandra",
    "ftp",
    "grpc",
    "hdfs",
    "http",
    "pig_cli",
    "hive_cli",
    "hive_metastore",
    "hive_server2",
    "jdbc",
    "jenkins",
    "samba",
    "snowflake",
    "ssh",
    "cloudant",
    "databricks",
    "segment",
    "slack",
    "teams",
    "email",
    "discord",
    "mattermost",
    "pagerduty",
    "hipchat",
    "webhook",
    "custom",
]

_SCHEMAS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(("gcs", "s3", "wasb"), (("bucket",), ())),
    "volume_claim": (("volumeClaim", "mountPath"), ("readOnly",)),
    "host_path": (("hostPath", "mountPath"), ("readOnly",)),
    "registry": (("url",), ("insecure",)),
    "git": ((), ("url", "revision", "flags")),
}
"""Required and optional fields of `schema` by kind; other kinds have a schema of their own making."""

_PAIR = core_schema.list_schema(core_schema.any_schema(), min_length=2, max_length=2, strict=True)
_NAMED = core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema(), strict=True)
EnvItems: TypeAlias = Annotated[
    dict[str, Any] | list[Any],
    Shape(
        "a mapping, a list of `{name, value}`, or a list of pairs `[name, value]`",
        core_schema.union_schema(
            [_NAMED, core_schema.list_schema(core_schema.union_schema([_NAMED, _PAIR], mode="left_to_right"))],
            mode="left_to_right",
        ),
        {"anyOf": [{"type": "object"}, {"type": "array"}]},
    ),
]


class BucketConnection(Model):
    """Where a bucket is."""

    kind: str | None = None
    bucket: str
    """Its address, such as `s3://name/path`."""


class ClaimConnection(Model):
    """Where a volume claim is mounted."""

    kind: str | None = None
    volume_claim: str
    """Name of the claim."""
    mount_path: str
    """Where it is seen."""
    read_only: bool | None = None
    """Whether nothing may be written to it."""


class HostPathConnection(Model):
    """Where a path of the host is mounted."""

    kind: str | None = None
    host_path: str
    """The path on the host."""
    mount_path: str
    """Where it is seen."""
    read_only: bool | None = None
    """Whether nothing may be written to it."""


class HostConnection(Model):
    """Where a registry or another server is."""

    kind: str | None = None
    url: str
    """Its address."""
    insecure: bool | None = None
    """Whether its certificate is not checked."""


class GitConnection(Model):
    """Where a git repository is."""

    kind: str | None = None
    url: str | None = None
    """Its address."""
    revision: str | None = None
    """Branch, tag or commit."""
    flags: list[str] | None = None
    """Further options of `git clone`."""


def _schema_data(value: Any) -> Any:
    return value.to_dict() if isinstance(value, Model) else value


class ConnectionResource(Model):
    """A secret or config map that belongs to the connection."""

    name: str
    """Its name."""
    items: list[str] | None = None
    """The keys that are used; all when absent."""
    mount_path: str | None = None
    """Where it is mounted; environment variables when absent."""
    default_mode: IntOrRef | None = None
    """Mode of the mounted files."""
    host_path: str | None = None
    """A path of the host in its place."""
    is_requested: bool | None = None
    """Whether every run gets it."""


class Connection(Model):
    """Something outside that runs use by name."""

    name: str
    """What files call it."""
    kind: ConnectionKind
    """What it is."""
    description: str | None = None
    """Text for people."""
    tags: list[str] | None = None
    """Words to find it by."""
    schema_: Annotated[dict[str, Any], Before(_schema_data)] | None = Field(default=None, alias="schema")
    """Where it is: fields that depend on the kind."""
    secret: ConnectionResource | None = None
    """A secret that opens it."""
    config_map: ConnectionResource | None = None
    """A config map that describes it."""
    env: EnvItems | None = None
    """Environment variables that come with it."""
    annotations: Labels | None = None
    """Annotations of the pods that use it."""

    @property
    def env_texts(self) -> dict[str, Any]:
        """The environment variables by name, whichever form they were written in."""
        if not isinstance(self.env, list):
            return dict(self.env or {})
        found: dict[str, Any] = {}
        for item in self.env:
            if isinstance(item, dict):
                found.update({item["name"]: item.get("value")} if "name" in item else item)
            else:
                found[item[0]] = item[1]
        return found

    @model_validator(mode="after")
    def _check(self) -> Connection:
        needed, optional = _SCHEMAS.get(self.kind, ((), ()))
        if self.kind not in _SCHEMAS:
            return self
        given = self.schema_ or {}
        for name in needed:
            if name not in given:
                raise wrong(
                    SpecCode.CONNECTION_SCHEMA,
                    f"a connection of the kind `{self.kind}` needs `{name}` in its schema",
                    at=("schema",) if self.schema_ is not None else (),
                )
        for name in given:
            if name not in (*needed, *optional, "kind"):
                raise wrong(
                    SpecCode.CONNECTION_SCHEMA,
                    f"the schema of the kind `{self.kind}` has no `{name}`",
                    at=("schema", name),
                    suggestion="its fields are " + ", ".join(f"`{field}`" for field in (*needed, *optional)),
                )
        return self
