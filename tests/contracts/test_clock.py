"""What every clock must do: the real one, and the one that stands still until it is moved."""

from __future__ import annotations

import asyncio

import pytest

from ivr_engine.adapters.clock import SystemClock
from ivr_engine.core.ids import Instant, Millis, later
from ivr_engine.ports.clock import Clock
from ivr_engine.testing.clock import ManualClock

LIMIT_S = 10.0


async def pass_time(clock: Clock) -> None:
    """Let time go by: the real clock needs no help."""
    while isinstance(clock, ManualClock):
        await asyncio.sleep(0)
        clock.advance(Millis(1))


@pytest.fixture(params=[SystemClock, ManualClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


async def test_time_never_goes_back(clock: Clock) -> None:
    async with asyncio.timeout(LIMIT_S):
        seen = [clock.now()]
        for _ in range(5):
            await woken(clock, 1)
            seen.append(clock.now())
    assert seen == sorted(seen)


@pytest.mark.parametrize("span", [-1000, 0])
async def test_an_instant_that_is_past_is_not_waited_for(clock: Clock, span: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        await clock.sleep_until(Instant(clock.now() + span))


@pytest.mark.parametrize("span", [1, 7, 30])
async def test_a_sleeper_wakes_at_the_instant_and_not_before(clock: Clock, span: int) -> None:
    instant = later(clock.now(), Millis(span))
    async with asyncio.timeout(LIMIT_S):
        await woken(clock, span)
    assert clock.now() >= instant


async def test_sleepers_wake_in_the_order_of_their_instants(clock: Clock) -> None:
    order: list[int] = []

    async def sleep(span: int) -> None:
        await clock.sleep_until(later(began, Millis(span)))
        order.append(span)

    began = clock.now()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        sleepers = [tasks.create_task(sleep(span)) for span in (60, 20, 40)]
        passing = tasks.create_task(pass_time(clock))
        await asyncio.wait(sleepers)
        passing.cancel()
    assert order == [20, 40, 60]


async def test_a_sleeper_who_is_cancelled_leaves_the_others_asleep_and_nothing_behind(clock: Clock) -> None:
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        given_up = tasks.create_task(clock.sleep_until(later(clock.now(), Millis(20))))
        await asyncio.sleep(0)
        given_up.cancel()
        await woken(clock, 40)
    assert given_up.cancelled()


async def woken(clock: Clock, span: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        passing = tasks.create_task(pass_time(clock))
        await clock.sleep_until(later(clock.now(), Millis(span)))
        passing.cancel()
