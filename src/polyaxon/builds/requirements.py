"""The requirement `polyaxon` in environments we build: this project, whatever version or extra was asked for.

Direct requirements are rewritten, so that a version of another project's numbering does not fail the build. A
constraint to the version of our wheel, which no package index can have, holds for everything else that pip resolves.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

from polyaxon.builds.wheel import LIGHT_VERSION
from polyaxon.errors import BuildError

__all__ = ["check_own", "rewrite_arguments", "write_constraint"]

_OWN = re.compile(r"polyaxon\s*(?:\[[^\]]*\])?\s*(?:(?:[<>=!~]=?|===)[^;#]*)?(?:;.*)?", re.IGNORECASE)
_INCLUDES = frozenset({"-r", "--requirement"})


def write_constraint(directory: str) -> str:
    """Write the constraint file that lets `polyaxon` mean our wheel alone; return its path."""
    path = Path(directory, "constraints.txt")
    path.write_text(f"polyaxon=={LIGHT_VERSION}\n")
    return str(path)


def rewrite_arguments(arguments: Iterable[str], workdir: str, scratch: str) -> list[str]:
    """Return pip's arguments with every requirement on `polyaxon` freed of its version, in files too.

    Rewritten files are put into `scratch`; other files are named as they were.
    """
    rewritten: list[str] = []
    previous = ""
    for word in arguments:
        name, separator, value = word.partition("=")
        if previous in _INCLUDES:
            word = _rewrite_file(os.path.join(workdir, word), scratch)
        elif separator and name in _INCLUDES:
            word = f"{name}={_rewrite_file(os.path.join(workdir, value), scratch)}"
        elif word.startswith("-r") and len(word) > 2:
            word = "-r" + _rewrite_file(os.path.join(workdir, word[2:]), scratch)
        elif previous not in _VALUED and _OWN.fullmatch(word):
            word = "polyaxon"
        rewritten.append(word)
        previous = word
    return rewritten


_VALUED = frozenset(
    {"-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-e", "--editable"}
)


def _rewrite_file(path: str, scratch: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BuildError(f"the requirements `{path}` cannot be read: {error.strerror}") from error
    directory = os.path.dirname(os.path.abspath(path))
    changed = [_rewrite_line(line, directory, scratch) for line in lines]
    if changed == lines:
        return path
    copy = Path(scratch, f"{len(os.listdir(scratch))}-{os.path.basename(path)}")
    copy.write_text("".join(f"{_absolute(line, directory)}\n" for line in changed), encoding="utf-8")
    return str(copy)


def _rewrite_line(line: str, directory: str, scratch: str) -> str:
    words = line.split("#", 1)[0].split()
    if len(words) >= 2 and words[0] in _INCLUDES:
        inner = _rewrite_file(os.path.join(directory, words[1]), scratch)
        return line if inner == os.path.join(directory, words[1]) else f"{words[0]} {inner}"
    text = line.split(" #", 1)[0].strip()
    return "polyaxon" if text and _OWN.fullmatch(text) else line


def _absolute(line: str, directory: str) -> str:
    """Return a line of a moved file whose relative paths still lead where they did."""
    words = line.split()
    if len(words) == 2 and words[0] in {*_INCLUDES, "-c", "--constraint", "-e", "--editable", "-f", "--find-links"}:
        if "://" not in words[1]:
            return f"{words[0]} {os.path.join(directory, words[1])}"
    elif len(words) == 1 and words[0].startswith(("./", "../")):
        return os.path.join(directory, words[0])
    return line


def check_own(venv: str) -> None:
    """Raise `BuildError` when the environment holds a distribution `polyaxon` that is not ours."""
    paths = [str(path) for path in Path(venv).glob("lib/python*/site-packages")]
    for found in distributions(path=paths):
        if (found.metadata["Name"] or "").lower() == "polyaxon" and found.version != LIGHT_VERSION:
            raise BuildError(f"another distribution of the name `polyaxon` came in, version {found.version}")
