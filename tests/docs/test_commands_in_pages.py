"""Every `polyaxon …` line of the pages names commands and options that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from command_line import ROOT

from polyaxon.cli.app import app

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"```(?:text|bash|console|sh|shell)\n(.*?)```", re.DOTALL)


def lines() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        if page.name in {"cli.md", "compatibility.md"}:
            continue  # written from the commands; about another command line as well
        for block in FENCE.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                text = line.strip().removeprefix("$ ")
                if text.startswith("polyaxon ") and "Options:" not in block:
                    yield page.relative_to(ROOT).as_posix(), re.split(r"\s{2,}|\s#|\s\|", text)[0]


@pytest.mark.parametrize(("page", "line"), sorted(set(lines())))
def test_a_command_of_a_page_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = app
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        context = click.Context(command)
        found = command.get_command(context, words[0])
        assert found is not None, f"{page}: there is no command `{words[0]}`"
        command, words = found, words[1:]
    command.make_parser(click.Context(command)).parse_args(words)  # raises for an unknown option
