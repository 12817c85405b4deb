"""What do grid, random and mapping share? Their n-th suggestion needs no history, only its number."""

from __future__ import annotations

from collections.abc import Sequence

from polyaxon.search.history import Suggestion, Trial, next_index

__all__ = ["Enumerated"]


class Enumerated:
    """`suggest` and `done` in terms of `window`; implementations give `total` and `window`."""

    total: int

    @property
    def asynchronous(self) -> bool:
        return True

    def window(self, start: int, count: int, seed: int) -> list[Suggestion]:
        """The suggestions number start … start + count - 1."""
        raise NotImplementedError

    def suggest(self, history: Sequence[Trial], seed: int, count: int) -> list[Suggestion]:
        """The next ones after the highest index tried."""
        return self.window(next_index(history), count, seed)

    def done(self, history: Sequence[Trial]) -> bool:
        """Whether all numbers are given out."""
        return next_index(history) >= self.total
