"""What does the platform do around a run? The `plugins` section and its notifications."""

from __future__ import annotations

from typing import Annotated

from polyaxon.spec.container import Resources
from polyaxon.spec.fields import BoolOrRef, IntOrRef, Model, OrTemplate, Statuses

__all__ = ["Notification", "Plugins", "SidecarPlugin"]


class Notification(Model):
    """Connections that are told about the run's status."""

    connections: list[str]
    """Names of the connections."""
    trigger: Annotated[Statuses | str, OrTemplate] | None = None
    """The status they are told about; `done` (any final one) when absent."""


class SidecarPlugin(Model):
    """Changes to the platform's own sidecar."""

    image: str | None = None
    """Its image."""
    image_tag: str | None = None
    """The tag of its image."""
    image_pull_policy: str | None = None
    """When its image is pulled."""
    resources: Resources | None = None
    """Its resources."""
    sleep_interval: IntOrRef | None = None
    """Seconds between two looks at the containers."""
    sync_interval: IntOrRef | None = None
    """Seconds between two uploads."""
    monitor_logs: bool | None = None
    """Whether it uploads logs."""
    monitor_spec: bool | None = None
    """Whether it records the pod's specification."""
    no_connections: bool | None = None
    """Whether the user's sidecars do without the run's connections."""


class Plugins(Model):
    """Services of the platform that a run gets or does without."""

    auth: BoolOrRef | None = None
    """Whether the run gets a token for the API."""
    docker: BoolOrRef | None = None
    """Whether the run may use the node's Docker engine."""
    shm: BoolOrRef | None = None
    """Whether `/dev/shm` is a memory volume; on by default."""
    tmux: BoolOrRef | None = None
    """Whether a tmux program is provided."""
    sandbox: BoolOrRef | None = None
    """Whether commands can be executed in the running service from outside."""
    ssh: BoolOrRef | None = None
    """Whether the running service can be reached over ssh."""
    mount_artifacts_store: BoolOrRef | None = None
    """Whether the artifacts store is mounted into the main container."""
    collect_artifacts: BoolOrRef | None = None
    """Whether what the run writes is kept; on by default."""
    collect_logs: BoolOrRef | None = None
    """Whether logs are kept; on by default."""
    collect_resources: BoolOrRef | None = None
    """Whether use of cpu, memory and gpu is recorded; on by default."""
    sync_statuses: BoolOrRef | None = None
    """Whether statuses are reported; on by default."""
    auto_resume: BoolOrRef | None = None
    """Whether a resumed run gets its artifacts back first; on by default."""
    external_host: BoolOrRef | None = None
    """Whether the API is reached by its external address."""
    log_level: str | None = None
    """Level of the run's own logging."""
    sidecar: SidecarPlugin | None = None
    """Changes to the platform's sidecar."""
    notifications: list[Notification] | None = None
    """Connections that are told about statuses."""
