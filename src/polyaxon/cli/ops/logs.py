"""`polyaxon ops logs`: what a run, or every run of a pipeline, wrote."""

from __future__ import annotations

import time

import click

from polyaxon.cli.home import Home, open_home, project_option, run_argument, run_option, say_whose_files
from polyaxon.cli.live.tree import Tree
from polyaxon.cli.log_files import LogFollower, last_lines, read_lines
from polyaxon.cli.output import Output, output_option, write_json
from polyaxon.model.run import Run
from polyaxon.model.status import FINAL

__all__ = ["logs"]

SECONDS_BETWEEN_READS = 0.2


@click.command()
@run_argument
@run_option
@project_option
@click.option("-nf", "--no-follow", is_flag=True, help="Print what is there and return.")
@click.option("-n", "--tail", type=click.IntRange(min=1), help="Only the last lines.")
@output_option
def logs(
    reference: str | None, uuid: str | None, project: str | None, no_follow: bool, tail: int | None, output: Output
) -> None:
    """Print what a run wrote, and follow it while it goes on.

    A pipeline prints the lines of all its runs, each with the operation's name before it. A run that was served from
    the cache shows what the original wrote.
    """
    with open_home() as home:
        run = home.find(uuid or reference, project)
        if output.is_json:
            write_json(_document(home, run), output)
        elif tail is not None:
            say_whose_files(home, run)
            for line in last_lines(home.files_of(run), tail):
                click.echo(line)
        else:
            _print(home, run, follow=not no_follow)


def _document(home: Home, run: Run) -> dict[str, object]:
    lines = []
    for member in _members(home, run):
        for process, text in read_lines(home.files_of(member)):
            lines.append({"timestamp": None, "node": "local", "pod": member.uuid, "container": process, "value": text})
    return {"logs": lines, "last_time": None, "last_file": None, "files": []}


def _members(home: Home, run: Run) -> list[Run]:
    """Return the run and all that is below it, in the file's order."""
    tree = _tree(home, run)
    return [node.run for node in tree.walk()]


def _tree(home: Home, run: Run) -> Tree:
    tree = Tree(run.uuid)
    for row in home.store.tree(run.root):
        tree.update(row)
    return tree


def _print(home: Home, run: Run, follow: bool) -> None:
    followers: dict[str, LogFollower] = {}
    while True:
        tree = _tree(home, run)
        ended = tree.nodes[run.uuid].run.status in FINAL
        for node in tree.walk():
            if node.run.uuid not in followers and node.is_final:
                say_whose_files(home, node.run)
            follower = followers.setdefault(node.run.uuid, LogFollower(home.files_of(node.run)))
            label = "" if node.run.uuid == run.uuid else f"{tree.path(node)} | "
            for process, line in follower.new_lines(ended=node.is_final):
                click.echo(f"{label}{'' if process == 'main' else f'{process} | '}{line}")
        if ended or not follow:
            return
        time.sleep(SECONDS_BETWEEN_READS)
