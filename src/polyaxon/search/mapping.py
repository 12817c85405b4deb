"""Mapping search: the user wrote the suggestions; they run in the order given."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from typing import Any

from polyaxon.model.record import dataclass
from polyaxon.search.enumerated import Enumerated
from polyaxon.search.history import Suggestion
from polyaxon.search.space import Space, SpaceError

__all__ = ["Mapping"]


@dataclass(frozen=True)
class Mapping(Enumerated):
    """One suggestion per item of `values`; items may have different keys. An empty list is done at once."""

    values: tuple[MappingABC[str, Any], ...]
    kind: str = "mapping"

    @property
    def total(self) -> int:  # type: ignore[override]  # computed here, stored in the other two
        return len(self.values)

    @property
    def space(self) -> Space | None:
        return None

    @classmethod
    def plan(cls, matrix: MappingABC[str, Any]) -> Mapping:
        values = matrix.get("values")
        if not isinstance(values, list | tuple):
            raise SpaceError("a mapping search needs `values`", hint="write values: [{lr: 0.1}, {lr: 0.01}]")
        for place, item in enumerate(values):
            if not isinstance(item, MappingABC):
                raise SpaceError(f"values[{place}] is {item!r}, not a mapping", hint="write {name: value, …}")
        return cls(tuple({str(name): value for name, value in item.items()} for item in values))

    def window(self, start: int, count: int, seed: int) -> list[Suggestion]:  # noqa: ARG002 - no chance here
        first = max(0, start)
        return [
            Suggestion(params, reason={"source": "mapping", "point": first + place + 1, "of": self.total})
            for place, params in enumerate(self.values[first : max(first, start + count)])
        ]
