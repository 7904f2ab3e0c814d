"""Things that happen at the same moment or at the worst one: still one record a call, and no agent is stuck."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.core.events import CallQueued, OfferEnded, OfferMade, SwitchLost, SwitchReached
from ivr_engine.core.outcomes import OfferOutcome
from tests.system.day import Day, ending, legs

pytestmark = pytest.mark.system


@pytest.mark.parametrize("after", [0, 20, 60])
async def test_a_caller_who_hangs_up_as_the_agent_picks_up_has_one_plain_ending(day: Day, after: int) -> None:
    wang = await day.agent("1001", Answering.answer(after=after))
    caller = await day.caller()
    await caller.asks_for_an_agent()
    ringing = await wang.rings()
    await caller.hangs_up()
    await ringing.ended()
    record = await caller.record()
    plain = {
        "abandoned_ringing, ended by caller": ("ivr", "waiting: abandoned, 1 offered"),
        "answered_agent, ended by caller": ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller"),
    }
    assert legs(record) == plain[ending(record)]
    assert len(caller.kinds(OfferEnded)) == 1
    await day.comes_to(_1001="ready idle")


async def test_a_caller_and_an_agent_who_hang_up_together_part_once(day: Day) -> None:
    wang = await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    await asyncio.gather(talk.hang_up(), caller.hangs_up())
    record = await caller.record()
    assert ending(record) == "answered_agent, ended by caller"
    assert sum(leg.agent == "1001" for leg in record.legs) == 1
    await day.comes_to(_1001="ready idle")


async def test_two_callers_at_once_get_two_different_agents(day: Day) -> None:
    await day.agent("1001", Answering.answer(talk=500))
    await day.agent("1002", Answering.answer(talk=500))
    callers = await asyncio.gather(day.caller(), day.caller())
    await asyncio.gather(*(caller.asks_for_an_agent() for caller in callers))
    await asyncio.gather(*(caller.reaches("survey") for caller in callers))
    await asyncio.gather(*(caller.hangs_up() for caller in callers))
    records = [await caller.record() for caller in callers]
    assert {record.agent for record in records} == {"1001", "1002"}
    assert {record.offers for record in records} == {1}


async def test_an_agent_who_logs_out_while_ringing_is_not_offered_again(day: Day) -> None:
    wang = await day.agent("1001", Answering.ring())
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await wang.rings()
    await day.site.ask("agent.logout", agent="1001")
    await caller.sees(OfferEnded)
    await day.comes_to(_1001="logged_out idle")
    await caller.hangs_up()
    record = await caller.record()
    assert legs(record) == ("ivr", "waiting: abandoned, 1 offered")
    assert len(caller.kinds(OfferMade)) == 1


async def test_an_agent_who_pauses_while_talking_goes_on_and_gets_no_next_caller(day: Day) -> None:
    wang = await day.agent("1001", Answering.answer())
    caller, other = await day.caller(), await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    await other.asks_for_an_agent()
    await other.sees(CallQueued)
    await day.site.ask("agent.pause", agent="1001", reason="lunch")
    await talk.hang_up()
    await caller.reaches("survey")
    await day.comes_to(_1001="paused idle lunch")
    await caller.hangs_up()
    await other.hangs_up()
    assert legs(await caller.record())[1:3] == ("waiting: answered, 1 offered", "agent 1001: ended by agent")
    assert legs(await other.record()) == ("ivr", "waiting: abandoned, 0 offered")


async def test_when_the_pbx_crashes_every_call_is_closed_and_the_next_one_is_served(own_day: Day) -> None:
    site = own_day.site
    wang = await own_day.agent("1001")
    talking, waiting = await own_day.caller(), await own_day.caller()
    await talking.asks_for_an_agent()
    await wang.answers()
    await talking.talks()
    await waiting.asks_for_an_agent()
    await waiting.sees(CallQueued)
    pid = site.pbx.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    lost, _ = await own_day.recorded(SwitchLost, lambda _: True)
    assert site.command("pbx", "start").returncode == 0
    await own_day.recorded(SwitchReached, lambda _: True, after=lost)
    talked, waited = await talking.record(), await waiting.record()
    assert [talked.disposition, waited.disposition] == ["lost_pbx_crash", "lost_pbx_crash"]
    assert ([leg.kind for leg in talked.legs], talked.agent) == (["ivr", "waiting", "agent"], "1001")
    assert ([leg.kind for leg in waited.legs], waited.agent) == (["ivr", "waiting"], None)
    assert [each.outcome for each in talking.kinds(OfferEnded)] == [OfferOutcome.ANSWERED]
    await own_day.comes_to(_1001="ready idle")
    caller = await own_day.caller()
    await caller.reaches("greeting")
    await caller.hangs_up()
    assert ending(await caller.record()) == "abandoned_ivr, ended by caller"
