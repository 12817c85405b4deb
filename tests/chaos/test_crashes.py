"""kill -9 of the scheduler at every moment that matters, and at any other: nothing is lost, nothing is done twice.

`POLYAXON_CHAOS_ROUNDS` raises the number of random moments (10 here, 200 for the record).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from chaos_flow import DEADLINE_SECONDS, FAILED, SHORT_LIVED, SLEEPER, Chaos

from polyaxon.engine.events import Action, Requested
from polyaxon.model.status import Status
from polyaxon.scheduler.crash import CRASH_POINTS

ROUNDS = int(os.environ.get("POLYAXON_CHAOS_ROUNDS", "10"))
NEVER_REACHED_HERE = {"stopping", "cleaning"}
"""Nothing is stopped or cleaned in this flow; the moments have tests of their own."""


def test_nobody_kills_it(chaos: Chaos) -> None:
    assert chaos.run() == FAILED
    chaos.assert_undisturbed()


@pytest.mark.parametrize("point", [point for point in CRASH_POINTS if point not in NEVER_REACHED_HERE])
@pytest.mark.parametrize("count", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_it_is_killed_at_a_named_moment(chaos: Chaos, point: str, count: int) -> None:
    code = chaos.run(f"{point}:{count}")
    if count == 1:
        assert code == -signal.SIGKILL, f"{point} was never reached"
    assert chaos.run() == FAILED
    chaos.assert_undisturbed()


def test_it_is_killed_while_it_stops_a_run(chaos: Chaos) -> None:
    chaos.file.write_text(SLEEPER)
    driver = chaos.begin("stopping")
    store = chaos.store()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (runs := store.list(None, "status:running", "", 1, 0, datetime.now(UTC)).runs):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    store.request(Requested(runs[0].uuid, Action.STOP), datetime.now(UTC))
    assert driver.wait(DEADLINE_SECONDS) == -signal.SIGKILL
    assert store.get(runs[0].uuid).status is Status.STOPPING
    assert chaos.run() == FAILED
    assert store.get(runs[0].uuid).status is Status.STOPPED
    store.close()


def test_it_is_killed_while_it_cleans_up(chaos: Chaos) -> None:
    chaos.file.write_text(SHORT_LIVED)
    assert chaos.run() == 0
    (run,) = chaos.tree()
    home = chaos.home / "home"
    scheduler = [sys.executable, "-m", "polyaxon", "scheduler", "--until-idle"]
    env = {**os.environ, "POLYAXON_HOME": str(home)}
    dying = subprocess.run(scheduler, env={**env, "POLYAXON_CRASH_AT": "cleaning"}, timeout=DEADLINE_SECONDS)
    assert (dying.returncode, list(home.glob("runs/*/*")) != []) == (-signal.SIGKILL, True)
    store = chaos.store()
    store.update(run.uuid, {"clean_at": datetime.now(UTC)})  # the minute is over
    store.close()
    subprocess.run(scheduler, env=env, timeout=DEADLINE_SECONDS, check=True)
    (run,) = chaos.tree()
    assert (list(home.glob("runs/*/*")), run.clean_at) == ([], None)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_it_is_killed_at_random_moments(chaos: Chaos, seed: int) -> None:
    moments = random.Random(seed)
    for _ in range(moments.randint(1, 4)):
        driver = chaos.begin()
        try:
            driver.wait(0.6 + moments.random() * 0.9)
        except subprocess.TimeoutExpired:
            driver.kill()
        driver.wait()
    begun = time.monotonic()
    assert chaos.run() == FAILED
    assert time.monotonic() - begun < 30
    chaos.assert_undisturbed()
