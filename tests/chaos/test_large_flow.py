"""kill -9 of the scheduler of 300 operations, at every named moment and at random ones, on both databases.

The record is made with 200 kills on each, and takes a quarter of an hour; what it found is printed:

    POLYAXON_CHAOS_KILLS=200 python -m pytest tests/chaos/test_large_flow.py -m slow

`POLYAXON_CHAOS_SEED` chooses other moments.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from chaos_flow import FAILED
from chaos_large import LargeChaos, Outcome, Restarting, kill_at_random

from polyaxon.scheduler.crash import CRASH_POINTS
from polyaxon.testing.postgres_server import postgres_server, why_no_postgres

KILLS = int(os.environ.get("POLYAXON_CHAOS_KILLS", "20"))
SEED = int(os.environ.get("POLYAXON_CHAOS_SEED", "1"))
RECOVERY_SECONDS = 5.0
"""Without the time in which other processes had the processors."""

pytestmark = pytest.mark.slow
Homes = Callable[[], LargeChaos]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Return what becomes of the flow when nobody kills its driver."""
    chaos = LargeChaos(tmp_path_factory.mktemp("undisturbed") / "flow")
    assert chaos.run() == FAILED
    outcome = chaos.outcome()
    assert outcome.doubles == 0
    assert len(outcome.statuses) >= 300
    assert set(outcome.statuses.values()) == {"succeeded", "failed", "skipped", "upstream_failed"}
    return outcome


@pytest.fixture
def restarting() -> Iterator[Restarting]:
    """A PostgreSQL server that can be made to go away and come back."""
    reason = why_no_postgres()
    if reason is not None:
        pytest.skip(reason)
    with postgres_server() as server:
        yield Restarting(server, random.Random(2))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Restarting | None:
    """SQLite, or a server."""
    return request.getfixturevalue("restarting") if request.param == "postgres" else None


@pytest.fixture
def homes(database: Restarting | None, tmp_path: Path) -> Homes:
    """Return what makes fresh homes, each with a database of its own."""
    count = 0

    def make() -> LargeChaos:
        nonlocal count
        count += 1
        url = None
        if database is not None:
            with database.for_good() as server:
                url = server.database(f"flow{count}")
        return LargeChaos(tmp_path / str(count), url)

    return make


def test_it_is_killed_at_every_named_moment(homes: Homes, undisturbed: Outcome) -> None:
    chaos, chance, reached = homes(), random.Random(1), set()
    # `released` comes once, when all is over; the others again and again.
    moments = set(CRASH_POINTS) - {"cleaning"}  # nothing is cleaned in this flow
    for point in sorted(moments, key=CRASH_POINTS.index):
        often = point not in {"adopted", "released", "stopping"}
        if chaos.run(f"{point}:{chance.randint(1, 6) if often else 1}") == -signal.SIGKILL:
            reached.add(point)
    assert chaos.run() == FAILED
    assert chaos.outcome() == undisturbed
    assert reached == moments


def test_it_is_killed_at_random_moments(
    homes: Homes, undisturbed: Outcome, database: Restarting | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.going_on() if database is not None else nullcontext() as server:
        figures = kill_at_random(homes, KILLS, random.Random(SEED), undisturbed, server)
    with capsys.disabled():
        print("\n" + figures.report("SQLite" if database is None else "PostgreSQL"))
    assert figures.doubles == 0
    assert figures.kills == KILLS
    assert max(figures.own) <= RECOVERY_SECONDS
