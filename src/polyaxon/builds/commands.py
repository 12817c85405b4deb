"""Which commands of a RUN line install Python packages, and what they install. Pure."""

from __future__ import annotations

import re
import shlex

from polyaxon.model.record import dataclass

__all__ = ["Install", "Other", "read_commands"]

_PIP = re.compile(r"pip[\d.]*")
_PYTHON = re.compile(r"python[\d.]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_SEPARATORS = frozenset({"&&", "||", ";", "&", "|", "\n"})
_DROPPED = frozenset({"--user", "--break-system-packages", "--system", "--ignore-installed", "-I"})
"""Flags about where to install: the environment is the place."""
_DROPPED_WITH_VALUE = frozenset({"-t", "--target", "--prefix", "--root", "--python", "--src"})
_OWN_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})


@dataclass(frozen=True, slots=True)
class Install:
    """A pip installation: the words after `install`."""

    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A command that is not carried out here."""

    text: str


def read_commands(text: str) -> list[Install | Other]:
    """Return the commands of a RUN line, in order, as what they are here.

    A command that only brings pip itself up to date, or changes nothing but the shell, is left out.
    """
    found: list[Install | Other] = []
    for words in _split(text):
        command = _read(words)
        if command is not None:
            found.append(command)
    return found


def _split(text: str) -> list[list[str]]:
    lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    try:
        for word in lexer:
            if word in _SEPARATORS:
                commands.append([])
            else:
                commands[-1].append(word)
    except ValueError:
        return [[text]]
    return [words for words in commands if words]


def _read(words: list[str]) -> Install | Other | None:
    rest = list(words)
    while rest and (_ASSIGNMENT.fullmatch(rest[0]) or rest[0] in {"sudo", "exec", "command"}):
        rest.pop(0)
    if not rest or rest[0] in {"set", "true", ":", "export", "echo"}:
        return None
    arguments = _pip_arguments(rest)
    if arguments is None:
        return Other(" ".join(words))
    if not arguments or arguments[0] != "install":
        # `pip cache purge`, `pip list`, … leave the environment as it is; `pip uninstall` and the rest do not.
        return (
            None
            if arguments and arguments[0] in {"cache", "list", "freeze", "check", "config"}
            else Other(" ".join(words))
        )
    wanted = _without_places(arguments[1:])
    targets = [word for word in wanted if not word.startswith("-")]
    if targets and all(re.split(r"[<>=~!\[]", word)[0] in _OWN_TOOLS for word in targets):
        return None
    return Install(tuple(wanted))


def _pip_arguments(words: list[str]) -> list[str] | None:
    """Return the words after `pip`, or None when the command is no pip."""
    program = words[0].rsplit("/", 1)[-1]
    if _PIP.fullmatch(program):
        return words[1:]
    if program == "uv" and words[1:2] == ["pip"]:
        return words[2:]
    if _PYTHON.fullmatch(program):
        rest = [word for word in words[1:] if word not in {"-u", "-I", "-s", "-E"}]
        if rest[:2] == ["-m", "pip"]:
            return rest[2:]
    return None


def _without_places(words: list[str]) -> list[str]:
    kept: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, separator, _ = word.partition("=")
        if word in _DROPPED:
            continue
        if name in _DROPPED_WITH_VALUE:
            if not separator and rest:
                rest.pop(0)
            continue
        kept.append(word)
    return kept
