"""Do the services of a dag leave room for the work that they run beside?

A service holds one of the places of its dag's `concurrency` until that work has ended. What counts as work, and what as
beside, is the same as when the dag runs: see `Endless`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.edges import EdgeInfo, Endless, abroad, awaits_start
from polyaxon.compiler.expand import is_endless_use
from polyaxon.compiler.lint.dags import Node, walk
from polyaxon.compiler.lint.near import listed
from polyaxon.compiler.origin import Place
from polyaxon.errors import Problem
from polyaxon.spec.operation import Operation

__all__ = ["check_room"]


def check_room(concurrency: int, place: Place, nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Yield a warning when services may take all the places of the dag while operations beside them wait for one."""
    services = {name for name, node in nodes.items() if _is_service(node)}
    if len(services) < concurrency:
        return
    starting = _starting(nodes, services)
    workers = [name for name in starting if name not in services]
    beside = {name: work for name in starting if name in services and (work := _beside(name, workers, nodes))}
    if len(beside) < concurrency:
        return
    places = "the only place" if concurrency == 1 else f"all {concurrency} places"
    ended = listed(next(iter(beside.values())), 3)
    message = (
        f"{listed(beside)} may take {places} of the dag, and a service runs until the end of what it runs beside: "
    )
    message += f"{ended} would wait for ever"
    suggestion = f"give it more places than services: `concurrency: {len(beside) + 1}`"
    yield place.problem(CompileCode.NO_ROOM, message, "concurrency", suggestion=suggestion, severity="warning")


def _is_service(node: Node) -> bool:
    operation = node.operation
    return node.use is not None and isinstance(operation, Operation) and is_endless_use(operation, node.use.component)


def _starting(nodes: Mapping[str, Node], services: set[str]) -> list[str]:
    """Return what can start while every service runs on, in the order of the file."""
    endless = Endless()
    found: set[str] = set()
    for name in walk(nodes)[0]:
        node = nodes[name]
        if name in services:
            endless.runs_on(name)
        edges = {upstream: edge for upstream, edge in node.upstreams.items() if upstream in nodes}
        if abroad(node.operation) or endless.lets_start(edges, _trigger(node)):
            found.add(name)
        else:
            endless.starts_later(name)
    return [name for name in nodes if name in found]


def _beside(service: str, workers: list[str], nodes: Mapping[str, Node]) -> list[str]:
    """Return the workers that need not have ended when the service starts."""
    ended: set[str] = set()
    ahead = [service]
    while ahead:
        node = nodes[ahead.pop()]
        if _waits_for_all(node):
            new = [up for up, edge in node.upstreams.items() if up in nodes and up not in ended and _ends(edge)]
            ended.update(new)
            ahead.extend(new)
    return [name for name in workers if name not in ended]


def _waits_for_all(node: Node) -> bool:
    return len(node.upstreams) == 1 or not _trigger(node).startswith("one_")


def _ends(edge: EdgeInfo) -> bool:
    return not awaits_start(edge.events)


def _trigger(node: Node) -> str:
    return str(node.operation.trigger or "all_succeeded")
