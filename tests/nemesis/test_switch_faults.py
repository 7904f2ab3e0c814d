"""The line to the switch breaks or lies, the engine is frozen, the switch killed: under callers in every state."""

from __future__ import annotations

import asyncio
import random
import signal

import pytest

from ivr_engine.core.events import SwitchLost, SwitchReached
from ivr_engine.core.outcomes import Disposition
from tests.nemesis.conftest import TIMES, Stands
from tests.nemesis.killing import harm_again_and_again, told
from tests.nemesis.proxy import FaultProxy, Faults
from tests.nemesis.stand import Lines, People, Stand, start_pbx

pytestmark = pytest.mark.system

FEW = People()
MORE = People(menu=4, secret=3, story=3, request=2, counter=4, desk=6, line=8)
LONG = [pytest.mark.soak, pytest.mark.timeout(7200)]


def counted(few: int, many: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("people", "times"), [(FEW, few), pytest.param(MORE, many * TIMES, marks=LONG)], ids=["few", "many"]
    )


@counted(few=4, many=200)
async def test_resets_of_the_event_stream_go_by_unnoticed(stand_for: Stands, seed: int, people: People, times: int) -> None:
    async with FaultProxy(seed=seed, faults=Faults(lose=0.01, double=0.1, shuffle_s=0.2), events=True) as ami:
        stand = await asyncio.to_thread(stand_for, people, lines=Lines(ami=ami))

        async def reset() -> None:
            before = stand.last_sequence()
            ami.reset()
            await stand.hears(SwitchReached, after=before)

        found = await harm_again_and_again(stand, reset, times=times, most_s=1.0)
        print(told(stand), dict(ami.counted))  # noqa: T201 - what a soak did is its result
        assert not found, "\n".join([told(stand), *found])


@counted(few=1, many=50)
async def test_an_event_stream_that_goes_silent_is_given_up_and_made_anew(
    stand_for: Stands, seed: int, people: People, times: int
) -> None:
    async with FaultProxy(seed=seed, events=True) as ami:
        stand = await asyncio.to_thread(stand_for, people, lines=Lines(ami=ami))

        async def go_silent() -> None:
            before = stand.last_sequence()
            ami.go_silent()
            await stand.hears(SwitchLost, after=before)
            await stand.hears(SwitchReached, after=before)

        found = await harm_again_and_again(stand, go_silent, times=times)
        print(told(stand), dict(ami.counted))  # noqa: T201 - same
        assert not found, "\n".join([told(stand), *found])


@counted(few=2, many=50)
async def test_an_engine_that_freezes_goes_on_or_is_ended_and_nobody_is_lost(
    stand_for: Stands, seed: int, people: People, times: int
) -> None:
    stand, chance = await asyncio.to_thread(stand_for, people), random.Random(seed)

    async def freeze() -> None:
        engine = stand.site.engine
        assert engine is not None
        stand.nemesis.stop(engine.pid)
        if chance.random() < 0.5:
            await asyncio.sleep(chance.uniform(0.1, 5))  # how long it is frozen is the nemesis's choice
            stand.nemesis.go_on(engine.pid)
        else:
            assert await asyncio.to_thread(engine.wait, 60) == -signal.SIGKILL
            await asyncio.to_thread(stand.start_engine)

    found = await harm_again_and_again(stand, freeze, times=times)
    print(told(stand))  # noqa: T201 - same
    assert not found, "\n".join([told(stand), *found])


@counted(few=1, many=20)
async def test_when_the_switch_is_killed_every_call_has_its_record_and_the_next_are_served(
    stand_for: Stands, people: People, times: int
) -> None:
    stand = await asyncio.to_thread(stand_for, people)
    for _ in range(times):
        async with stand.crowd():
            before = stand.last_sequence()
            pid = stand.site.pbx.status().pid
            assert pid is not None
            stand.nemesis.kill(pid)
            await stand.hears(SwitchLost, after=before)
        await asyncio.to_thread(start_pbx, stand)
        await stand.hears(SwitchReached, after=before)
        await stand.quiet()
    async with stand.crowd() as callers:
        await callers.go_home()
    print(told(stand))  # noqa: T201 - same
    found = [*callers.went_wrong, *stand.history().breaches(), *_lost(stand, people, times)]
    assert not found, "\n".join([told(stand), *found])


def _lost(stand: Stand, people: People, times: int) -> list[str]:
    """Who was there when the switch died is recorded as lost with it."""
    lost = sum(record.disposition is Disposition.LOST_PBX_CRASH for record in stand.history().records)
    least = times * (people.line + 1)
    return [] if lost >= least else [f"I3: {lost} calls recorded as lost with the switch, at least {least} were"]
