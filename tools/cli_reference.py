"""Write docs/reference/cli.md from the commands themselves: `python tools/cli_reference.py`; a test compares."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from polyaxon.cli.app import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
OPENING = """# The command line

`polyaxon` and `plx` are the same command. Every command takes `--help`; most take `--output json`, whose field names
are those of the REST API. RUN is a uuid, the beginning of one, or an operation's name (the latest run of that name);
left out, it is the project's last run.

| exit code | meaning |
|---|---|
| 0 | done; the run succeeded or was skipped |
| 1 | the work failed or was stopped; a checked file is not valid; the outside failed (network, disk, database) |
| 2 | asked wrongly: unknown option or param, wrong file, no such run |
| 70 | a bug of polyaxon: the traceback is printed |
| 130 | interrupted before anything was submitted |

This page is written by `tools/cli_reference.py`.
"""


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name, groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from commands(child, f"{path} {name}")


def section(path: str, command: click.Command) -> Iterator[str]:
    """Yield the lines of one command: its usage, text and options."""
    context = click.Context(command, info_name=path)
    depth = "##" if path.count(" ") <= 1 else "###"
    yield f"\n{depth} `{path}`\n"
    yield cleandoc(command.help or "")
    if isinstance(command, click.Group) and path != "polyaxon":
        return
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"\n```text\n{path} {usage}\n```"
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    rows = [record for record in records if record is not None and record[1] and "--help" not in record[0]]
    if rows:
        yield "\n| option | meaning |\n|---|---|"
        for names, text in rows:
            yield f"| `{_cell(names)}` | {_cell(text)} |"


def _cell(text: str) -> str:
    """Write text so that it stays in its table cell."""
    return text.replace("|", "\\|")


def page() -> str:
    """Return the whole page."""
    lines = [OPENING]
    for path, command in commands(app, "polyaxon"):
        lines.extend(section(path, command))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
