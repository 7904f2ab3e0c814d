"""The engine stops, crashes and comes back while calls are up: nobody is dropped, and each call has exactly one record."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from contextlib import closing

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.adapters.softphone.softphones import SoftphoneCall
from ivr_engine.core.events import CallReconciled, CallResumed, EngineStarted, NodeEntered, PromptsPlayed
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


async def test_a_caller_who_leaves_while_the_engine_is_away_has_one_record_with_the_true_end(own_day: Day) -> None:
    site = own_day.site
    caller = await own_day.caller()
    await caller.reaches("language")
    site.stop_engine(signal.SIGKILL)
    await until(
        lambda: ready([row[5] for row in site.legs()] == ["Wait"]), lambda: f"the dialplan does not have it: {site.legs()}"
    )
    await caller.hangs_up()
    await until(lambda: ready(not site.legs()), lambda: f"still up: {site.legs()}")
    left = time.time()
    site.start_engine()
    record = await caller.record()
    assert ending(record) == "abandoned_ivr, ended by caller"
    assert record.ended / 1000 <= left
    one_record(own_day, caller)


async def test_without_an_engine_the_fallback_speaks_an_agent_answers_and_a_record_comes_later(own_day: Day) -> None:
    site = own_day.site
    wang = await own_day.phones.agent("agent1001", Answering.ring())
    site.stop_engine()
    site.pbx.command("dialplan set global ATTEMPTS 2")
    telephone = next(site.numbers)
    call = await own_day.phones.call("80000", caller=telephone)
    await call.sound()
    talk = await wang.incoming()
    talk.reply(200)
    await talk.answered()
    await talk.hang_up()
    await call.ended()
    site.start_engine()
    record = await own_day.record(await own_day.arrival(telephone))
    assert (ending(record), record.agent, record.number) == ("answered_agent, ended by agent", "1001", "80000")
    await own_day.comes_to(_1001="logged_out idle")


async def test_who_talks_at_the_fallback_when_the_engine_is_back_goes_on_talking_and_is_recorded_so(own_day: Day) -> None:
    site = own_day.site
    site.pbx.command("dialplan set global ATTEMPTS 2")
    wang = await own_day.agent("1001")
    caller = await own_day.caller()
    await caller.reaches("language")
    site.stop_engine(signal.SIGKILL)
    talk = await wang.answers()
    site.start_engine()
    await caller.sees(CallReconciled, lambda each: each.found == "talking")
    await own_day.comes_to(_1001="ready talking")
    assert (caller.phone.over, talk.over) == (False, False)
    await caller.hangs_up()
    record = await caller.record()
    assert (ending(record), record.agent) == ("answered_agent, ended by caller", "1001")
    one_record(own_day, caller)
    await own_day.comes_to(_1001="ready idle")


async def test_who_waits_at_the_fallback_is_fetched_by_the_engine_that_comes_back(own_day: Day) -> None:
    """One was in the menu when the engine was lost, one came while there was none."""
    site = own_day.site
    known = await own_day.caller()
    await known.reaches("language")
    site.stop_engine(signal.SIGKILL)
    site.pbx.command("dialplan set global ATTEMPTS 2")
    telephone = next(site.numbers)
    came = await own_day.phones.call("80000", caller=telephone)
    await until(
        lambda: ready([row[5] for row in site.legs()] == ["Queue"] * 2), lambda: f"not at the fallback: {site.legs()}"
    )
    site.start_engine()
    await known.sees(CallResumed)
    await known.sees(PromptsPlayed, lambda each: each.prompts[:2] == ("one_moment", "choose_language"))
    new = await own_day.joined((telephone, came))
    await new.reaches("language")
    await known.hangs_up()
    await new.hangs_up()
    assert [(await each.record()).resumed for each in (known, new)] == [1, 0]


async def test_whoever_takes_a_call_and_never_speaks_loses_it_to_the_fallback(own_day: Day) -> None:
    site = own_day.site
    site.stop_engine()
    site.pbx.command("dialplan set global PATIENCE_S 1")
    with closing(socket.create_server(("127.0.0.1", site.settings.agi_port))):
        call = await own_day.phones.call("80000", caller=next(site.numbers))
        await call.sound()
        await call.hang_up()
    site.start_engine()


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
