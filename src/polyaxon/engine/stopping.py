"""When is a pipeline, or one of its trials, not worth going on with? The `earlyStopping` of the file.

A metric goal reached ends the pipeline as succeeded, too many failures end it as failed, and a policy ends only the
runs that it finds hopeless. A run without the metric, or with one that is not a number, never stops anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from polyaxon.engine.flow import Node
from polyaxon.engine.stops import Cause, stop
from polyaxon.engine.turn import Turn
from polyaxon.model.status import Status

__all__ = ["check_early_stopping", "metric_value"]


def check_early_stopping(turn: Turn, pipeline: Node, child: Node) -> None:
    """A child ended: is the pipeline's goal reached, or its patience over?"""
    compiled = pipeline.group.compiled if pipeline.group is not None else None
    if compiled is None or pipeline.status is not Status.RUNNING:
        return
    for rule in compiled.early_stopping:
        cause = _CHECKS[rule["kind"]](pipeline, child, rule) if rule.get("kind") in _CHECKS else None
        if cause is not None:
            turn.explain(pipeline, "stop", rule=dict(rule), run=child.id, message=cause.message)
            stop(turn, pipeline, cause)
            return


def metric_value(outputs: Mapping[str, Any], name: str | None) -> float | None:
    """The metric among a run's outputs, when it is a finite number."""
    value = outputs.get(name) if name is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _metric_reached(_pipeline: Node, child: Node, rule: Mapping[str, Any]) -> Cause | None:
    if rule.get("policy") is not None:
        return None
    name, goal = str(rule["metric"]), float(rule["value"])
    value = metric_value(child.outputs, name)
    if value is None:
        return None
    maximize = rule.get("optimization") == "maximize"
    if (value < goal) if maximize else (value > goal):
        return None
    relation = "≥" if maximize else "≤"
    return Cause("EarlyStopping", f"goal reached: {name}={value:g} {relation} {goal:g}", ending=Status.SUCCEEDED)


def _too_many_failures(pipeline: Node, _child: Node, rule: Mapping[str, Any]) -> Cause | None:
    group = pipeline.group
    if group is None:
        return None
    failed = group.endings.get(Status.FAILED, 0)
    lost = failed + group.endings.get(Status.UPSTREAM_FAILED, 0)
    # Children are created as slots free: the share is of all there will be, not of those created so far.
    total = group.expected or len(group.children) or 1
    percent = float(rule["percent"])
    if failed == 0 or 100.0 * lost < percent * total:
        return None
    return Cause("EarlyStopping", f"{lost} of {total} runs failed, at least {percent:g} %", ending=Status.FAILED)


_CHECKS = {"metric_early_stopping": _metric_reached, "failure_early_stopping": _too_many_failures}
