"""How much short work is committed ahead of its places? See decision 23."""

from __future__ import annotations

__all__ = ["ahead_of"]

_HORIZON_SECONDS = 0.05
_MOST = 64
"""So many seconds of work, and not more than so many runs."""


def ahead_of(places: int, seconds: float) -> int:
    """Return how many more runs than there are places may be handed over, where an attempt takes so long."""
    return min(_MOST, int(places * _HORIZON_SECONDS / max(seconds, 0.001)))
