"""What the ending of processes means for the attempt."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Phase
from polyaxon.model.record import dataclass
from polyaxon.runtimes.process.layout import WARNINGS, Layout
from polyaxon.runtimes.process.render import Duty

__all__ = [
    "Ending",
    "Verdict",
    "describe_code",
    "left_warnings",
    "read_verdict",
    "verdict",
    "write_verdict",
]


@dataclass(frozen=True, slots=True)
class Ending:
    """How one process ended: its code, or None when nobody can know it."""

    code: int | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the attempt came to."""

    phase: Phase
    exit_code: int | None
    message: str
    reason: str = ""
    """A word for the status history, where the phase does not say it all."""


def verdict(duties: Mapping[str, Duty], endings: Mapping[str, Ending], is_stopping: bool) -> Verdict | None:
    """Return what the attempt comes to with these endings, or None while it goes on.

    An asked stop wins; then the first failure, in order of ending; then the success of all deciding processes. Others
    may still be running then: they are to be stopped before the verdict is told.
    """
    if is_stopping:
        return Verdict(Phase.STOPPED, None, "stopped")
    several = len(duties) > 1
    for name, ending in endings.items():
        if duties[name] is Duty.ACCOMPANIES or ending.code == 0:
            continue
        where = f"`{name}`: " if several else ""
        if ending.code is None:
            return Verdict(Phase.LOST, None, where + (ending.message or "the process is gone without an exit code"))
        return Verdict(Phase.FAILED, ending.code, where + (ending.message or describe_code(ending.code)))
    if all(name in endings for name, duty in duties.items() if duty is Duty.DECIDES):
        return Verdict(Phase.SUCCEEDED, 0, "")
    return None


def write_verdict(stem: str, decided: Verdict) -> None:
    """Write down what was decided about an attempt whose processes still run; its files start with `stem`."""
    temporary = f"{stem}verdict.{os.getpid()}"
    Path(temporary).write_text(json.dumps([decided.phase, decided.exit_code, decided.message, decided.reason]))
    os.replace(temporary, f"{stem}verdict")


def read_verdict(stem: str) -> Verdict | None:
    """Return what was written down, or None."""
    try:
        phase, code, message, reason = json.loads(Path(f"{stem}verdict").read_text())
    except (OSError, ValueError):
        return None
    return Verdict(Phase(phase), code, message, reason)


def left_warnings(layout: Layout, run: RunId) -> list[str]:
    """Return the lines that the run's programs left as warnings."""
    file = f"{layout.home}/artifacts/{run}/{WARNINGS}"
    return Path(file).read_text(errors="replace").splitlines() if os.access(file, os.F_OK) else []


def describe_code(code: int) -> str:
    """Return the sentence for an exit code as a shell gives it."""
    if code > 128:
        try:
            name = signal.Signals(code - 128).name
        except ValueError:
            return f"exit code {code}"
        hint = ", perhaps for lack of memory" if name == "SIGKILL" else ""
        return f"ended by {name}{hint} (exit code {code})"
    return f"exit code {code}" + _CODES.get(code, "")


_CODES = {
    126: ": the command could not be executed",
    127: ": a command was not found",
}
