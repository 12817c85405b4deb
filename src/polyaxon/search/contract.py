"""What does the engine need from a search? Two small contracts that every algorithm keeps.

Laws: suggestions are a pure function of (matrix, set of trials, seed), so arrival order never shows; asking for
two is asking for one, twice; a search that was killed continues with the very suggestions it would have made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from polyaxon.search.history import Suggestion, Trial
from polyaxon.search.space import Space

__all__ = ["Enumerable", "Search"]


class Search(Protocol):
    """One matrix, checked and ready to suggest."""

    @property
    def kind(self) -> str: ...

    @property
    def space(self) -> Space | None:
        """None for a mapping, whose items need not share their keys."""
        ...

    @property
    def total(self) -> int | None:
        """How many trials will be made in all, when that is known beforehand."""
        ...

    @property
    def asynchronous(self) -> bool:
        """True: ask whenever a slot frees. False: a batch is asked for when the one before it is finished."""
        ...

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        """At most `count` suggestions; `history` holds every trial, pending ones included.

        An empty list means that nothing can be suggested now: `done` tells whether to wait.
        """
        ...

    def done(self, history: Sequence[Trial]) -> bool:
        """Whether nothing will ever be suggested again, whatever the pending trials bring."""
        ...


@runtime_checkable
class Enumerable(Search, Protocol):
    """A search that knows its n-th suggestion without looking at any history."""

    def window(self, start: int, count: int, seed: int) -> list[Suggestion]:
        """The suggestions number start … start + count - 1, fewer at the end."""
        ...
