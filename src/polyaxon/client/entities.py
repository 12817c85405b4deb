"""What calls return: plain mappings with attribute access, under the field names of the REST API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterator, Mapping

__all__ = ["Entity", "Page", "Project", "Run", "Statuses"]

# `Any` throughout: the fields are decoded JSON.


class Entity:
    """A mapping whose keys are attributes too; a known field that was not sent is None.

    `to_dict()` gives the mapping back. Times are datetimes as attributes and ISO texts in the mapping.
    """

    FIELDS: frozenset[str] = frozenset()

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._values:
            if name in self.FIELDS:
                return None
            raise AttributeError(f"`{type(self).__name__}` has no field `{name}`; it has {', '.join(self._values)}")
        value = self._values[name]
        return _moment(value) if name.endswith("_at") else value

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the field as it was sent, or the default."""
        return self._values.get(name, default)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as they were sent."""
        return dict(self._values)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._values, *self.FIELDS})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entity) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={self._values[key]!r}" for key in ("uuid", "name", "status") if key in self._values)
        return f"{type(self).__name__}({shown})"


class Run(Entity):
    """A run."""

    FIELDS = frozenset(
        {
            *("uuid", "name", "owner", "project", "user", "description", "readme", "tags", "bookmarked"),
            *("created_at", "updated_at", "started_at", "finished_at", "schedule_at", "wait_time", "duration"),
            *("kind", "runtime", "status", "status_conditions", "pending", "managed_by", "is_managed", "live_state"),
            *("pipeline", "original", "controller", "settings", "resources", "content", "raw_content"),
            *("inputs", "outputs", "meta_info", "artifacts", "graph"),
        }
    )


class Project(Entity):
    """A project."""

    FIELDS = frozenset(
        {"uuid", "name", "owner", "description", "tags", "user", "created_at", "updated_at", "readme", "live_state"}
    )


class Statuses(Entity):
    """A status with its history, oldest first."""

    FIELDS = frozenset({"uuid", "status", "status_conditions", "meta_info"})


class Page:
    """One page of a list: `results`, and `count`, the number of all matches."""

    def __init__(self, values: Mapping[str, Any], kind: type[Entity]) -> None:
        self.results = [kind(item) for item in values.get("results") or ()]
        self.count: int | None = values.get("count")
        self.next: str | None = values.get("next")
        self.previous: str | None = values.get("previous")

    def to_dict(self) -> dict[str, Any]:
        """Return the page as it was sent."""
        results = [item.to_dict() for item in self.results]
        return {"count": self.count, "next": self.next, "previous": self.previous, "results": results}

    def __iter__(self) -> Iterator[Entity]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __repr__(self) -> str:
        return f"Page(count={self.count}, results={self.results!r})"


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return value
