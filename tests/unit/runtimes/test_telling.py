"""What an attempt's observations say, however close together its beginning and its end are."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.runtimes.process.attempt import Attempt
from polyaxon.runtimes.process.telling import Telling

NOW = datetime(2024, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


def heard(telling: Telling) -> list[Observation]:
    async def listen() -> list[Observation]:
        return [seen async for batch in telling.listen(lambda: False) for seen in batch]

    return asyncio.run(listen())


def ending(known: Attempt) -> Observation:
    return Observation(*known.key, Phase.SUCCEEDED, LATER, 0, began=known.take_beginning())


def test_a_beginning_and_an_end_in_one_batch_are_one_observation() -> None:
    telling, known = Telling(), Attempt(RunId("a"), 1)
    telling.begin(known, NOW)
    telling.end(ending(known))
    [seen] = heard(telling)
    assert (seen.phase, seen.began) == (Phase.SUCCEEDED, NOW)


def test_a_beginning_that_was_heard_is_not_told_with_the_end() -> None:
    telling, known = Telling(), Attempt(RunId("a"), 1)
    telling.begin(known, NOW)
    [begun] = heard(telling)
    assert (begun.phase, begun.at) == (Phase.RUNNING, NOW)
    telling.end(ending(known))
    [seen] = heard(telling)
    assert (seen.phase, seen.began) == (Phase.SUCCEEDED, None)


def test_what_waited_long_for_its_place_is_told_before_it_runs() -> None:
    telling, known = Telling(), Attempt(RunId("a"), 1)
    telling.progress(known, Phase.UNSCHEDULABLE, "waits", at=NOW)
    telling.begin(known, LATER)
    assert [seen.phase for seen in heard(telling)] == [Phase.UNSCHEDULABLE, Phase.RUNNING]
