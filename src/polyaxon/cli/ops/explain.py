"""`polyaxon ops explain`: why a run is where it is, in the terms of its file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from polyaxon.cli.home import Home, open_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.compiler.requests import requests_of
from polyaxon.engine.commands import Enqueue
from polyaxon.engine.explain import Neighbours, waits
from polyaxon.engine.explain import explain as explain_run
from polyaxon.engine.queue import Queue, Standing
from polyaxon.model.ids import RunId
from polyaxon.model.run import ManagedBy, Run, RunKind
from polyaxon.model.status import ON_CLUSTER, Status, is_final
from polyaxon.server import limits_of

__all__ = ["explain", "waits_of"]

CHILDREN_SHOWN = 30
RUNS_COMPARED = 20
"""Among how many earlier runs the nearest is looked for."""
QUEUE_LENGTH = 5000
QUEUED = "status: " + "|".join(sorted({*ON_CLUSTER, Status.QUEUED, Status.STOPPING}))
"""Who waits in the queue, and who holds a place."""
PLAIN = {Status.SUCCEEDED}
"""Children in these statuses get one line, and what kept them from being served from the cache."""
DIFFERED = "not cached: `"


@click.command()
@run_argument
@run_option
@project_option
@output_option
def explain(reference: str | None, uuid: str | None, project: str | None, output: Output) -> None:
    """Say why a run is where it is: what was decided, on which values, and what it waits for.

    For a dag, the same of each of its operations.
    """
    with open_home() as home:
        run = home.find(uuid or reference, project)
        rows = home.store.tree(run.root)
        lines = _explain(home, run, rows, _is_driven(home, run))
        children = [row for row in rows if row.pipeline == run.uuid] if run.kind == RunKind.DAG else []
        below = {child.uuid: _explain(home, child, rows) for child in children[:CHILDREN_SHOWN]}
    if output.is_json:
        write_json({"uuid": run.uuid, "status": run.status, "lines": lines, "operations": below}, output)
        return
    for line in lines:
        click.echo(line)
    for child in children[:CHILDREN_SHOWN]:
        shown = below[child.uuid]
        if child.status in PLAIN:
            shown = [line for place, line in enumerate(shown) if place == 0 or line.startswith(DIFFERED)]
        click.echo("\n".join(f"{'- ' if place == 0 else '    '}{line}" for place, line in enumerate(shown)))
    if len(children) > CHILDREN_SHOWN:
        click.echo(f"… and {len(children) - CHILDREN_SHOWN} more operations; name one to have it explained")


def _explain(home: Home, run: Run, rows: Sequence[Run], is_driven: bool = True) -> list[str]:
    conditions, explanations = home.store.conditions(run.uuid), home.store.explanations(run.uuid)
    was_missed = any(item.topic == "cache" and not item.facts.get("hit") for item in explanations)
    return explain_run(run, conditions, explanations, _neighbours(home, run, rows, was_missed, is_driven))


def waits_of(home: Home, run: Run, rows: Sequence[Run]) -> list[str]:
    """Return what a run of a driven tree waits for; `rows` are those of the tree."""
    return waits(run, _neighbours(home, run, rows, was_missed=False, is_driven=True))


def _neighbours(home: Home, run: Run, rows: Sequence[Run], was_missed: bool, is_driven: bool) -> Neighbours:
    by_uuid = {row.uuid: row for row in rows}
    before = [edge for edge in home.store.edges(run.uuid) if edge.downstream == run.uuid]
    pipeline = by_uuid.get(RunId(run.pipeline)) if run.pipeline else None
    siblings = [row for row in rows if run.pipeline and row.pipeline == run.pipeline]
    return Neighbours(
        pipeline=pipeline,
        upstreams=[by_uuid[edge.upstream] for edge in before if edge.upstream in by_uuid],
        events=[
            (by_uuid.get(edge.upstream) or home.store.get(edge.upstream), edge.values["statuses"])
            for edge in before
            if "statuses" in edge.values
        ],
        sources=[by_uuid[edge.upstream] for edge in before if "values" in edge.values and edge.upstream in by_uuid],
        children=[row for row in rows if row.pipeline == run.uuid],
        active_siblings=sum(row.status in ON_CLUSTER for row in siblings),
        active_services=sum(row.status in ON_CLUSTER and row.kind is RunKind.SERVICE for row in siblings),
        queued_siblings=sum(row.status is Status.QUEUED for row in siblings),
        concurrency=_concurrency(pipeline),
        is_driven=is_driven,
        cache_parts=home.store.cache_parts(run.uuid) if was_missed else None,
        earlier=home.store.earlier(run.uuid, RUNS_COMPARED) if was_missed else (),
        standing=_standing(home, run) if run.status is Status.QUEUED else None,
    )


def _is_driven(home: Home, run: Run) -> bool:
    if is_final(run.status) or run.managed_by is ManagedBy.USER:
        return True
    return home.store.holder(run.root, datetime.now(UTC)) is not None


def _standing(home: Home, run: Run) -> Standing | None:
    """Return what holds the run back: the queue as its rows have it. Other schedulers of the home have their own."""
    settings = home.settings
    priorities = {name: int(queue.get("priority", 0)) for name, queue in settings.queues.items()}
    queue = Queue(limits_of(settings))
    known = home.store.list(None, QUEUED, "created_at", QUEUE_LENGTH, 0, datetime.now(UTC)).runs
    for row in sorted(known, key=lambda row: row.status is Status.QUEUED):
        if row.kind not in {RunKind.DAG, RunKind.MATRIX, RunKind.SCHEDULE}:
            content = json.loads(row.content or "{}")
            requests = requests_of(content["run"]) if content.get("run") else {}
            name, held = row.queue or "default", row.status is not Status.QUEUED
            slots = 0 if row.kind is RunKind.SERVICE else 1
            queue.enqueue(Enqueue(row.uuid, name, priorities.get(name, 0), requests, held, slots))
    return queue.standing(run.uuid)


def _concurrency(pipeline: Run | None) -> int | None:
    """Return how many children the pipeline lets run at once, from its compiled operation."""
    if pipeline is None or not pipeline.content:
        return None
    content = json.loads(pipeline.content)
    for section in (content.get("matrix"), content.get("run")):
        if isinstance(section, dict) and isinstance(section.get("concurrency"), int):
            return int(section["concurrency"])
    return None
