"""What else runs because of a run? Hooks after it, a build before it, and the events that start it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from polyaxon.spec.cache import Cache
from polyaxon.spec.fields import BoolOrRef, CommaList, HubRef, Model, OrTemplate, PatchStrategy, QueueName
from polyaxon.spec.params import TemplatedParams

__all__ = ["Build", "Event", "EventKind", "Hook"]

EventKind: TypeAlias = Literal[
    "run_status_created",
    "run_status_resuming",
    "run_status_compiled",
    "run_status_on_schedule",
    "run_status_queued",
    "run_status_scheduled",
    "run_status_starting",
    "run_status_running",
    "run_status_processing",
    "run_status_stopping",
    "run_status_failed",
    "run_status_stopped",
    "run_status_succeeded",
    "run_status_skipped",
    "run_status_warning",
    "run_status_unschedulable",
    "run_status_upstream_failed",
    "run_status_retrying",
    "run_status_unknown",
    "run_status_done",
    "run_approved_actor",
    "run_invalidated_actor",
    "run_new_artifacts",
    "connection_git_commit",
    "connection_dataset_version",
    "connection_registry_image",
    "alert_info",
    "alert_warning",
    "alert_critical",
    "model_version_new_metric",
    "project_custom_event",
    "org_custom_event",
]


class Event(Model):
    """Something that starts the operation when it happens."""

    kinds: list[Annotated[EventKind | str, OrTemplate]]
    """What may happen; any of them starts the operation."""
    ref: str
    """Of whom: `ops.NAME`, an operation of the same dag, or `runs.UUID`, any run."""


class Hook(Model):
    """A component to run when the run is final."""

    hub_ref: HubRef
    """The component."""
    connection: str | None = None
    """A connection the hook's run gets."""
    trigger: Literal["succeeded", "failed", "stopped", "skipped", "upstream_failed", "done"] | None = None
    """The final status it is for; any when absent."""
    conditions: str | None = None
    """An expression over inputs, outputs and globals of the run: the hook is for runs where it is true."""
    presets: CommaList | None = None
    """Named presets of the hook's run."""
    queue: QueueName | None = None
    """Queue of the hook's run."""
    namespace: str | None = None
    """Namespace of the hook's run."""
    params: TemplatedParams | None = None
    """Params of the component, in full form."""
    disable_defaults: BoolOrRef | None = None
    """Whether to leave out the default params (`uuid`, `status`, `outputs`, …)."""


class Build(Model):
    """A component that builds the image before the run starts."""

    hub_ref: HubRef
    """The builder component."""
    connection: str | None = None
    """The registry to push to."""
    presets: CommaList | None = None
    """Named presets of the builder's run."""
    queue: QueueName | None = None
    """Queue of the builder's run."""
    namespace: str | None = None
    """Namespace of the builder's run."""
    cache: Cache | None = None
    """Whether an earlier build is used again."""
    params: TemplatedParams | None = None
    """Params of the builder, in full form."""
    run_patch: dict[str, Any] | None = None
    """Laid over the builder's `run`."""
    patch_strategy: PatchStrategy | None = None
    """How `runPatch` is laid over."""
