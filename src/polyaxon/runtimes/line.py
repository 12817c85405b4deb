"""The line in which attempts wait for a place. The standard library alone: the keeper of processes has it too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

__all__ = ["Line"]


class Line:
    """Who may begin? At most `places` at once, of those in one lane no more than its width; in the order of coming."""

    def __init__(self, places: int | None = None) -> None:
        self._places = places
        self._inside: dict[Hashable, Hashable] = {}
        """The lane of everybody inside."""
        self._in_lane: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, tuple[Hashable, int]] = {}

    def enter(self, who: Hashable, lane: Hashable = None, width: int = 0, at_once: bool = False) -> None:
        """Ask for a place. Whoever takes it `at_once` is inside whatever room there is, and not told by `begin`."""
        if at_once:
            self._let_in(who, lane)
        elif who not in self._inside:
            self._waiting.setdefault(who, (lane, width))

    def leave(self, who: Hashable) -> None:
        """Give the place back; twice does no harm."""
        if who in self._inside:
            self._in_lane[self._inside.pop(who)] -= 1

    def withdraw(self, who: Hashable) -> bool:
        """Wait no longer; whether that was still possible."""
        return self._waiting.pop(who, None) is not None

    def begin(self) -> list[Any]:
        """Let in and return everybody who has a place now."""
        begun: list[Any] = []
        for who, (lane, width) in self._waiting.items():
            if self._places is not None and len(self._inside) >= self._places:
                break
            if lane is None or self._in_lane[lane] < width:
                self._let_in(who, lane)
                begun.append(who)
        for who in begun:
            del self._waiting[who]
        return begun

    def _let_in(self, who: Hashable, lane: Hashable) -> None:
        self._inside[who] = lane
        self._in_lane[lane] += 1
