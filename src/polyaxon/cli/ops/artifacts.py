"""`polyaxon ops artifacts`: what a run left in its directory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from polyaxon.cli.home import open_home, project_option, run_argument, run_option, say_whose_files, served_from
from polyaxon.cli.output import Output, output_option, write_json, write_table
from polyaxon.cli.shapes import artifact_item
from polyaxon.errors import NotFoundError, UsageError
from polyaxon.model.ids import RunId

__all__ = ["artifacts"]

UNITS = ("B", "KB", "MB", "GB", "TB")
STEP = 1024


@click.command()
@run_argument
@run_option
@project_option
@click.option("-f", "--file", "files", multiple=True, help="Only this file, relative to the run's directory.")
@click.option("-d", "--dir", "directories", multiple=True, help="Only this directory, relative to the run's.")
@click.option("--path", "--path-to", "target", type=click.Path(path_type=Path), help="Copy to this directory.")
@click.option("--lineage", is_flag=True, help="List what the run logged (models, metrics, images…) instead.")
@output_option
def artifacts(
    reference: str | None,
    uuid: str | None,
    project: str | None,
    files: tuple[str, ...],
    directories: tuple[str, ...],
    target: Path | None,
    lineage: bool,
    output: Output,
) -> None:
    """List what a run left, or copy it with `--path DIRECTORY`.

    A run that was served from the cache has what the original left.
    """
    with open_home() as home:
        run = home.find(uuid or reference, project)
        root = home.files_of(run)
        logged = home.store.artifacts(RunId(served_from(run) or run.uuid)) if lineage else ()
        say_whose_files(home, run)
    if lineage:
        items = [artifact_item(artifact) for artifact in logged]
        if output.is_json:
            write_json(items, output)
        else:
            rows = [[item["name"], item["kind"], item["path"]] for item in items]
            write_table(("name", "kind", "path"), rows)
        return
    chosen = sorted(_chosen(root, files, directories))
    if target is not None:
        _copy(root, chosen, target)
        click.echo(f"Copied {len(chosen)} files to `{target}`.")
        return
    sizes = {path.relative_to(root).as_posix(): path.stat().st_size for path in chosen}
    if output.is_json:
        write_json({"path": str(root), "files": sizes}, output)
        return
    click.echo(str(root))
    write_table(("file", "size"), [[name, _size(size)] for name, size in sizes.items()])


def _chosen(root: Path, files: tuple[str, ...], directories: tuple[str, ...]) -> Iterator[Path]:
    if not root.is_dir():
        return
    if not files and not directories:
        yield from (path for path in root.rglob("*") if path.is_file())
    for name in files:
        path = _inside(root, name)
        if not path.is_file():
            raise NotFoundError(f"the run has no file `{name}`", hint="`polyaxon ops artifacts` lists its files")
        yield path
    for name in directories:
        path = _inside(root, name)
        if not path.is_dir():
            raise NotFoundError(f"the run has no directory `{name}`", hint="`polyaxon ops artifacts` lists its files")
        yield from (child for child in path.rglob("*") if child.is_file())


def _inside(root: Path, name: str) -> Path:
    path = (root / name.lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise UsageError(f"`{name}` is outside of the run's directory")
    return root / path.relative_to(root.resolve())


def _copy(root: Path, paths: list[Path], target: Path) -> None:
    for path in paths:
        place = target / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)


def _size(size: float) -> str:
    for unit in UNITS[:-1]:
        if size < STEP:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= STEP
    return f"{size:.1f} {UNITS[-1]}"
