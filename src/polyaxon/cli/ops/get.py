"""`polyaxon ops get`: state first, then cause, then what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from polyaxon.cli.home import Home, open_home, project_option, run_argument, run_option, served_from
from polyaxon.cli.live.lines import Line, tree_lines
from polyaxon.cli.live.tree import Tree
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.shapes import run_detail
from polyaxon.cli.words import age, colored_status, duration, in_short
from polyaxon.model.run import Condition, Run, RunKind
from polyaxon.model.status import FINAL, Status

__all__ = ["get"]

TREE_HEIGHT = 60
VALUE_WIDTH = 100
TROUBLED = {
    *(Status.FAILED, Status.UPSTREAM_FAILED, Status.STOPPED, Status.SKIPPED),
    *(Status.WARNING, Status.RETRYING, Status.UNSCHEDULABLE, Status.STARTING),
}
"""Where the last message is worth a line."""


@click.command()
@run_argument
@run_option
@project_option
@output_option
def get(reference: str | None, uuid: str | None, project: str | None, output: Output) -> None:
    """Show a run: state, cause, inputs, outputs; the tree of a pipeline."""
    now = datetime.now(UTC)
    with open_home() as home:
        run = home.find(uuid or reference, project)
        conditions = home.store.conditions(run.uuid)
        if output.is_json:
            write_json(run_detail(run, _related(home, run)), output)
            return
        tree = _tree(home, run) if run.kind in {RunKind.DAG, RunKind.MATRIX, RunKind.SCHEDULE} else None
        for text in _describe(run, conditions, now):
            click.echo(text)
        click.echo(f"files:    {home.files_of(run)}")
    if tree is not None:
        click.echo("")
        for line in tree_lines(tree, now, TREE_HEIGHT):
            click.echo(_text(line))


def _related(home: Home, run: Run) -> Mapping[str, Run]:
    return {uuid: home.store.get(uuid) for uuid in (run.pipeline, run.original) if uuid}


def _tree(home: Home, run: Run) -> Tree:
    tree = Tree(run.uuid)
    for row in home.store.tree(run.root):
        tree.update(row)
    return tree


def _describe(run: Run, conditions: Sequence[Condition], now: datetime) -> list[str]:
    kind = run.kind.value if run.runtime in {None, run.kind.value} else f"{run.kind.value} ({run.runtime})"
    lines = ["  ".join(filter(None, (colored_status(run.status), run.name or "", run.uuid, kind)))]
    last = conditions[-1] if conditions else None
    if last is not None and last.message and run.status in TROUBLED:
        lines.append(f"why:      {last.message}")
    if (original := served_from(run)) is not None:
        lines.append(f"cached:   served from run {original}")
    if run.pending is not None:
        lines.append(f"waits:    for {run.pending.value}")
    if run.meta.get("urls") and run.status not in FINAL:
        lines.append(f"address:  {'  '.join(run.meta['urls'])}")
    times = [f"created {age(run.created_at, now)}"]
    if run.duration is not None:
        times.append(f"took {duration(run.duration)}")
    if run.wait_time is not None:
        times.append(f"waited {duration(run.wait_time)}")
    lines.append(f"project:  {run.project}   {', '.join(times)}")
    if run.tags:
        lines.append(f"tags:     {', '.join(run.tags)}")
    if run.description:
        lines.append(f"about:    {run.description}")
    # What a search varies has a value in its trials only.
    inputs = {name: value for name, value in run.inputs.items() if value is not None or run.kind is not RunKind.MATRIX}
    return lines + _values("inputs", inputs) + _values("outputs", run.outputs)


def _values(title: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    width = max(map(len, values))
    return [f"{title}:"] + [f"  {name:{width}}  {in_short(value, VALUE_WIDTH)}" for name, value in values.items()]


def _text(line: Line) -> str:
    status = click.style(f"{line.mark} {line.status}".strip(), fg=line.color or None)
    return "  ".join(filter(None, (line.branch + line.label, status, line.time, line.note)))
