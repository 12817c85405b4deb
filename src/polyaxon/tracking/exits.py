"""How a process ends, told to its runs: normal exit, `sys.exit`, an uncaught exception, SIGTERM.

Whatever hooks there were go on to be called. A forked child tells nothing: the runs are its parent's.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, Callable, Protocol

    class Watched(Protocol):
        """What a run does about an ending; each is called in the process that began the run."""

        def on_exit(self, code: int) -> None: ...

        def on_exception(self, error: BaseException) -> None: ...

        def on_terminate(self, then: Callable[[], None]) -> None: ...


__all__ = ["forget", "watch"]

_watched: list[tuple[int, Watched]] = []
_exit_code = 0
_is_installed = False


def watch(run: Watched) -> None:
    """Tell the run how this process ends."""
    global _is_installed
    _watched.append((os.getpid(), run))
    if _is_installed:
        return
    _is_installed = True
    atexit.register(_at_exit)
    _chain_excepthook()
    _chain_sys_exit()
    _take_sigterm()


def forget(run: Watched) -> None:
    """The run has ended by itself."""
    _watched[:] = [pair for pair in _watched if pair[1] is not run]


def _own() -> list[Watched]:
    return [run for pid, run in _watched if pid == os.getpid()]


def _at_exit() -> None:
    for run in _own():
        run.on_exit(_exit_code)


def _chain_excepthook() -> None:
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        for run in _own():
            run.on_exception(error)
        before(kind, error, trace)

    sys.excepthook = hook


def _chain_sys_exit() -> None:
    """`atexit` does not say with which code the process ends, and no hook sees `SystemExit`."""
    before = sys.exit

    def leave(status: Any = None) -> None:
        global _exit_code
        _exit_code = status if isinstance(status, int) else int(status is not None)
        before(status)

    sys.exit = leave  # type: ignore[assignment] # a stub says NoReturn, which `before` keeps


def _take_sigterm() -> None:
    """Only where nobody handles it and handlers can be set: in the main thread."""
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)
    except ValueError:
        return


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    del number, frame
    _terminate(_own())


def _terminate(runs: list[Watched]) -> None:
    """Tell one run after the other, then die of the signal, as the process would have without us."""
    if runs:
        runs[0].on_terminate(lambda: _terminate(runs[1:]))
        return
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
