"""The events of a root: rows that lie together, in the order they were decided.

A row's id is the number of the root's row times 2^32, plus a number that counts the rows of the root: appending writes
one page, and the counter is the last id itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from polyaxon.engine.events import Event
from polyaxon.model.ids import RunId
from polyaxon.store.base import StoredEvent
from polyaxon.store.database import Connection
from polyaxon.store.events import decode_events, encode_events
from polyaxon.store.values import from_micros, micros_again

__all__ = ["INSERT_EVENTS", "LAST_EVENTS", "event_row", "forget", "history"]

_ROOM = 1 << 32

LAST_EVENTS = "SELECT MAX(id) FROM events WHERE id BETWEEN ? AND ?"
INSERT_EVENTS = f"INSERT INTO events (id, at, body) VALUES (COALESCE(({LAST_EVENTS}), ?) + 1, ?, ?)"


def event_row(number: int, events: Sequence[Event], at: datetime) -> tuple[Any, ...]:
    """Return the parameters of `INSERT_EVENTS`: what was decided on together, in the root whose row has this number."""
    first = number * _ROOM
    return (first, first + _ROOM - 1, first, micros_again(at), encode_events(events))


def history(connection: Connection, root: RunId) -> Sequence[StoredEvent]:
    """Return the events of a root in order."""
    found = connection.one("SELECT id FROM runs WHERE uuid = ?", (root,))
    first = found[0] * _ROOM if found is not None else 0
    rows = connection.all(
        "SELECT at, body FROM events WHERE id BETWEEN ? AND ? ORDER BY id", (first, first + _ROOM - 1)
    )
    return [StoredEvent(root, _time(at), event) for at, body in rows for event in decode_events(body)]


def forget(connection: Connection, number: int) -> None:
    """Remove the events of the root whose row has this number."""
    connection.run("DELETE FROM events WHERE id BETWEEN ? AND ?", (number * _ROOM, number * _ROOM + _ROOM - 1))


def _time(value: int) -> datetime:
    at = from_micros(value)
    assert at is not None
    return at
