"""A PostgreSQL that stops and comes back while a flow is driven, by a scheduler that is killed too."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from chaos_flow import DEADLINE_SECONDS, FAILED, Chaos

from polyaxon.testing.postgres_server import PostgresServer, postgres_server, why_no_postgres


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    reason = why_no_postgres()
    if reason is not None:
        pytest.skip(reason)
    with postgres_server() as running:
        yield running


def test_a_flow_on_postgres_ends_as_on_sqlite(chaos: Chaos, server: PostgresServer) -> None:
    chaos.database = server.url
    assert chaos.run() == FAILED
    chaos.assert_undisturbed()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_the_server_restarts_and_the_scheduler_is_killed(chaos: Chaos, server: PostgresServer, mode: str) -> None:
    chaos.database = server.url
    deadline = time.monotonic() + 2 * DEADLINE_SECONDS
    codes = []
    driver = chaos.begin("committed:9")
    while driver.poll() != FAILED:
        assert time.monotonic() < deadline
        try:
            codes.append(driver.wait(1.5))
        except subprocess.TimeoutExpired:
            server.stop(mode)
            server.start()
            continue
        if codes[-1] != FAILED:
            # Killed; or the server was away while it opened the store, which is said and not waited for.
            driver = chaos.begin(None if -signal.SIGKILL in codes else "committed:9")
    assert -signal.SIGKILL in codes
    chaos.assert_undisturbed()
