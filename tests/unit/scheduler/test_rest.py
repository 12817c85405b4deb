"""A rest ends when it is woken or its time is over, whatever alarms earlier ones have left."""

from __future__ import annotations

import asyncio

from polyaxon.scheduler.rest import Rest

LONG = 60.0


def test_a_rest_ends_with_its_time() -> None:
    asyncio.run(asyncio.wait_for(Rest().at_most(0.001), LONG))


def test_a_rest_that_is_woken_ends_before_its_time() -> None:
    async def woken() -> None:
        rest = Rest()
        asyncio.get_running_loop().call_soon(rest.wake)
        await rest.at_most(LONG)
        rest.cancel()

    asyncio.run(asyncio.wait_for(woken(), LONG / 2))


def test_a_shorter_rest_after_a_longer_one_ends_in_time() -> None:
    async def rests() -> None:
        rest = Rest()
        asyncio.get_running_loop().call_soon(rest.wake)
        await rest.at_most(LONG)
        await rest.at_most(0.001)

    asyncio.run(asyncio.wait_for(rests(), LONG / 2))


def test_a_rest_after_a_cancelled_one_ends_in_another_event_loop_too() -> None:
    rest = Rest()

    async def woken() -> None:
        asyncio.get_running_loop().call_soon(rest.wake)
        await rest.at_most(0.001)
        rest.cancel()

    asyncio.run(woken())
    asyncio.run(asyncio.wait_for(rest.at_most(0.001), LONG))


def test_waking_whoever_does_not_rest_does_nothing() -> None:
    Rest().wake()
