"""When does a run end if it does not end by itself? The `termination` section."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import model_validator
from pydantic_core import core_schema

from polyaxon.model.failure import FailureAction
from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import CountOrRef, Model, Shape, wrong

__all__ = ["Culling", "ExecProbe", "HttpProbe", "PodFailurePolicy", "Probe", "Termination"]

Port: TypeAlias = Annotated[
    int | str,
    Shape(
        "a port's number or name",
        core_schema.union_schema([core_schema.int_schema(strict=True), core_schema.str_schema(strict=True)]),
        {"type": ["integer", "string"]},
    ),
]


class Culling(Model):
    """When an idle service is stopped."""

    timeout: CountOrRef
    """Seconds without use."""


class HttpProbe(Model):
    """An address that answers with JSON, its `last_activity` the time of the last use."""

    port: Port
    """Port of the service."""
    path: str | None = None
    """Path of the address."""
    host: str | None = None
    """Host name to ask for."""
    scheme: str | None = None
    """`HTTP` or `HTTPS`."""
    http_headers: list[dict[str, Any]] | None = None
    """Further headers."""


class ExecProbe(Model):
    """A command that ends with 0 while the service is in use."""

    command: list[str] | None = None
    """The program and its arguments."""


class Probe(Model):
    """How to see whether a service is in use."""

    http: HttpProbe | None = None
    """Ask an address."""
    exec: ExecProbe | None = None
    """Run a command."""


class PodFailurePolicy(Model):
    """What a failing pod means for the job: rules with the actions `FailJob`, `Ignore`, `Count`, `FailIndex`."""

    rules: list[dict[str, Any]]
    """The rules, tried in order: `{action: FailJob, onExitCodes: {operator: In, values: [42]}}`."""

    @model_validator(mode="after")
    def _check(self) -> PodFailurePolicy:
        for index, rule in enumerate(self.rules):
            action, codes = rule.get("action"), rule.get("onExitCodes")
            if action not in _ACTIONS:
                raise wrong(
                    SpecCode.NOT_A_CHOICE,
                    f"`{action}` is not one of the choices: {', '.join(_ACTIONS)}",
                    at=("rules", index, "action"),
                    suggestion="FailJob gives up at once, Ignore does not count the failure, Count does",
                )
            if codes is not None and not _are_exit_codes(codes):
                raise wrong(
                    SpecCode.WRONG_TYPE,
                    "expected an operator (`In`, `NotIn`) and a list of exit codes",
                    at=("rules", index, "onExitCodes"),
                    suggestion="onExitCodes: {operator: In, values: [42]}",
                )
        return self


_ACTIONS = tuple(action.value for action in FailureAction)


def _are_exit_codes(codes: Any) -> bool:
    if not isinstance(codes, dict) or codes.get("operator") not in {"In", "NotIn"}:
        return False
    values = codes.get("values")
    return isinstance(values, list) and all(type(value) is int for value in values)


class Termination(Model):
    """Retries, time limits, and how long finished resources are kept."""

    max_retries: CountOrRef | None = None
    """How many times a failed run is started again."""
    ttl: CountOrRef | None = None
    """Seconds to keep the resources of a finished run."""
    timeout: CountOrRef | None = None
    """Seconds after which the run is stopped."""
    culling: Culling | None = None
    """When an idle service is stopped; needs `probe`."""
    probe: Probe | None = None
    """How to see whether a service is in use."""
    pod_failure_policy: PodFailurePolicy | None = None
    """What a failing pod means."""

    @model_validator(mode="after")
    def _check(self) -> Termination:
        if self.culling is not None and self.probe is None:
            raise wrong(
                SpecCode.CONFLICT,
                "`culling` needs a `probe` that tells when the service is idle",
                at=("culling",),
                suggestion="add `probe: {http: {path: /api/status, port: 8888}}`, for example",
            )
        return self
