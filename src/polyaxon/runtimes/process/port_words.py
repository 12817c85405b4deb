"""Putting the port that a service got in the place of the one its file says. Pure.

In a container a port is the pod's own; here it may be taken. Wherever the command says the declared number as a word of
its own, the real one is put, unless the number is the value of an option that does not speak of ports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["translate", "translate_value"]

_SPEAKS_OF_PORTS = re.compile(r"port|bind|listen|addr|host|url|server|^-p$", re.IGNORECASE)
_WORD = re.compile(r"\S+")


def translate(argv: Iterable[str], ports: Mapping[int, int]) -> tuple[str, ...]:
    """Return the arguments with every moved port's number replaced; a script is read word by word."""
    moved = {declared: port for declared, port in ports.items() if declared != port}
    if not moved:
        return tuple(argv)
    number = re.compile(r"(?<![\w./-])(" + "|".join(map(str, moved)) + r")(?![\w.])")
    previous = ""
    found = []
    for item in argv:
        parts, end = [], 0
        for word in _WORD.finditer(item):
            parts += [item[end : word.start()], _translated(word[0], previous, number, moved)]
            previous, end = word[0], word.end()
        found.append("".join(parts) + item[end:])
    return tuple(found)


def translate_value(name: str, value: str, ports: Mapping[int, int]) -> str:
    """Return the value of a variable; a bare number only counts when the variable's name speaks of ports."""
    return value if value.isdigit() and not _SPEAKS_OF_PORTS.search(name) else translate((value,), ports)[0]


def _translated(word: str, previous: str, number: re.Pattern[str], moved: Mapping[int, int]) -> str:
    def put(match: re.Match[str]) -> str:
        before = word[: match.start()]
        name = previous if not before and previous.startswith("-") else before[:-1] if before.endswith("=") else None
        if name is not None and not _SPEAKS_OF_PORTS.search(name):
            return match[0]
        return str(moved[int(match[0])])

    return number.sub(put, word)
