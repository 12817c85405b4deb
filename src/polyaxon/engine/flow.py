"""What is known of one root's tree while it is driven: a node per run, a group per pipeline, nothing else.

The rows are the truth: a flow can be thrown away after any commit and loaded again from them. Nodes are small, for a
dag may have a hundred thousand; what only an active run needs lives in its `Work` and goes when it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from polyaxon.engine.pace import ahead_of
from polyaxon.engine.trigger import Tally
from polyaxon.engine.world import World
from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass
from polyaxon.model.run import Cloning, ManagedBy, Run, RunFacts, RunKind
from polyaxon.model.status import FINAL, ON_CLUSTER, Pending, Status

if TYPE_CHECKING:
    from polyaxon.compiler.compile import Compiled, Surroundings
    from polyaxon.compiler.expand import DagNode
    from polyaxon.engine.matrix import Sweep
    from polyaxon.engine.schedule import Calendar
    from polyaxon.spec.operation import Operation

__all__ = ["PIPELINES", "Flow", "Group", "Node", "Stage", "Work"]

PIPELINES = frozenset({RunKind.DAG, RunKind.MATRIX, RunKind.SCHEDULE})


class Stage:
    """How far a run's preparation is; plain integers, for they are compared on every step."""

    NEW = 0
    FETCHING = 1
    """Joins and referenced runs are on their way."""
    FETCHED = 2
    COMPILED = 3
    """Compiled, and its condition was true."""
    APPROVED = 4
    LOOKING = 5
    """The cache is being looked up."""
    CLEARED = 6
    """Nothing stands between it and the queue."""
    WAITING = 7
    """In the queue."""
    AWAY = 8
    """A runtime has it, or its children are at work."""


@dataclass(slots=True, eq=False)
class Work:
    """What is kept of a run only while it is being worked on."""

    stage: int = Stage.NEW
    compiled: Compiled | None = None
    around: Surroundings | None = None
    """What the compilation looks at, until the run is started or held."""
    asked: Sequence[str] = ()
    """The queries of the joins."""
    joins: Sequence[Sequence[RunFacts]] = ()
    runs: Mapping[str, RunFacts] = field(default_factory=dict)
    cache_key: str | None = None
    cache_parts: str | None = None
    """What the key is the digest of."""
    seen_at: datetime | None = None
    """When the runtime saw the newest observation: older ones are late."""
    timers: set[str] = field(default_factory=set)
    warned: tuple[str, ...] = ()
    """The warnings that are recorded already."""
    lane: str | None = None
    """The queue in whose window the run counts, while it waits there."""


@dataclass(slots=True, eq=False)
class Group:
    """What a pipeline keeps of its children. `compiled` is None until the pipeline is open."""

    compiled: Compiled | None = None
    preset: Mapping[str, Any] | None = None
    """What the children inherit."""
    operation: Operation | None = None
    """What each child of a matrix or schedule runs."""
    facts: RunFacts | None = None
    """The dag as its children see it."""
    limit: int | None = None
    pace: float | None = None
    """Seconds that an attempt of a child takes, smoothed; None where children do not go ahead of their places."""
    used: int = 0
    """Slots that children hold."""
    leaves: int = 0
    """Of a controller: slots that runs anywhere below it hold."""
    unfinished: int = 0
    endings: dict[Status, int] = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)
    """By name in a dag, by index elsewhere."""
    ready: list[tuple[int, Node]] = field(default_factory=list)
    """A heap: children that may be prepared as soon as there is a slot, in creation order."""
    lanes: dict[str, int] = field(default_factory=dict)
    """How many children wait in each queue."""
    parked: dict[str, list[tuple[int, Node]]] = field(default_factory=dict)
    """Ready children whose queue has its window full."""
    starved: dict[Node, None] = field(default_factory=dict)
    """Of a controller: pipelines below it that wait for its budget."""
    sweep: Sweep | None = None
    calendar: Calendar | None = None
    expected: int | None = None
    """How many children there will be, where it is known."""
    pruned: int = 0
    """Children that a stopping policy ended: neither failures nor stops of the pipeline."""
    by_stop: int = 0
    """Children that are upstream_failed only because something was stopped."""
    first_failed: Node | None = None
    services: list[Node] = field(default_factory=list)
    """Of a dag: its unfinished services."""
    workers: set[Node] = field(default_factory=set)
    """Of a dag with services: the unfinished operations that can go on without a service's end."""

    def count(self, child: Node, by: int) -> None:
        """Take a child's ending in (1), or out again when it is resumed (-1)."""
        self.endings[child.status] = self.endings.get(child.status, 0) + by
        if child.status is Status.STOPPED and "pruned" in child.notes:
            self.pruned += by
        if child.status is Status.FAILED and self.first_failed is None:
            self.first_failed = child

    @property
    def room(self) -> int | None:
        """How many slots there are: more than `limit` where children are short, for their starts are committed ahead.

        No more than `limit` begin at once all the same: the others wait at the scheduler's gate.
        """
        if self.limit is None or not self.pace:
            return self.limit
        return self.limit + ahead_of(self.limit, self.pace)

    @property
    def is_open(self) -> bool:
        return self.compiled is not None


@dataclass(slots=True, eq=False)
class Node:
    """One run. `step` is its place in its dag, with the operation as the file has it."""

    id: RunId
    name: str | None
    index: int
    kind: RunKind
    status: Status
    created_at: datetime
    pipeline: Node | None = None
    controller: Node | None = None
    pending: Pending | None = None
    attempt: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    schedule_at: datetime | None = None
    clean_at: datetime | None = None
    """When what the runtime keeps of it is removed, once it has ended."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    state: str | None = None
    """Its cache key, once it has one."""
    original: RunId | None = None
    cloning: Cloning | None = None
    namespace: str | None = None
    step: DagNode | None = None
    operation: Operation | None = None
    """Of a root or a builder; children of dags find theirs in `step`, others in their pipeline's group."""
    tally: Tally | None = None
    downstream: list[Node] | None = None
    listeners: list[Node] | None = None
    """Downstream nodes with event kinds on this one."""
    tells: bool = False
    """Somebody wants to hear of its statuses before the end (`plugins.notifications`)."""
    listens: bool = False
    """It starts by events and not by its trigger."""
    fired: bool = False
    """One of the events it waits for has happened."""
    released: bool = False
    """Its trigger is satisfied: only approvals and slots are between it and its preparation."""
    by_stop: bool = False
    """Ended without success, and only because something was stopped."""
    holds_slot: bool = False
    holds_leaf: bool = False
    queued: bool = False
    """Has a place or a slot in the queue."""
    group: Group | None = None
    work: Work | None = None
    builder: Node | None = None
    serves: Node | None = None
    """The run this builder builds for."""

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def on_cluster(self) -> bool:
        return self.status in ON_CLUSTER

    @property
    def notes(self) -> Mapping[str, Any]:
        """The engine's own small state, as it is stored in the row's `meta`."""
        notes: Mapping[str, Any] = self.meta.get("engine", {})
        return notes

    def __lt__(self, other: Node) -> bool:
        return self.id < other.id


class Flow:
    """The in-memory state of one root's tree."""

    __slots__ = ("adopted", "deferred", "managed_by", "nodes", "project", "root", "user", "world")

    def __init__(self, root: Node, project: str, managed_by: ManagedBy, user: str | None, world: World) -> None:
        self.root = root
        self.project = project
        self.managed_by = managed_by
        self.user = user
        self.world = world
        self.nodes: dict[RunId, Node] = {root.id: root}
        self.adopted = False
        self.deferred: dict[RunId, list[Any]] = {}
        """Events about children of pipelines that are not open yet; Any, for events know nothing of flows."""

    @classmethod
    def load(cls, runs: Sequence[Run], surroundings: World) -> Flow:
        """Build the flow from a root's rows, parents first, as the store returns them. Decides nothing."""
        from polyaxon.engine.restore import load  # the rows' reader builds flows: it imports this module

        return load(runs, surroundings)

    @property
    def components(self) -> Mapping[str, Any]:
        """The components that hooks and builds of this tree name, as they were when it was submitted."""
        found: Mapping[str, Any] = self.root.meta.get("components", {})
        return found

    def component(self, name: str) -> Mapping[str, Any] | None:
        """A component by the name that a hook or build gives."""
        found: Mapping[str, Any] | None = self.components.get(name) or self.world.components.get(name)
        return found

    @property
    def is_final(self) -> bool:
        """Whether nothing of the tree is left to drive."""
        return self.root.is_final

    def __len__(self) -> int:
        return len(self.nodes)
