"""Driving runs in the foreground: what is shown meanwhile, what Ctrl-C does, how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import click

from polyaxon.cli.background import leave_scheduler
from polyaxon.cli.ending import Ending, describe_ending
from polyaxon.cli.interrupts import Answer, Interrupts, Step, read_answer
from polyaxon.cli.live.lines import EXPLAINED
from polyaxon.cli.live.plain import TOLD, PlainView
from polyaxon.cli.live.tree import Tree
from polyaxon.cli.log_files import LogFollower, last_lines
from polyaxon.cli.output import Output, write_json
from polyaxon.cli.quiet import Quiet, who_waits
from polyaxon.cli.shapes import run_detail
from polyaxon.model.ids import RunId
from polyaxon.model.record import dataclass
from polyaxon.model.run import Condition, Run, RunKind
from polyaxon.model.status import WELL, Status, is_final
from polyaxon.server import Local

if TYPE_CHECKING:
    from polyaxon.engine.explain import Explanation
    from polyaxon.scheduler.drive import Driver

__all__ = ["Manner", "follow"]

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
LOG_SECONDS = 0.2
WARNINGS_SHOWN = 8
RUNS_ASKED = 50
"""Of how many runs of a tree warnings are collected for the ending; large flows repeat theirs."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a run is followed."""

    watch: bool = False
    with_logs: bool = False
    output: Output = Output()

    @property
    def on_screen(self) -> bool:
        """Whether the tree is redrawn in place: on a terminal, when nothing else is wanted."""
        return not self.output.is_json and sys.stdout.isatty()

    @property
    def told(self) -> Container[Status] | None:
        """The statuses that are shown; None: every one, or how many runs are in which."""
        return None if self.watch or self.on_screen else TOLD


def follow(local: Local, root: RunId, manner: Manner) -> int:
    """Drive the root to its end, show it, describe the ending; return the exit code."""
    tree = Tree(root)
    session = _Session(local, tree, manner)
    with session.showing():
        local.drive([root], session.on_run, session.on_interrupt, told=manner.told)
    run = local.store.get(root)
    tree.update(run)
    if session.detached:
        leave_scheduler(local.settings)
        click.echo(f"Left to a background scheduler. `polyaxon ops get {root[:8]}` shows how it goes.")
        return 0
    if not is_final(run.status):
        click.echo(f"Left as it is; what runs goes on. `polyaxon ops resume {root[:8]}` continues.", err=True)
        return EXIT_INTERRUPTED
    if local.needs_cleaner():
        leave_scheduler(local.settings, root)
    if manner.output.is_json:
        write_json(run_detail(run), manner.output)
    else:
        for line in [*_warnings(local, tree), *describe_ending(tree, _ending(local), _now())]:
            click.echo(line)
    return 0 if run.status in WELL else EXIT_FAILED


class _Session:
    """One drive: rows come in on one thread, Ctrl-C on others, log lines on a third."""

    def __init__(self, local: Local, tree: Tree, manner: Manner) -> None:
        self.detached = False
        self._local = local
        self._tree = tree
        self._manner = manner
        self._lock = Lock()
        self._asking = Lock()
        self._interrupts = Interrupts(can_ask=sys.stdin.isatty() and sys.stdout.isatty() and not manner.output.is_json)
        self._pause: Callable[[], None] = _nothing
        self._resume: Callable[[], None] = _nothing
        self._show: Callable[[Run], None] = self._take_silently
        self._write: Callable[[str], None] = click.echo
        self._quiet = Quiet(self._why_quiet, self._note)

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Show the tree, and with `--logs` the lines, for as long as the block lasts."""
        with self._view(), self._log_lines(), self._quiet.watching():
            yield

    def on_run(self, run: Run) -> None:
        """Take in a row."""
        self._quiet.changed()
        with self._lock:
            if run.status in EXPLAINED:
                last = _last(self._local, run.uuid)
                self._tree.reasons[run.uuid] = last.message if last is not None else ""
            self._show(run)

    def on_interrupt(self, driver: Driver) -> None:
        """Do what this press of Ctrl-C means."""
        step = self._interrupts.press()
        if step == Step.ASK:
            self._ask(driver)
        elif step == Step.STOP:
            self._note("stopping; press Ctrl-C again to force it")
            driver.stop()
        elif step == Step.FORCE:
            self._note("forcing it; press Ctrl-C again to leave at once")
            driver.force()
        else:
            driver.leave()

    def _ask(self, driver: Driver) -> None:
        with self._asking:
            self._pause()
            answer = None
            while answer is None:
                click.echo("\nStop the run, detach (it goes on in the background), or continue? [s/d/c] ", nl=False)
                answer = read_answer(sys.stdin.readline() or "continue")
            self._interrupts.answered(answer)
            self._resume()
        if answer == Answer.STOP:
            driver.stop()
        elif answer == Answer.DETACH:
            self.detached = True
            driver.leave()

    def _note(self, text: str) -> None:
        if self._manner.output.is_json:
            click.echo(text, err=True)
        else:
            self._write(text)

    def _why_quiet(self) -> str | None:
        with self._lock:
            shown = [node.run for node in self._tree.nodes.values()]
        if who_waits(shown) is None:
            return None
        rows = self._local.store.tree(RunId(self._tree.root))  # with the steps that are not shown
        run = who_waits(rows)
        if run is None:
            return None
        from polyaxon.cli.home import Home  # what explains is loaded when something is to be explained
        from polyaxon.cli.ops.explain import waits_of

        reasons = waits_of(Home(self._local.settings, self._local.store), run, rows)
        name = run.name or run.uuid[:8]
        return f"`{name}` waits: {'; '.join(reasons)}" if reasons else None

    def _take_silently(self, run: Run) -> None:
        self._tree.update(run)

    @contextmanager
    def _view(self) -> Iterator[None]:
        if self._manner.output.is_json:
            yield
            return
        if not self._manner.on_screen:
            plain = PlainView(self._tree, _write_plain, _now(), self._manner.watch)
            self._show = lambda run: plain.update(run, _now())
            yield
            return
        from polyaxon.cli.live.screen import ScreenView  # rich: 60 ms that only a terminal needs

        with ScreenView(self._tree, _now, self._lock) as screen:
            self._show = screen.update
            self._pause, self._resume, self._write = screen.pause, screen.resume, screen.write
            yield

    @contextmanager
    def _log_lines(self) -> Iterator[None]:
        if not self._manner.with_logs or self._manner.output.is_json:
            yield
            return
        ended = Event()
        thread = Thread(target=self._tell_logs, args=(ended,), name="logs", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _tell_logs(self, ended: Event) -> None:
        followers: dict[str, LogFollower] = {}
        last = False
        while not last:
            last = ended.wait(LOG_SECONDS)
            with self._lock:
                nodes = [(node, self._tree.path(node), node.is_final) for node in self._tree.nodes.values()]
            for node, path, is_over in nodes:
                # What was served from the cache shows what the original wrote.
                uuid = node.reused_from or node.run.uuid
                follower = followers.get(node.run.uuid)
                if follower is None or follower.run_directory.name != uuid:
                    follower = followers[node.run.uuid] = LogFollower(_directory(self._local, uuid))
                for _, line in follower.new_lines(ended=is_over):
                    self._write(f"{path} | {line}" if len(nodes) > 1 else line)


def _directory(local: Local, uuid: str) -> Path:
    return Path(local.settings.home, "artifacts", uuid)


def _last(local: Local, uuid: str) -> Condition | None:
    conditions = local.store.conditions(RunId(uuid))
    return conditions[-1] if conditions else None


def _ending(local: Local) -> Ending:
    return Ending(
        condition=lambda uuid: _last(local, uuid),
        last_lines=lambda uuid, count: last_lines(_directory(local, uuid), count),
        directory=lambda uuid: str(_directory(local, uuid)),
    )


def _warnings(local: Local, tree: Tree) -> list[str]:
    """Return what could not be honoured, each once, with the first operation that it was said of."""
    said: dict[str, str] = {}
    worked = (node for node in tree.walk() if node.run.attempt or node.run.kind is RunKind.MATRIX)
    for node in islice(worked, RUNS_ASKED):
        for explanation in local.store.explanations(node.run.uuid):
            for text in _worth_saying(explanation):
                said.setdefault(text, tree.path(node))
    lines = [f"{click.style('warning', fg='yellow')}: {path}: {text}" for text, path in said.items()]
    more = len(lines) - WARNINGS_SHOWN
    return lines if more <= 0 else [*lines[:WARNINGS_SHOWN], f"and {more} more warnings"]


def _worth_saying(explanation: Explanation) -> Sequence[str]:
    if explanation.topic == "join" and not explanation.facts.get("found"):
        return (f"no run matches the join `{explanation.facts.get('query')}`: its params are empty lists",)
    return tuple(explanation.facts.get("warnings", ())) if explanation.topic == "warning" else ()


def _now() -> datetime:
    return datetime.now(UTC)


def _write_plain(line: str) -> None:
    """Write a line that has no colours to take out: the way that knows of them takes several times as long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _nothing() -> None:
    return
