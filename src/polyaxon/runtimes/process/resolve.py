"""Which file a command means, found before anything is started so that a failure can say what was looked for.

The shell is given the absolute path: it never takes `echo` or `exit` for its own.
"""

from __future__ import annotations

import os
from collections.abc import Container

__all__ = ["CannotRunError", "Resolver"]


class CannotRunError(Exception):
    """The command cannot be started; `code` is what a shell would have ended with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Resolver:
    """Finds commands, remembering where they were found as long as they are still there."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], str] = {}

    def resolve(self, argv: tuple[str, ...], path: str, cwd: str, to_be_made: Container[str] = ()) -> tuple[str, ...]:
        """Return the argv with the absolute path of its program; raise `CannotRunError`.

        Directories that are `to_be_made` count as there.
        """
        if not argv:
            raise CannotRunError(127, "the container has no command, and its image's own is not known here")
        if not (cwd in to_be_made or os.path.isdir(cwd)):
            raise CannotRunError(126, f"the working directory `{cwd}` does not exist; an `init` step can create it")
        command = argv[0]
        if "/" in command:
            return (self._direct(command, os.path.join(cwd, command)), *argv[1:])
        known = self._found.get((path, command))
        if known is None or not os.access(known, os.X_OK):
            known = self._found[path, command] = _search(command, path, cwd)
        return (known, *argv[1:])

    def _direct(self, command: str, file: str) -> str:
        if not os.path.exists(file):
            raise CannotRunError(127, f"`{command}` not found: there is no such file")
        if not os.access(file, os.X_OK) or os.path.isdir(file):
            raise CannotRunError(126, f"`{command}` is not executable: `chmod +x {file}` makes it so")
        return file


def _search(command: str, path: str, cwd: str) -> str:
    blocked = None
    for directory in path.split(":"):
        file = os.path.join(cwd, directory, command)
        if os.path.isfile(file):
            if os.access(file, os.X_OK):
                return file
            blocked = blocked or file
    if blocked:
        raise CannotRunError(126, f"`{command}` is not executable: `chmod +x {blocked}` makes it so")
    raise CannotRunError(127, f"`{command}` not found in PATH ({path})")
