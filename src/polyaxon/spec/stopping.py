"""When does a search or dag end before all of it has run? Early stopping and its policies."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import IntOrRef, Kinded, Model, NumberOrRef, wrong
from polyaxon.spec.kinds import POLICIES

__all__ = [
    "AverageStoppingPolicy",
    "DiffStoppingPolicy",
    "EarlyStopping",
    "FailureEarlyStopping",
    "MedianStoppingPolicy",
    "Metric",
    "MetricEarlyStopping",
    "Optimization",
    "Policy",
    "TruncationStoppingPolicy",
]

Optimization: TypeAlias = Literal["maximize", "minimize"]


def _share(value: float | str) -> float | str:
    if isinstance(value, str) or 0 <= value <= 100:
        return value
    raise wrong(
        SpecCode.OUT_OF_RANGE,
        f"`percent` is a share of the runs, from 0 to 100, got {value:g}",
        suggestion="write `50` for a half",
    )


ShareOrRef: TypeAlias = Annotated[NumberOrRef, AfterValidator(_share)]


class Metric(Model):
    """The output that a search improves."""

    name: str
    """Name of the output."""
    optimization: Optimization
    """Whether more or less of it is better."""


class MedianStoppingPolicy(Kinded):
    """Stops runs whose best value is worse than the median of the others' averages."""

    kind: Literal["median"] = "median"
    """`median`."""
    evaluation_interval: IntOrRef | None = None
    """Evaluate every so many observations."""
    min_interval: IntOrRef | None = None
    """No evaluation before so many observations."""
    min_samples: IntOrRef | None = None
    """How many runs there must be to compare with."""


class AverageStoppingPolicy(Kinded):
    """Stops runs whose best value is worse than the average of the others' averages."""

    kind: Literal["average"] = "average"
    """`average`."""
    evaluation_interval: IntOrRef | None = None
    """Evaluate every so many observations."""
    min_interval: IntOrRef | None = None
    """No evaluation before so many observations."""
    min_samples: IntOrRef | None = None
    """How many runs there must be to compare with."""


class TruncationStoppingPolicy(Kinded):
    """Stops the worst runs at every evaluation."""

    kind: Literal["truncation"] = "truncation"
    """`truncation`."""
    percent: ShareOrRef
    """How many of the runs, in percent."""
    evaluation_interval: IntOrRef
    """Evaluate every so many observations."""
    min_interval: IntOrRef | None = None
    """No evaluation before so many observations."""
    min_samples: IntOrRef | None = None
    """How many runs there must be to compare with."""
    include_succeeded: bool | None = None
    """Whether runs that have succeeded count."""


class DiffStoppingPolicy(Kinded):
    """Stops runs that are too far behind the best."""

    kind: Literal["diff"] = "diff"
    """`diff`."""
    percent: NumberOrRef
    """How far behind, in percent of the best value."""
    evaluation_interval: IntOrRef
    """Evaluate every so many observations."""
    min_interval: IntOrRef | None = None
    """No evaluation before so many observations."""
    min_samples: IntOrRef | None = None
    """How many runs there must be to compare with."""


Policy: TypeAlias = MedianStoppingPolicy | AverageStoppingPolicy | TruncationStoppingPolicy | DiffStoppingPolicy


class MetricEarlyStopping(Kinded):
    """Ends the pipeline when a run reaches the value; with a policy, stops the runs that fall behind."""

    kind: Literal["metric_early_stopping"] = "metric_early_stopping"
    """`metric_early_stopping`."""
    metric: str
    """Name of the output."""
    value: NumberOrRef
    """The value to reach."""
    optimization: Optimization
    """Whether more or less of it is better."""
    policy: Annotated[Policy, POLICIES] | None = None
    """Stops single runs instead."""


class FailureEarlyStopping(Kinded):
    """Ends the pipeline when too many of its runs have failed."""

    kind: Literal["failure_early_stopping"] = "failure_early_stopping"
    """`failure_early_stopping`."""
    percent: ShareOrRef
    """How many of the runs, in percent."""


EarlyStopping: TypeAlias = MetricEarlyStopping | FailureEarlyStopping
