"""When does a service of a dag end? With the last operation that it ran beside.

A service never ends by itself, so a dag that waited for it would never end: what runs beside the work (a TensorBoard, a
database) is stopped when no operation is left that can go on without its end, and counts as succeeded. So is a nested
dag that holds nothing but services. A service that starts later is what the dag is for (train, then serve): it goes on
until somebody stops it.
"""

from __future__ import annotations

from polyaxon.compiler.edges import Endless
from polyaxon.compiler.expand import is_endless
from polyaxon.engine.flow import Group, Node
from polyaxon.engine.stops import Cause, stop
from polyaxon.engine.turn import Turn
from polyaxon.model.run import RunKind
from polyaxon.model.status import SAFE_STOP, Status

__all__ = ["child_ended", "gather", "is_service"]

_WAITING = frozenset({Status.CREATED, Status.RESUMING})
_ENDLESS = frozenset({RunKind.SERVICE, RunKind.DAG})
_MESSAGE = "every operation that it ran beside has ended"


def gather(group: Group) -> None:
    """Note which unfinished operations can go on without the end of a service; costs nothing without services."""
    services = [node for node in group.children.values() if is_service(node) and not node.is_final]
    group.services, group.workers = services, set()
    if not services:
        return
    endless = Endless()
    for node in sorted(group.children.values(), key=lambda node: node.index):
        if node.is_final:
            continue
        name = str(node.name)
        if is_service(node):
            endless.runs_on(name)
        if node.status in _WAITING and not node.released and not _can_start(node, endless):
            endless.starts_later(name)
        elif not is_service(node):
            group.workers.add(node)


def is_service(node: Node) -> bool:
    """Whether the run goes on until it is stopped: a service, or a nested dag of services alone."""
    if node.kind not in _ENDLESS:
        return False
    operation = node.step.operation if node.step is not None else node.operation
    return operation is not None and is_endless(operation)


def child_ended(turn: Turn, dag: Node, child: Node) -> None:
    """Stop the services that run beside nothing any more; comes before the child's downstream is looked at."""
    group = dag.group
    if group is None or not group.services:
        return
    if child in group.services:
        gather(group)  # what waited for its end is work now
        return
    if child not in group.workers:
        return
    group.workers.discard(child)
    if group.workers:
        return
    for service in group.services:
        if not service.released or service.is_final:
            continue
        begun = service.status not in SAFE_STOP
        ending = Status.SUCCEEDED if begun else Status.STOPPED
        stop(turn, service, Cause("PipelineDone", _MESSAGE, ending, Status.SKIPPED, ending))


def _can_start(node: Node, endless: Endless) -> bool:
    """Whether it may start while every service runs on."""
    step = node.step
    return step is None or bool(step.abroad) or endless.lets_start(step.upstreams, str(step.trigger))
