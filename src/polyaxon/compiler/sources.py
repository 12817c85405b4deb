"""What the compiler asks of the world while it follows references: the text behind a path, an address or a hub name.

The room `hub/` implements `Sources`; tests use a dictionary.
"""

from __future__ import annotations

from typing import Protocol

from polyaxon.model.record import dataclass

__all__ = ["Source", "Sources"]


@dataclass(frozen=True, slots=True)
class Source:
    """A polyaxonfile's text and where it came from.

    `location` is an absolute path or an address: problems show it, and relative references start from it. A text that
    `is_made` was written by a program, of a Python file's values: nobody has seen its lines.
    """

    text: str | bytes
    location: str
    is_made: bool = False


class Sources(Protocol):
    """Reads what references point to.

    Calls come one at a time and may repeat; an answer must not change during one `load`.
    """

    def read(self, kind: str, ref: str, base: str | None) -> Source:
        """Return what `ref` names.

        `kind` is `path`, `url` or `hub`; `base` is the location of the referencing file, None for a stream.
        Raises `NotFoundError` when there is nothing of that name and `FetchError` when the world refused.
        """
        ...
