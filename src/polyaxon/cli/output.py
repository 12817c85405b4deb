"""How commands answer: aligned text for people, JSON for programs.

`-o json` prints JSON with sorted keys; `-o path=FILE` writes it to a file. Nothing else goes to stdout then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import click

from polyaxon.model.record import dataclass

__all__ = ["Output", "output_option", "write_json", "write_table"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Output:
    """What `--output` asked for; `path` when the document goes to a file."""

    is_json: bool = False
    path: str | None = None


def _read_output(ctx: click.Context, param: click.Parameter, value: str | None) -> Output:
    kind, _, path = (value or "text").partition("=")
    if kind == "json" and not path:
        return Output(is_json=True)
    if kind == "path" and path:
        return Output(is_json=True, path=path)
    if kind in {"text", "table"} and not path:
        return Output()
    raise click.BadParameter("use `json`, or `path=FILE` to write JSON to a file", ctx, param)


def output_option(function: Function) -> Function:
    """Add `-o/--output`."""
    return click.option(
        "-o",
        "--output",
        callback=_read_output,
        metavar="json|path=FILE",
        help="Answer as JSON (`json`), or write it to a file (`path=FILE`).",
    )(function)


def write_json(document: Any, output: Output) -> None:
    """Write the document where the user wants it."""
    if output.path:
        text = json.dumps(document, sort_keys=True, default=_plain, separators=(",", ":"))
        Path(output.path).write_text(text + "\n", encoding="utf-8")
        return
    click.echo(json.dumps(document, sort_keys=True, default=_plain, indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def write_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows in aligned columns; a column that is empty throughout is left out."""
    used = [place for place in range(len(headers)) if any(row[place] for row in rows)]
    widths = [max(len(headers[place]), *(len(click.unstyle(row[place])) for row in rows)) for place in used]
    _write_row([click.style(headers[place].upper(), dim=True) for place in used], widths)
    for row in rows:
        _write_row([row[place] for place in used], widths)


def _write_row(cells: Sequence[str], widths: Sequence[int]) -> None:
    padded = [cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(cells, widths, strict=True)]
    click.echo("  ".join(padded).rstrip())
