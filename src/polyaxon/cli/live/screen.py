"""The run as a tree that redraws itself on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from polyaxon.cli.live.lines import tree_lines
from polyaxon.cli.live.tree import Tree
from polyaxon.model.run import Run

__all__ = ["ScreenView"]

REDRAWS_PER_SECOND = 8
REST = 15
"""For how many times the time it took a picture stays."""
MINIMUM_LINES = 5
SPARE_LINES = 3
"""Left free under the tree, so that a question can be asked without the screen scrolling."""


class ScreenView:
    """Draws the tree in place while the run goes on; use it as a context manager."""

    def __init__(
        self,
        tree: Tree,
        clock: Callable[[], datetime],
        lock: AbstractContextManager[object] | None = None,
        console: Console | None = None,
    ) -> None:
        """`lock` is held while the tree is read: it is redrawn by a thread of its own."""
        self.tree = tree
        self.lock = lock or nullcontext()
        self.clock = clock
        self.console = console or Console(stderr=False, highlight=False)
        self._picture: Table | None = None
        self._fresh_until = 0.0
        self._ending = False
        self._live = Live(
            get_renderable=self._draw,
            console=self.console,
            refresh_per_second=REDRAWS_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> ScreenView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending = True
        self._live.stop()

    def update(self, run: Run) -> None:
        """Take in a row; the next redraw shows it."""
        self.tree.update(run)

    def write(self, text: str) -> None:
        """Write a line above the tree (a log line, a note)."""
        self.console.print(Text(text))

    def pause(self) -> None:
        """Stop redrawing, to ask something; `resume` goes on."""
        self._live.stop()

    def resume(self) -> None:
        """Draw again after `pause`."""
        self._live.start(refresh=True)

    def _draw(self) -> Table:
        """Return the picture: a new one, unless drawing it would take more than a small share of the time."""
        began = monotonic()
        if self._picture is None or began >= self._fresh_until or self._ending:
            self._picture = self._paint()
            now = monotonic()
            self._fresh_until = now + (now - began) * REST
        return self._picture

    def _paint(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        for _ in range(4):
            grid.add_column(no_wrap=True, overflow="ellipsis")
        with self.lock:
            lines = tree_lines(self.tree, self.clock(), max(MINIMUM_LINES, self.console.height - SPARE_LINES))
        for line in lines:
            label = Text(line.branch, style="bright_black").append(line.label, style="bold" if line.mark else "dim")
            status = Text(f"{line.mark} {line.status}".strip(), style=line.color)
            grid.add_row(label, status, Text(line.time, style="dim"), Text(line.note))
        return grid
