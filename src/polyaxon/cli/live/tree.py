"""The tree of a run as it unfolds: fed with run rows, asked for what to show. Pure: the clock is an argument.

Rows may come in any order and more than once. Counting is incremental: an update costs the same however large the dag.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.model.run import Cloning, Run, RunKind
from polyaxon.model.status import FINAL, ON_CLUSTER, Status

__all__ = ["Goal", "Move", "Node", "Tree"]

WELL_KNOWN_METRICS = {"accuracy": "maximize", "val_accuracy": "maximize", "loss": "minimize", "val_loss": "minimize"}
"""What a search is judged by when its file names no metric, the first that its runs log."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a search looks for: the number of trials it will make, its parameters, its metric and direction."""

    total: int | None = None
    params: tuple[str, ...] = ()
    metric: str | None = None
    optimization: str = "maximize"

    def is_better(self, value: float, than: float | None) -> bool:
        """Whether `value` beats the best so far."""
        if than is None:
            return True
        return value > than if self.optimization == "maximize" else value < than


@dataclass(slots=True)
class Node:
    """One run of the tree and what was counted below it."""

    run: Run
    depth: int = 0
    children: list[str] = field(default_factory=list)
    finished: int = 0
    failed: int = 0
    reused: int = 0
    goal: Goal | None = None
    best: float | None = None
    best_run: str | None = None

    @property
    def reused_from(self) -> str | None:
        """The run whose results this one took over instead of doing the work again."""
        return self.run.original if self.run.cloning_kind == Cloning.CACHE else None

    @property
    def is_trial(self) -> bool:
        """Whether the child of a search is a trial, and not a tuner that suggests them."""
        return self.run.index >= 0

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self.run.status in FINAL

    @property
    def is_busy(self) -> bool:
        """Whether something of the run is going on."""
        return self.run.status in ON_CLUSTER or self.run.status == Status.STOPPING

    def seconds(self, now: datetime) -> float | None:
        """How long the run has been, or was, going; None before its start."""
        if self.run.started_at is None:
            return None
        return max(0.0, ((self.run.finished_at or now) - self.run.started_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Move:
    """A status change that an update brought."""

    node: Node
    before: Status | None


class Tree:
    """All runs of one root."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.nodes: dict[str, Node] = {}
        self.reasons: dict[str, str] = {}
        """Why a run is in a status that needs an explanation, by uuid; left by whoever can look it up."""
        self._orphans: dict[str, list[str]] = {}

    def update(self, run: Run) -> Move | None:
        """Take in a row; return the move when the status is another than before."""
        node = self.nodes.get(run.uuid)
        if node is None:
            node = self._add(run)
            before = None
        else:
            before, node.run = node.run.status, run
            _set_goal(node)
        if run.status == before:
            return None
        self._count(node, before)
        return Move(node, before)

    def parent(self, node: Node) -> Node | None:
        """Return the pipeline that the run belongs to, when it is in this tree."""
        return self.nodes.get(node.run.pipeline) if node.run.pipeline and node.run.uuid != self.root else None

    def label(self, node: Node) -> str:
        """Return the operation's name; trials are numbered."""
        parent = self.parent(node)
        if parent is not None and parent.run.kind == RunKind.MATRIX:
            return f"#{node.run.index}" if node.is_trial else f"{node.run.name} {node.run.meta.get('iteration', 0)}"
        return node.run.name or node.run.uuid[:8]

    def path(self, node: Node) -> str:
        """Return the labels from below the root, `tune/#3`; the root's own label for the root."""
        parts = [self.label(node)]
        parent = self.parent(node)
        while parent is not None and parent.run.uuid != self.root:
            parts.append(self.label(parent))
            parent = self.parent(parent)
        return "/".join(reversed(parts))

    def trial_params(self, node: Node) -> Mapping[str, Any]:
        """Return the values that the search chose for a trial; empty for anything else."""
        parent = self.parent(node)
        if parent is None or parent.goal is None:
            return {}
        return {name: node.run.inputs[name] for name in parent.goal.params if name in node.run.inputs}

    def walk(self, start: str | None = None) -> Iterator[Node]:
        """Yield the runs, parents first, in the file's order."""
        node = self.nodes.get(start or self.root)
        if node is None:
            return
        yield node
        for child in node.children:
            yield from self.walk(child)

    def beside(self) -> Iterator[Node]:
        """Yield the runs that the tree left behind: hooks and notifications."""
        return (node for uuid, node in self.nodes.items() if node.run.pipeline is None and uuid != self.root)

    def _add(self, run: Run) -> Node:
        node = Node(run)
        self.nodes[run.uuid] = node
        _set_goal(node)  # before its trials are counted
        node.children.extend(self._orphans.pop(run.uuid, ()))
        for child in node.children:
            self._deepen(child, node.depth + 1)
            self._count(self.nodes[child], None, into=node)
        if run.pipeline and run.uuid != self.root:
            parent = self.nodes.get(run.pipeline)
            if parent is None:
                self._orphans.setdefault(run.pipeline, []).append(run.uuid)
            else:
                _insert(parent.children, run.uuid, self.nodes)
                self._deepen(run.uuid, parent.depth + 1)
        return node

    def _deepen(self, uuid: str, depth: int) -> None:
        node = self.nodes[uuid]
        node.depth = depth
        for child in node.children:
            self._deepen(child, depth + 1)

    def _count(self, node: Node, before: Status | None, into: Node | None = None) -> None:
        parent = into or self.parent(node)
        if parent is None or not node.is_trial:
            return
        was, now = before in FINAL, node.is_final
        parent.finished += now - was
        parent.reused += (now - was) * (node.reused_from is not None)
        parent.failed += (node.run.status == Status.FAILED) - (before == Status.FAILED)
        if node.run.status == Status.SUCCEEDED and parent.run.kind == RunKind.MATRIX:
            _keep_best(parent, node.run)


def _set_goal(node: Node) -> None:
    if node.goal is None and node.run.kind == RunKind.MATRIX:
        node.goal = read_goal(node.run.content)


def _insert(children: list[str], uuid: str, nodes: Mapping[str, Node]) -> None:
    """Insert by index; rows nearly always come in order, so the search starts at the end."""
    index = nodes[uuid].run.index
    place = len(children)
    while place and nodes[children[place - 1]].run.index > index:
        place -= 1
    children.insert(place, uuid)


def _keep_best(parent: Node, run: Run) -> None:
    goal = parent.goal or Goal()
    if goal.metric is None:
        known = [name for name in WELL_KNOWN_METRICS if name in run.outputs]
        if not known:
            return
        goal = Goal(goal.total, goal.params, known[0], WELL_KNOWN_METRICS[known[0]])
    value = run.outputs.get(goal.metric or "")
    if not isinstance(value, int | float) or value != value:  # NaN is never the best
        return
    parent.goal = goal
    if goal.is_better(value, parent.best):
        parent.best, parent.best_run = float(value), run.uuid


def read_goal(content: str | None) -> Goal | None:
    """Return what the compiled operation's search looks for; None while it is not compiled."""
    matrix = (json.loads(content).get("matrix") if content else None) or None
    if not isinstance(matrix, Mapping):
        return None
    metrics = matrix.get("metrics") or [matrix.get("metric") or _stopping_metric(matrix)]
    metric = metrics[0]  # the first of several objectives is the one shown
    return Goal(
        total=_total(matrix),
        params=_param_names(matrix),
        metric=metric.get("name"),
        optimization=metric.get("optimization") or "maximize",
    )


def _stopping_metric(matrix: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a search without an objective of its own is stopped by."""
    rules = (rule for rule in matrix.get("earlyStopping") or () if rule.get("metric"))
    rule: Mapping[str, Any] = next(rules, {})
    return {"name": rule.get("metric"), "optimization": rule.get("optimization")}


def _param_names(matrix: Mapping[str, Any]) -> tuple[str, ...]:
    values = matrix.get("values")
    if matrix.get("kind") == "mapping" and isinstance(values, list):
        return tuple(dict.fromkeys(name for row in values if isinstance(row, Mapping) for name in row))
    return tuple(matrix.get("params") or ())


def _total(matrix: Mapping[str, Any]) -> int | None:
    from polyaxon.errors import UserError
    from polyaxon.search import plan_search

    if matrix.get("tuner"):
        return None  # only its tuner knows
    try:
        return plan_search(matrix).total
    except UserError:
        return None  # the run itself says what is wrong with its search
