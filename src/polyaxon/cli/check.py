"""`polyaxon check`: the verdict on each file, before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from polyaxon.cli.assignments import read_assignments
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.cli.sources import mirror_option, open_sources
from polyaxon.cli.specification import Choice, read_file, read_specification
from polyaxon.compiler.resolve import Loaded, Overrides, load
from polyaxon.compiler.sources import Source, Sources
from polyaxon.errors import PolyaxonError, Problem, SpecError, UsageError
from polyaxon.model.record import dataclass

__all__ = ["check"]

UNREADABLE = "PX000"
"""The file could not be read at all: absent, a directory, or a module that fails."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one file."""

    file: str
    loaded: Loaded | None
    problems: Sequence[Problem]

    @property
    def is_valid(self) -> bool:
        """Whether the file could be run; warnings do not count."""
        return self.loaded is not None and not any(problem.severity == "error" for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """Return what `--output json` prints."""
        return {
            "file": self.file,
            "valid": self.is_valid,
            "kind": self.loaded.kind if self.loaded else None,
            "name": self.loaded.name if self.loaded else None,
            "problems": [problem.to_dict() for problem in self.problems],
        }


@click.command()
@click.argument("paths", metavar="[FILE]...", nargs=-1)
@click.option("-f", "--file", "files", multiple=True, help="A file to check; the same as naming it as an argument.")
@click.option("-pm", "--python-module", "modules", multiple=True, help="A Python file to check: `FILE.py:NAME`.")
@click.option("-P", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param, as `run` would get it.")
@click.option("--strict-params/--no-strict-params", default=None, help="Refuse, or accept, undeclared params.")
@click.option("--shallow", is_flag=True, help="Check each file alone: references are not followed.")
@click.option("--graph", type=click.Choice(["text", "mermaid", "svg"]), help="Draw the dag of a valid file.")
@mirror_option
@output_option
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    files: tuple[str, ...],
    modules: tuple[str, ...],
    params: tuple[str, ...],
    strict_params: bool | None,
    shallow: bool,
    graph: str | None,
    mirrors: tuple[str, ...],
    output: Output,
) -> None:
    """Check polyaxonfiles: every problem at once, with its place and a suggestion.

    Exit 0 when all are valid, else 1. Without a FILE the directory's own polyaxonfile is checked; `-` reads the
    standard input.
    """
    overrides = Overrides(params=read_assignments("-P", params), strict_params=strict_params)
    sources = open_sources(mirrors)
    names = [*paths, *files, *modules]
    verdicts = [_judge(name, sources, overrides, shallow) for name in names]
    if not names:
        main = read_specification(Choice(), sources, Path.cwd()).main
        verdicts = [_judge_source(main.location, main, sources, overrides, shallow)]
    if output.is_json:
        write_json([verdict.to_dict() for verdict in verdicts], output)
    else:
        for verdict in verdicts:
            _write(verdict, graph)
    ctx.exit(0 if all(verdict.is_valid for verdict in verdicts) else 1)


def _judge(name: str, sources: Sources, overrides: Overrides, shallow: bool) -> Verdict:
    try:
        source = _read(name, sources)
    except PolyaxonError as error:
        problem = Problem(UNREADABLE, error.message, file=name, suggestion=error.hint)
        return Verdict(name, None, [problem])
    return _judge_source(name, source, sources, overrides, shallow)


def _read(name: str, sources: Sources) -> Source:
    if ".py:" in name:
        return read_specification(Choice(python_module=name), sources, Path.cwd()).main
    if name.startswith(("http://", "https://")):
        return sources.read("url", name, None)
    return read_file(name)


def _judge_source(name: str, source: Source, sources: Sources, overrides: Overrides, shallow: bool) -> Verdict:
    try:
        # That a component's own inputs need values is no fault of the file: whoever runs or refers to it gives them.
        loaded = load(sources, source, overrides=overrides, shallow=shallow, partial=True)
    except SpecError as error:
        return Verdict(name, None, error.problems)
    return Verdict(name, loaded, loaded.problems)


def _write(verdict: Verdict, graph: str | None) -> None:
    """Write the problems and the verdict; with `graph`, a valid file's drawing instead of the verdict."""
    for problem in verdict.problems:
        click.echo(str(problem), err=graph is not None)
    loaded = verdict.loaded
    if not verdict.is_valid or loaded is None:
        counts = Counter(problem.severity for problem in verdict.problems)
        errors = f"{counts['error']} error" + ("s" if counts["error"] != 1 else "")
        click.echo(f"{verdict.file}: {click.style('not valid', fg='red')} ({errors})", err=graph is not None)
        return
    if graph is not None:
        click.echo(_draw(loaded, graph))
        return
    what = " ".join(part for part in (loaded.kind, f"`{loaded.name}`" if loaded.name else "") if part)
    click.echo(f"{verdict.file}: {click.style('valid', fg='green')}" + (f" ({what})" if what else ""))


def _draw(loaded: Loaded, graph: str) -> str:
    from polyaxon.compiler.graph import draw_mermaid, draw_svg, draw_text

    draw = {"text": draw_text, "mermaid": draw_mermaid, "svg": draw_svg}[graph]
    if loaded.operation is None:
        raise UsageError(
            "what is checked `--shallow`, or misses the values of inputs, cannot be drawn",
            hint="leave out `--shallow`, and give the values: `-P NAME=VALUE`",
        )
    return draw(loaded.operation)
