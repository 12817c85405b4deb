"""How a project is written: `project`, `owner/project` or `owner/team/project`, with `.` as well as `/` between them.

Names are what the identity of a run (`owner.project.runs.uuid`) can hold. Training code imports this: Python 3.8.
"""

from __future__ import annotations

from polyaxon.errors import UsageError

__all__ = ["split_project"]

NAME_LENGTH = 128


def split_project(text: str, where: str) -> tuple[str | None, str]:
    """Return (owner, project) of what was given as `where`; what is not a project's name is refused."""
    parts = text.replace("/", ".").split(".")
    if len(parts) > 3:
        raise _no_project(text, where, "there is more than an owner, a team and a project")
    for part in parts:
        if not _is_name(part):
            raise _no_project(text, where, f"`{part}` is not 1 to {NAME_LENGTH} letters, digits, `-` and `_`")
    return (parts[0] if len(parts) > 1 else None), parts[-1]


def _is_name(part: str) -> bool:
    return len(part) <= NAME_LENGTH and part.isascii() and part.replace("-", "a").replace("_", "a").isalnum()


def _no_project(text: str, where: str, why: str) -> UsageError:
    return UsageError(f"`{text}` ({where}) is not a project: {why}", "write `PROJECT` or `OWNER/PROJECT`")
