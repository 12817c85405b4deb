"""Who drives which root: leases with an expiry and a token, and the requests left for whoever it is.

Functions on a writing `Connection`: what is read here stays true until the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from polyaxon.engine.events import Requested
from polyaxon.errors import InternalError, NotFoundError
from polyaxon.model.ids import RunId
from polyaxon.store.base import Lease
from polyaxon.store.database import Connection, Row
from polyaxon.store.events import decode_event, encode_event
from polyaxon.store.values import micros

__all__ = [
    "BUSY",
    "CLAIMABLE",
    "NEXT_CLEANING",
    "TO_CLEAN",
    "busy_elsewhere",
    "claim",
    "done_requests",
    "free",
    "holder",
    "leave_request",
    "release",
    "renew",
    "take_new",
    "take_requests",
]

_OPEN = (
    "runs.uuid = runs.root AND runs.managed_by <> 'user' "
    "AND runs.status NOT IN ('succeeded', 'failed', 'stopped', 'skipped', 'upstream_failed')"
)
CLAIMABLE = (
    "SELECT runs.uuid, leases.owner, leases.token, leases.expires_at "
    f"FROM runs LEFT JOIN leases ON leases.root = runs.uuid WHERE {_OPEN}"
)
"""Unfinished managed roots: the words are those of the index `runs_open`."""
_ASKED = (
    "SELECT requests.root, leases.owner, leases.token, leases.expires_at "
    "FROM requests LEFT JOIN leases ON leases.root = requests.root WHERE 1 = 1"
)
"""Roots with an open request: a final one needs a driver to be resumed."""
TO_CLEAN = (
    "SELECT DISTINCT runs.root, leases.owner, leases.token, leases.expires_at "
    "FROM runs LEFT JOIN leases ON leases.root = runs.root WHERE runs.clean_at <= ?"
)
"""Roots with finished runs whose time to be kept is over."""
NEXT_CLEANING = "SELECT MIN(clean_at) FROM runs WHERE clean_at IS NOT NULL"

BUSY = (
    "SELECT COALESCE(below.queue, 'default'), COUNT(*) "
    # CROSS: from the few open roots to what is below them, never through all runs.
    "FROM runs CROSS JOIN runs below LEFT JOIN leases ON leases.root = runs.uuid "
    f"WHERE {_OPEN} AND below.root = runs.uuid AND COALESCE(leases.owner, '') <> ? "
    "AND below.status IN ('scheduled', 'starting', 'running', 'processing', 'warning', 'unschedulable', 'unknown', "
    "'stopping') AND below.kind NOT IN ('dag', 'matrix', 'schedule') GROUP BY COALESCE(below.queue, 'default')"
)
"""What executes in the roots of others, or of nobody, by queue."""


IsGone = Callable[[str], bool]
"""Tells owners that ended without letting go."""


def claim(
    connection: Connection,
    owner: str,
    now: datetime,
    ttl_seconds: float,
    roots: Sequence[RunId] | None,
    is_gone: IsGone,
) -> Sequence[Lease]:
    """Take what nobody holds."""
    expires_at = now + timedelta(seconds=ttl_seconds)
    return [
        Lease(root, owner, (token or 0) + 1, expires_at)
        for root, token in free(connection, owner, now, roots, is_gone).items()
        if _take(connection, root, token, owner, micros(expires_at))
    ]


def free(
    connection: Connection, owner: str, now: datetime, roots: Sequence[RunId] | None, is_gone: IsGone
) -> Mapping[RunId, int | None]:
    """Return the roots that the owner could take, with the token of their last lease."""
    present = micros(now) or 0
    found: dict[RunId, int | None] = {}
    gone: dict[str, bool] = {}
    for root, holder, token, expires_at in _candidates(connection, roots, present):
        if holder == owner:
            continue
        if holder is not None and expires_at > present:
            if holder not in gone:
                gone[holder] = is_gone(holder)
            if not gone[holder]:
                continue
        found[RunId(root)] = token
    return found


def holder(connection: Connection, root: RunId, now: datetime, is_gone: IsGone) -> str | None:
    """Return who holds the root, if that still means something."""
    row = connection.one("SELECT owner, expires_at FROM leases WHERE root = ?", (root,))
    if row is None or row[0] is None or row[1] <= (micros(now) or 0) or is_gone(row[0]):
        return None
    owner: str = row[0]
    return owner


def busy_elsewhere(connection: Connection, owner: str, queues: Sequence[str]) -> Mapping[str, int]:
    """Return how many runs of each of these queues execute in roots that this owner does not hold."""
    counted = {name: int(count) for name, count in connection.all(BUSY, (owner,))}
    return {name: counted[name] for name in queues if name in counted}


def take_new(connection: Connection, root: RunId, owner: str, now: datetime, ttl_seconds: float) -> Lease:
    """Take the lease of a root that this transaction created."""
    expires_at = now + timedelta(seconds=ttl_seconds)
    _take(connection, root, None, owner, micros(expires_at))
    return Lease(root, owner, 1, expires_at)


def _candidates(connection: Connection, roots: Sequence[RunId] | None, present: int) -> Sequence[Row]:
    to_clean = connection.all(TO_CLEAN, (present,))
    if roots is None:
        return [*connection.all(CLAIMABLE), *connection.all(_ASKED), *to_clean]
    if not roots:
        return to_clean
    marks = ", ".join("?" * len(roots))
    return [
        *to_clean,
        *connection.all(f"{CLAIMABLE} AND runs.uuid IN ({marks})", roots),
        *connection.all(f"{_ASKED} AND requests.root IN ({marks})", roots),
    ]


def _take(connection: Connection, root: str, token: int | None, owner: str, expires_at: int | None) -> bool:
    """Take the lease unless somebody was faster."""
    if token is None:
        statement = "INSERT INTO leases (root, number, owner, token, expires_at) SELECT uuid, id, ?, 1, ? FROM runs"
        return connection.run(f"{statement} WHERE uuid = ? ON CONFLICT DO NOTHING", (owner, expires_at, root)) == 1
    statement = "UPDATE leases SET owner = ?, token = token + 1, expires_at = ? WHERE root = ? AND token = ?"
    return connection.run(statement, (owner, expires_at, root, token)) == 1


def renew(connection: Connection, owner: str, now: datetime, ttl_seconds: float) -> Sequence[Lease]:
    """Extend all leases of the owner."""
    expires_at = now + timedelta(seconds=ttl_seconds)
    connection.run("UPDATE leases SET expires_at = ? WHERE owner = ?", (micros(expires_at), owner))
    held = connection.all("SELECT root, token FROM leases WHERE owner = ?", (owner,))
    return [Lease(RunId(root), owner, token, expires_at) for root, token in held]


def release(connection: Connection, lease: Lease) -> None:
    """Let the root go, if it is still held under this token."""
    connection.run("UPDATE leases SET owner = NULL WHERE root = ? AND token = ?", (lease.root, lease.token))


def leave_request(connection: Connection, request: Requested, now: datetime) -> None:
    """Store a request under the root that covers the run."""
    row = connection.one("SELECT root FROM runs WHERE uuid = ?", (request.run,))
    if row is None:
        raise NotFoundError(f"no run `{request.run}`", hint="`polyaxon ops ls` lists the runs")
    connection.run(
        "INSERT INTO requests (root, at, body) VALUES (?, ?, ?)", (row[0], micros(now), encode_event(request))
    )


def take_requests(connection: Connection, owner: str) -> Sequence[tuple[int, RunId, Requested]]:
    """Return what was asked of the owner's roots, oldest first."""
    rows: Sequence[Any] = connection.all(
        "SELECT requests.id, requests.root, requests.body FROM requests "
        "JOIN leases ON leases.root = requests.root WHERE leases.owner = ? ORDER BY requests.id",
        (owner,),
    )
    return [(number, RunId(root), _request(body)) for number, root, body in rows]


def _request(body: str) -> Requested:
    event = decode_event(body)
    if not isinstance(event, Requested):
        raise InternalError(f"a request reads as {type(event).__name__}")
    return event


def done_requests(connection: Connection, ids: Sequence[int]) -> None:
    """Forget requests that were dealt with."""
    connection.run_many("DELETE FROM requests WHERE id = ?", [(number,) for number in ids])
