"""A telephone that dies in a conversation says no BYE: it is found out, and nobody who is merely silent is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.core.events import ConversationEnded, NodeEntered
from tests.system import sipp
from tests.system.day import Day, day_at, ending, legs
from tests.system.pbx_fixtures import eventually
from tests.system.site import Site, site_at

pytestmark = pytest.mark.system

SILENCE_S = 2


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation) -> Iterator[Site]:
    """A site where an agent's telephone counts as dead after two seconds without a sound."""
    assert pbx_installation
    with site_at(tmp_path_factory.mktemp("dead"), phone_silence_s=SILENCE_S) as at_work:
        yield at_work


@pytest.fixture
async def strict(impatient: Site, tmp_path: Path) -> AsyncIterator[Day]:
    async with day_at(impatient, tmp_path) as today:
        yield today


async def test_an_agents_telephone_that_sends_no_sound_is_taken_out_and_the_caller_goes_on(
    strict: Day, tmp_path: Path
) -> None:
    site = strict.site
    secret = site.secrets["agent1001"]
    async with sipp.agent("agent1001", secret, pbx=site.address, folder=tmp_path, behaviour=sipp.answer()):
        await strict.present("1001")
        caller = await strict.caller()
        await caller.asks_for_an_agent()
        await caller.sees(ConversationEnded)
        after = await caller.sees(NodeEntered, lambda each: each.kind == "survey")
        await caller.hangs_up()
        record = await caller.record()
    assert after.call == caller.call
    assert "agent 1001: ended by agent" in legs(record)
    assert ending(record) == "answered_agent, ended by caller"


async def test_a_caller_may_be_silent_while_the_agent_talks_on(strict: Day, tmp_path: Path) -> None:
    """SIPp sends no sound, the agent's telephone does."""
    await strict.agent("1001")
    telephone = next(strict.site.numbers)
    steps = (sipp.press("20"), sipp.hear(2_000 * SILENCE_S + 1_000), sipp.hang_up())
    run = await sipp.call(to="80000", pbx=strict.site.address, folder=tmp_path, steps=steps, number=telephone)
    record = await strict.record(await strict.arrival(telephone))
    assert run.succeeded == 1, run
    assert legs(record)[-1] == "agent 1001: ended by caller"


async def test_a_caller_who_asks_for_no_session_timer_is_told_of_ours(strict: Day, tmp_path: Path) -> None:
    run = await sipp.call(
        to="80000", pbx=strict.site.address, folder=tmp_path, steps=(sipp.hang_up(),), number=next(strict.site.numbers)
    )
    assert run.sent("Session-Expires: 600;refresher=uas") == 1, run


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_caller_whose_side_died_is_noticed_by_the_session_timer(
    tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation
) -> None:
    """Asked after half of the least span that there is, and given up when nothing came within 32 s."""
    assert pbx_installation
    folder = tmp_path_factory.mktemp("gone")
    with site_at(folder, session_timer_s=90) as site:
        steps = (sipp.press("20"), sipp.far_hang_up(200_000))
        async with sipp.crowd(
            "gone", to="80000", pbx=site.address, folder=folder, steps=steps, digits="139", at_once=1, calls=1
        ) as crowd:
            assert await asyncio.to_thread(eventually, lambda: crowd.seen("ACK ") > 0)
            crowd.process.kill()
        assert await asyncio.to_thread(eventually, lambda: not site.legs(), 120.0)
