"""What `polyaxon run` does: load, check, submit, follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import click

from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.follow import Manner, follow
from polyaxon.cli.home import project_name
from polyaxon.cli.output import Output, write_json
from polyaxon.cli.shapes import run_detail
from polyaxon.cli.sources import sources_of
from polyaxon.cli.specification import Choice, read_specification
from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.edges import abroad
from polyaxon.compiler.resolve import Loaded, Overrides, load
from polyaxon.errors import SpecError, UsageError
from polyaxon.model.record import dataclass
from polyaxon.server import Local, open_local
from polyaxon.settings import Settings, read_settings
from polyaxon.spec.garbage import garbage_set_aside
from polyaxon.spec.operation import Operation

__all__ = ["Launch", "launch"]


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything the command line asked for."""

    choice: Choice
    overrides: Overrides
    directory: Path
    project: str | None = None
    mirrors: Mapping[str, str] = field(default_factory=dict)
    watch: bool = False
    with_logs: bool = False
    detach: bool = False
    backfill: str | None = None
    backfill_concurrency: int | None = None
    dry_run: bool = False
    output: Output = Output()


def launch(asked: Launch) -> int:
    """Run it and return the exit code."""
    settings = read_settings(given={"mirrors": asked.mirrors})
    with garbage_set_aside():
        loaded, operation = _checked(asked, settings)
    if asked.dry_run:
        return _show_plan(operation, loaded.name, asked.output)
    local = open_local(settings)
    try:
        return _submit_and_follow(local, loaded, operation, asked)
    finally:
        local.close()


def _checked(asked: Launch, settings: Settings) -> tuple[Loaded, Operation]:
    sources = sources_of(settings)
    specification = read_specification(asked.choice, sources, asked.directory)
    loaded = load(sources, specification.main, specification.presets, asked.overrides)
    _tell(loaded)
    if loaded.operation is None:
        raise SpecError([problem for problem in loaded.problems if problem.severity == "error"])
    if loaded.is_template:
        raise UsageError(
            f"`{specification.main.location}` is a template, to be filled in before it is run",
            hint="remove its `template` section, or pass `--ignore-template`",
        )
    return loaded, loaded.operation


def _tell(loaded: Loaded) -> None:
    """Write the warnings; errors are the exception's. Processes of this machine need no image."""
    for problem in loaded.problems:
        if problem.severity != "error" and problem.code != CompileCode.NO_IMAGE.value:
            click.echo(str(problem), err=True)


def _show_plan(operation: Operation, name: str | None, output: Output) -> int:
    from polyaxon.compiler.dry_run import dry_run

    plan = dry_run(operation, name)
    if output.is_json:
        write_json(plan.to_dict(), output)
    else:
        click.echo("\n".join(plan.lines()))
    return 0


def _meta(settings: Settings, operation: Operation, asked: Launch) -> Mapping[str, Any]:
    if asked.backfill is None:
        return {}
    from polyaxon.cli.backfill import backfill_of  # clocks and zones, for few

    return {"backfill": backfill_of(operation, asked.backfill, asked.backfill_concurrency, settings)}


def _submit_and_follow(local: Local, loaded: Loaded, operation: Operation, asked: Launch) -> int:
    overrides = asked.overrides
    run = local.submit(
        operation,
        project=project_name(local.settings, asked.project),
        name=loaded.name,
        tags=tuple(overrides.tags),
        description=overrides.description,
        components=loaded.components,
        meta=_meta(local.settings, operation, asked),
        hold=not asked.detach,
    )
    if asked.detach:
        leave_scheduler(local.settings)
        if asked.output.is_json:
            write_json(run_detail(run), asked.output)
        else:
            click.echo(run.uuid)
        return 0
    if not asked.output.is_json:
        click.echo(f"{run.name or 'run'}  {run.uuid}  project {run.project}")
        for other, statuses in abroad(operation).items():
            events = " or ".join(f"`run_status_{status}`" for status in statuses)
            click.echo(f"it waits for {events} of run {other}")
    return follow(local, run.uuid, Manner(asked.watch, asked.with_logs, asked.output))
