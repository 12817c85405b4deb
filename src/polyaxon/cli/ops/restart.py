"""`polyaxon ops restart`: the same work as a new run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from polyaxon.cli.assignments import read_assignments, read_list
from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.follow import Manner, follow
from polyaxon.cli.home import Home, open_local_home, project_option, run_argument, run_option
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.shapes import run_detail
from polyaxon.cli.sources import sources_of
from polyaxon.cli.specification import read_file
from polyaxon.compiler.resolve import Overrides, load
from polyaxon.compiler.sources import Source
from polyaxon.errors import ConflictError, NotFoundError, SpecError, UsageError
from polyaxon.model.run import Cloning, Run
from polyaxon.spec.load import parse
from polyaxon.spec.operation import Operation

__all__ = ["changed", "restart"]


@click.command()
@run_argument
@run_option
@project_option
@click.option("-P", "--param", "params", multiple=True, metavar="NAME=VALUE", help="Another value for an input.")
@click.option("-f", "--file", "files", multiple=True, help="A file to run instead, or a preset to lay over what ran.")
@click.option("-c", "--copy", is_flag=True, help="Begin with a copy of the run's outputs.")
@click.option("--copy-dir", "dirs", multiple=True, metavar="PATH", help="Begin with a copy of this directory.")
@click.option("--copy-file", "copied", multiple=True, metavar="PATH", help="Begin with a copy of this file.")
@click.option("-n", "--name", help="The new run's name.")
@click.option("--tags", help="Comma-separated tags.")
@click.option("--description", help="What the new run is for.")
@click.option("-w", "--watch", is_flag=True, help="Tell every status, not only those that matter.")
@click.option("-l", "--log", "--logs", "with_logs", is_flag=True, help="Print what the runs write.")
@click.option("-d", "--detach", is_flag=True, help="Leave it to a background scheduler and return.")
@output_option
@click.pass_context
def restart(
    ctx: click.Context,
    /,
    reference: str | None,
    uuid: str | None,
    project: str | None,
    params: tuple[str, ...],
    files: tuple[str, ...],
    copy: bool,
    dirs: tuple[str, ...],
    copied: tuple[str, ...],
    name: str | None,
    tags: str | None,
    description: str | None,
    watch: bool,
    with_logs: bool,
    detach: bool,
    output: Output,
) -> None:
    """Run it again as a new run, with other params if you like, and follow it.

    Paths to copy are relative to the run's directory (`polyaxon ops artifacts` lists it).
    """
    with open_local_home() as (local, home):
        original = home.find(uuid or reference, project)
        run = local.clone(
            original,
            changed(home, original, params, files),
            kind=Cloning.COPY if copy or dirs or copied else Cloning.RESTART,
            name=name,
            tags=read_list(tags),
            description=description,
            files=[within(home, original, path) for path in copied],
            dirs=[within(home, original, path) for path in dirs],
            hold=not detach,
        )
        if not detach:
            ctx.exit(follow(local, run.uuid, Manner(watch, with_logs, output)))
        leave_scheduler(local.settings)
    if output.is_json:
        write_json(run_detail(run), output)
    else:
        click.echo(run.uuid)


def changed(home: Home, original: Run, params: tuple[str, ...], files: tuple[str, ...]) -> Operation | None:
    """Return what was submitted with the changes laid over it and checked; None when there are none."""
    if not params and not files:
        return None
    if original.raw_content is None:
        raise ConflictError(
            f"{original.name or original.uuid} was not submitted on its own, so there is nothing to change",
            hint=f"restart its pipeline: `polyaxon ops restart {original.root[:8]}`",
        )
    sources = sources_of(home.settings)
    overrides = Overrides(params=read_assignments("-P", params))
    given = list(map(read_file, files))
    ran = Source(original.raw_content, f"run {original.uuid[:8]}")
    whole = _whole(given[0]) if given else None
    # A file of its own takes the place of what ran: laid over it, lists like a command would be joined.
    layers = (
        [given[0], *_kept_params(original, whole, overrides.params), *given[1:]] if whole is not None else [ran, *given]
    )
    loaded = load(sources, layers[0], layers[1:], overrides)
    if loaded.operation is None:
        raise SpecError([problem for problem in loaded.problems if problem.severity == "error"])
    return loaded.operation


def _whole(source: Source) -> Mapping[str, Any] | None:
    """Return what the file says when it says what to run, and is no preset."""
    value = parse(source.text, source.location).value
    has_body = value.get("run") if value.get("kind") == "component" else not value.keys().isdisjoint(_BODIES)
    return value if has_body and not value.get("isPreset") else None


_BODIES = frozenset({"component", "hubRef", "urlRef", "pathRef"})


def _kept_params(original: Run, whole: Mapping[str, Any], changed: Mapping[str, Any]) -> list[Source]:
    """Return the values that the run was given and the new file neither changes nor does away with."""
    declared = (whole.get("component") or whole).get("inputs")
    names = (
        {item.get("name") for item in declared if isinstance(item, Mapping)} if isinstance(declared, list) else set()
    )
    given = json.loads(original.raw_content or "{}").get("params") or {}
    changed = {**(whole.get("params") or {}), **changed}
    kept = {name: value for name, value in given.items() if name in names and name not in changed}
    return [Source(json.dumps({"isPreset": True, "params": kept}), "the run's params")] if kept else []


def within(home: Home, run: Run, path: str) -> str:
    """Return the path as the copy wants it: relative, and there in the run's directory."""
    root = home.files_of(run).resolve()
    place = (root / path.lstrip("/")).resolve()
    if not place.is_relative_to(root):
        raise UsageError(f"`{path}` is outside of the run's directory")
    if not place.exists():
        raise NotFoundError(f"{run.name or run.uuid} has no `{path}`", hint="`polyaxon ops artifacts` lists its files")
    return place.relative_to(root).as_posix()
