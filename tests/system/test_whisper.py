"""What agents hear before the caller: the caller goes on waiting with music, and whoever leaves in it leaves no mess."""

from __future__ import annotations

import pytest

from ivr_engine.adapters.softphone.softphones import SoftphoneCall
from ivr_engine.core.events import CallQueued, ConversationBegan, OfferEnded
from ivr_engine.core.outcomes import Disposition, OfferOutcome
from tests.system.day import Day, legs, ready, until

pytestmark = pytest.mark.system

LONG_WHISPER = ("welcome", "main_menu")
"""Prompts that the site leaves long enough to be left in."""


def let_agents_hear(day: Day) -> None:
    """From now on the service desk's agents hear this first."""
    path = day.site.folder / "bank" / "centre.yaml"
    music = "    music: default"
    text = path.read_text(encoding="utf-8").replace(music, f"{music}\n    whisper: [{', '.join(LONG_WHISPER)}]", 1)
    path.write_text(text, encoding="utf-8")
    done = day.site.command("flow", "reload")
    assert done.returncode == 0, done.stdout + done.stderr


async def hears(talk: SoftphoneCall) -> None:
    """Wait until something is to be heard at the agent's telephone, which is before the caller is."""
    await until(lambda: ready(talk.sounding), lambda: "the agent heard nothing")


async def test_the_agent_hears_the_whisper_and_then_the_caller_who_heard_music_all_the_time(own_day: Day) -> None:
    day = own_day
    let_agents_hear(day)
    wang = await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await hears(talk)
    assert caller.kinds(ConversationBegan) == [], "the whisper is waiting, not talking"
    assert (await day.states())["1001"] == "ready offered"
    await caller.talks()
    await talk.hang_up()
    await caller.reaches("survey")
    await caller.hangs_up()
    record = await caller.record()
    assert legs(record)[1:] == ("waiting: answered, 1 offered", "agent 1001: ended by agent", "survey")
    assert record.waited >= 1_000, "the whisper counts as waiting"


async def test_a_caller_who_leaves_in_the_whisper_was_never_talked_to(own_day: Day) -> None:
    day = own_day
    let_agents_hear(day)
    wang = await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await hears(talk)
    await caller.hangs_up()
    await talk.ended()
    record = await caller.record()
    assert record.disposition is Disposition.ABANDONED_RINGING
    assert [each.outcome for each in caller.kinds(OfferEnded)] == [OfferOutcome.CALLER_GONE]
    await day.comes_to(_1001="ready idle")


async def test_an_agent_who_leaves_in_the_whisper_declines_and_the_caller_keeps_the_place(own_day: Day) -> None:
    day = own_day
    let_agents_hear(day)
    wang = await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await hears(talk)
    await talk.hang_up()
    ended = await caller.sees(OfferEnded)
    assert ended.outcome is OfferOutcome.DECLINED
    await day.comes_to(_1001="paused idle declined")
    li = await day.agent("1002")
    await li.answers()
    await caller.talks()
    await caller.hangs_up()
    await caller.record()
    assert len(caller.kinds(CallQueued)) == 1
