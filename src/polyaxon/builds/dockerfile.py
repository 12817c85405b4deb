"""A Dockerfile as a list of instructions. Pure; knows the syntax, not what instructions mean here."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping

from polyaxon.errors import BuildError
from polyaxon.model.record import dataclass

__all__ = ["Instruction", "assignments", "exec_form", "expand", "parse", "split_flags"]

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_VARIABLE = re.compile(r"\\\$|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its keyword in capitals, its text with continued lines joined, where it starts."""

    keyword: str
    text: str
    line: int


def parse(text: str) -> list[Instruction]:
    """Return the instructions; raise `BuildError` for a line that is none."""
    found: list[Instruction] = []
    lines = text.splitlines()
    position = 0
    while position < len(lines):
        start = position
        joined, position = _logical_line(lines, position)
        if not joined:
            continue
        keyword, _, rest = joined.partition(" ")
        if not keyword.isalpha():
            raise BuildError(f"Dockerfile line {start + 1}: `{joined.split(chr(10))[0]}` is not an instruction")
        found.append(Instruction(keyword.upper(), rest.strip(), start + 1))
    if not any(item.keyword == "FROM" for item in found):
        raise BuildError("the Dockerfile has no FROM line")
    return found


def _logical_line(lines: list[str], position: int) -> tuple[str, int]:
    """Return the line that starts here, with its continuations and here-documents, and where the next one starts."""
    parts: list[str] = []
    while position < len(lines):
        line = lines[position].strip() if not parts else lines[position].rstrip()
        position += 1
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            # Comments and blank lines do not interrupt a continued line.
            if parts:
                continue
            return "", position
        if line.endswith("\\"):
            parts.append(line[:-1].strip())
            continue
        parts.append(line.strip())
        break
    joined = " ".join(part for part in parts if part)
    for _, word in _HEREDOC.findall(joined):
        body: list[str] = []
        while position < len(lines) and lines[position].strip() != word:
            body.append(lines[position])
            position += 1
        position += 1
        joined += "\n" + "\n".join(body)
    return joined, position


def split_flags(text: str) -> tuple[dict[str, str], str]:
    """Return the leading `--name=value` flags and the rest."""
    flags: dict[str, str] = {}
    while text.startswith("--"):
        flag, _, text = text.partition(" ")
        name, _, value = flag[2:].partition("=")
        flags[name] = value
        text = text.lstrip()
    return flags, text


def exec_form(text: str) -> tuple[str, ...]:
    """Return the words of an instruction that takes a JSON list, or a shell command."""
    if text.startswith("["):
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
    return ("/bin/sh", "-c", text) if text else ()


def assignments(text: str) -> dict[str, str]:
    """Return what `ENV` or `ARG` sets: `A=1 B="x y"`, or the old form `A the rest`."""
    first = text.split(None, 1)
    if first and "=" not in first[0]:
        return {first[0]: first[1].strip() if len(first) > 1 else ""}
    pairs = (item.partition("=") for item in _words(text))
    return {name: value for name, _, value in pairs}


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BuildError(f"`{text}`: {error}") from None


def expand(text: str, env: Mapping[str, str]) -> str:
    """Replace `$A`, `${A}`, `${A:-default}` and `${A:+other}`; an unknown name is empty."""

    def replace(found: re.Match[str]) -> str:
        if found[0] == r"\$":
            return "$"
        value, operator, word = env.get(found[1] or found[2], ""), found[3], found[4]
        if operator == "-":
            return value or word
        if operator == "+":
            return word if value else ""
        return value

    return _VARIABLE.sub(replace, text)
