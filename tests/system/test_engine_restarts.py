"""The engine stops, crashes and comes back while calls are up: nobody is dropped, and each call has exactly one record."""

from __future__ import annotations

import asyncio
import signal

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.adapters.softphone.softphones import SoftphoneCall
from ivr_engine.core.events import CallResumed, EngineStarted, HoldEnded, NodeEntered
from tests.system.day import Caller, Day, ending, legs, ready, until
from tests.system.site import Site

pytestmark = pytest.mark.system

STOPS = pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])


def ask_for_long(site: Site) -> None:
    """Callers ask for a new engine longer than ten seconds: on a busy machine it may take as long to start."""
    site.pbx.command("dialplan set global ATTEMPTS 120")


def one_record(day: Day, caller: Caller) -> None:
    assert [record.call for record in day.records() if record.caller == caller.telephone] == [caller.call]


async def until_heard(talk: SoftphoneCall, keys: str) -> None:
    """Through the conversation: what the caller presses is what the agent's telephone gets."""
    await until(lambda: ready(talk.keys_heard == keys), lambda: f"the agent's telephone heard {talk.keys_heard!r}")


@STOPS
async def test_a_caller_in_the_menu_comes_back_to_a_restarted_engine(own_day: Day, how: signal.Signals) -> None:
    site = own_day.site
    ask_for_long(site)
    caller = await own_day.caller()
    await caller.reaches("language")
    site.stop_engine(how)
    site.start_engine()
    await caller.sees(CallResumed)
    await caller.reaches("language")
    await caller.presses("2")
    await caller.reaches("main_menu")
    await caller.hangs_up()
    record = await caller.record()
    assert (ending(record), record.resumed) == ("abandoned_ivr, ended by caller", 1)
    assert legs(record) == ("ivr",)
    one_record(own_day, caller)


@STOPS
async def test_a_waiting_caller_stays_on_the_line_and_waits_again(own_day: Day, how: signal.Signals) -> None:
    site = own_day.site
    ask_for_long(site)
    caller = await own_day.caller()
    await caller.asks_for_an_agent()
    site.stop_engine(how)
    assert not caller.phone.over
    site.start_engine()
    await caller.sees(CallResumed)
    await own_day.agent("1001")
    await caller.asks_for_an_agent()
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert (ending(record), record.resumed, record.agent) == ("answered_agent, ended by caller", 1, "1001")
    one_record(own_day, caller)


@STOPS
async def test_a_talking_caller_goes_on_talking_through_a_restart(own_day: Day, how: signal.Signals) -> None:
    site = own_day.site
    ask_for_long(site)
    wang = await own_day.agent("1001")
    caller = await own_day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    site.stop_engine(how)
    await caller.presses("5")
    site.start_engine()
    await until_heard(talk, "5")
    await caller.presses("6")
    await until_heard(talk, "56")
    await own_day.comes_to(_1001="ready talking")
    assert (caller.phone.over, talk.over) == (False, False)
    await caller.hangs_up()
    await talk.ended()
    record = await caller.record()
    assert (ending(record), record.agent) == ("answered_agent, ended by caller", "1001")
    assert [leg.split(":")[0] for leg in legs(record)] == ["ivr", "waiting", "agent 1001"]
    one_record(own_day, caller)
    await own_day.comes_to(_1001="ready idle")


async def test_an_engine_that_hangs_is_ended_and_its_callers_come_back_to_the_next_one(own_day: Day) -> None:
    site = own_day.site
    caller = await own_day.caller()
    await caller.reaches("language")
    hung = site.engine
    assert hung is not None
    hung.send_signal(signal.SIGSTOP)
    assert await asyncio.to_thread(hung.wait, 60) == -signal.SIGKILL
    site.start_engine()
    await caller.sees(CallResumed)
    await caller.hangs_up()
    assert (await caller.record()).resumed == 1
    one_record(own_day, caller)


async def test_a_caller_whose_agent_hangs_up_after_a_crash_comes_back_and_has_one_record(own_day: Day) -> None:
    site = own_day.site
    ask_for_long(site)
    wang = await own_day.agent("1001")
    caller = await own_day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    site.stop_engine(signal.SIGKILL)
    site.start_engine()
    await talk.hang_up()
    await caller.sees(CallResumed)
    await caller.hangs_up()
    record = await caller.record()
    assert (record.disposition, record.agent, record.resumed) == ("answered_agent", "1001", 1)
    one_record(own_day, caller)


async def test_a_caller_who_leaves_while_the_engine_is_away_has_one_record_when_it_is_back(own_day: Day) -> None:
    site = own_day.site
    caller = await own_day.caller()
    await caller.reaches("language")
    site.stop_engine(signal.SIGKILL)
    await caller.hangs_up()
    await until(lambda: ready(not site.legs()), lambda: f"still up: {site.legs()}")
    site.start_engine()
    record = await caller.record()
    assert ending(record) == "unknown_reconciled, ended by unknown"
    one_record(own_day, caller)


async def test_without_an_engine_the_fallback_speaks_and_an_agents_telephone_rings(own_day: Day) -> None:
    site = own_day.site
    wang = await own_day.phones.agent("agent1001", Answering.ring())
    site.stop_engine()
    site.pbx.command("dialplan set global ATTEMPTS 2")
    call = await own_day.phones.call("80000", caller=next(site.numbers))
    await call.sound()
    talk = await wang.incoming()
    talk.reply(200)
    await talk.answered()
    await talk.hang_up()
    await call.hang_up()
    site.start_engine()
    assert own_day.records() == []


async def test_a_caller_whose_engine_stays_away_talks_to_an_agent_at_the_fallback(own_day: Day) -> None:
    site = own_day.site
    site.pbx.command("dialplan set global ATTEMPTS 2")
    wang = await own_day.phones.agent("agent1001")
    caller = await own_day.caller()
    await caller.reaches("language")
    site.stop_engine(signal.SIGKILL)
    talk = await wang.incoming()
    await talk.answered()
    site.start_engine()
    assert not caller.phone.over
    await caller.hangs_up()
    record = await caller.record()
    assert (ending(record), legs(record), record.resumed) == ("abandoned_ivr, ended by caller", ("ivr",), 0)
    one_record(own_day, caller)


async def test_callers_at_the_fallback_and_after_it_do_not_disturb_a_restarted_engine(own_day: Day) -> None:
    site = own_day.site
    site.stop_engine()
    site.pbx.command("dialplan set global ATTEMPTS 2")
    held = await own_day.phones.call("80000", caller=next(site.numbers))
    site.start_engine()
    caller = await own_day.caller()
    await caller.reaches("main_menu")
    await caller.hangs_up()
    await held.hang_up()
    assert legs(await caller.record()) == ("ivr",)
    assert [record.call for record in own_day.records()] == [caller.call]


async def test_every_start_is_recorded_and_numbers_go_on(own_day: Day) -> None:
    site = own_day.site
    caller = await own_day.caller()
    await caller.reaches("greeting")
    await caller.hangs_up()
    await caller.record()
    before = own_day.last_sequence()
    site.stop_engine()
    site.start_engine()
    sequence, _ = await own_day.recorded(EngineStarted, lambda _: True, after=before)
    assert sequence > before
    assert caller.kinds(NodeEntered)


async def test_a_conversation_that_was_taken_apart_survives_the_engine(own_day: Day) -> None:
    day = own_day
    wang = await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    await day.site.ask("agent.hold", agent="1001")
    await day.site.ask("agent.resume", agent="1001")
    await caller.sees(HoldEnded)
    await until(lambda: ready(caller.phone.sounding), lambda: "the caller hears nobody")
    day.site.stop_engine(signal.SIGKILL)
    assert not talk.over
    day.site.start_engine()
    await caller.hangs_up()
    await talk.hang_up()  # no engine took this telephone out, so none ends it
    record = await caller.record()
    assert legs(record)[2:] == ("agent 1001: ended by caller",)
