"""Fixtures of the stores' contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyaxon.testing.postgres_server import postgres_server, why_no_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the URL of an empty cluster; skips, saying why, where none can be run."""
    reason = why_no_postgres()
    if reason is not None:
        pytest.skip(reason)
    with postgres_server() as server:
        yield server.url
