"""Who runs an attempt's process: at most one ever does.

The process to be is a small shell that first creates `<stem>.pid` exclusively, with its own pid and boot, and only
then runs the command; a second one finds the file and leaves. So whoever died between spawning and writing down the pid
loses nothing, and starting again is safe at any moment. Its last act is to write `<stem>.exit`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from polyaxon.model.record import dataclass

__all__ = [
    "CLAIMED_ELSEWHERE",
    "Identity",
    "boot",
    "forbid",
    "is_same",
    "read_code",
    "read_identity",
    "spawn",
    "start_time",
]

CLAIMED_ELSEWHERE = 75
"""With this code the shell leaves when another one has the claim."""

# $1 stem, $2 boot, $3 working directory, then the command. The shell is known again by the stem among its arguments: to
# find out its own start time would take it as long as everything else here together, for it reads byte by byte.
# `trap :` keeps it alive to write the code; the command gets the signal.
_SHELL = """\
p=$1 b=$2 w=$3
shift 3
set -C
{ echo "$$ - $b" >"$p.pid"; } 2>/dev/null || exit 75
set +C
trap : TERM INT HUP
if cd -- "$w"; then "$@"; c=$?; else c=126; fi
echo $c >"$p.exit"
exit $c
"""
_FORBIDDEN = "-"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process it is: pids are used again, (pid, start time, boot) is not.

    `start` is `-` for a shell of ours, whose arguments tell it apart as well.
    """

    pid: int
    start: str
    boot: str


def spawn(stem: str, argv: tuple[str, ...], env: Mapping[str, str], cwd: str, log: str) -> int:
    """Start the shell in its own session, its output appended to `log`; return its pid. Raises OSError."""
    return os.posix_spawn(
        "/bin/sh",
        ["/bin/sh", "-c", _SHELL, "polyaxon", stem, boot(), cwd, *argv],
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=(),
        # Python ignores these two, and an ignored signal stays ignored in every process below.
        setsigdef=(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
    )


def forbid(stem: str) -> bool:
    """Claim the process so that no shell on its way can run it; False when one already has the claim."""
    try:
        descriptor = os.open(f"{stem}.pid", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    os.write(descriptor, f"{_FORBIDDEN}\n".encode())
    os.close(descriptor)
    return True


def read_identity(stem: str) -> Identity | str | None:
    """Return who has the claim; None when nobody has, and a text when it is being written (`""`) or forbidden."""
    try:
        text = Path(f"{stem}.pid").read_text()
    except FileNotFoundError:
        return None
    if not text.endswith("\n"):
        return ""
    parts = text.split()
    is_process = len(parts) == 3 and parts[0].isdigit()
    return Identity(int(parts[0]), parts[1], parts[2]) if is_process else _FORBIDDEN


def read_code(stem: str) -> int | None:
    """Return the exit code that was written, or None."""
    try:
        text = Path(f"{stem}.exit").read_text()
    except OSError:
        return None
    return int(text) if text.endswith("\n") else None


def is_same(identity: Identity, stem: str) -> bool:
    """Whether the process of that pid is still the one that made the claim."""
    if identity.boot != boot():
        return False
    if identity.start == "-":
        return _was_given(identity.pid, stem)
    return start_time(identity.pid) == identity.start


def start_time(pid: int) -> str | None:
    """Return the process's start time in ticks since boot, as /proc tells it."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rsplit(") ", 1)[-1].split()[19]


@cache
def boot() -> str:
    """Return what identifies this boot of the machine; start times only compare within one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _was_given(pid: int, stem: str) -> bool:
    """Whether the process has the stem among its arguments: the shells of this very attempt alone do."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        arguments = _arguments_elsewhere(pid) if not os.path.exists("/proc/self/cmdline") else []
    return os.fsencode(stem) in arguments


def _arguments_elsewhere(pid: int) -> list[bytes]:
    import psutil  # where there is no /proc

    try:
        return [os.fsencode(argument) for argument in psutil.Process(pid).cmdline()]
    except psutil.Error:
        return []
