"""Callers in every state, one kill of the engine: the next one goes on with each of them where they were.

One engine, ten calls, one SIGKILL, so that it costs one start; what each caller hears and what each record says is asserted.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.adapters.softphone.softphones import SoftphoneCall
from ivr_engine.core.events import (
    CallQueued,
    CallResumed,
    FlowResumed,
    NodeEntered,
    OfferEnded,
    OfferMade,
    PromptsPlayed,
)
from ivr_engine.testing.host_service import Fault
from tests.system.day import Caller, Day, ending, legs
from tests.system.site import Site
from tests.system.test_engine_restarts import ask_for_long, one_record

pytestmark = pytest.mark.system

CARD, PIN = "6299990000100015", "123456"


@dataclass
class Crowd:
    """Callers by where the kill finds them. `talk`: the agent's end of the conversation; `ringing`: of the offer."""

    greeting: Caller
    menu: Caller
    card: Caller
    pin: Caller
    request: Caller
    talking: Caller
    ringing: Caller
    waiting: list[Caller]
    talk: SoftphoneCall
    rung: SoftphoneCall


# What is longer here than at other sites, so that nobody leaves their state before the kill.
PATIENCE = {
    "main.yaml": (("timeout: 1500ms", "timeout: 20s"), ("timeout: 1s", "timeout: 20s")),
    "centre.yaml": (("ring: 2s", "ring: 20s"),),
    "survey.yaml": (("timeout: 1500ms", "timeout: 20s"),),
}


def have_patience(site: Site) -> None:
    for name, changes in PATIENCE.items():
        path = site.folder / "bank" / name
        text = path.read_text(encoding="utf-8")
        for short, long in changes:
            text = text.replace(short, long)
        path.write_text(text, encoding="utf-8")
    assert site.command("flow", "reload").returncode == 0


async def gather(day: Day) -> Crowd:
    """Everybody where they are to be, the shortest-lived states last."""
    have_patience(day.site)
    wang, li = await day.agent("1001"), await day.agent("1002", Answering.ring())
    talking = await day.caller()
    await talking.asks_for_an_agent()
    talk = await wang.answers()
    await talking.talks()
    await day.site.ask("agent.pause", agent="1002", reason="later")
    ringing = await day.caller()
    await ringing.asks_for_an_agent()
    waiting = []
    for _ in range(3):
        waiting.append(await day.caller())
        await waiting[-1].asks_for_an_agent()
        await waiting[-1].sees(CallQueued)
    menu, card, pin, request = await asyncio.gather(*(day.caller() for _ in range(4)))
    for caller in (menu, card, pin, request):
        await caller.reaches("greeting")
        await caller.presses("2")
        await caller.reaches("main_menu")
    day.site.host.fault = Fault.HANG
    await request.presses("1")
    await request.reaches("ask_card")
    await request.presses(f"{CARD}#")
    await request.reaches("ask_pin")
    await request.presses(PIN)
    await pin.presses("1")
    await pin.reaches("ask_card")
    await pin.presses(f"{CARD}#")
    await card.presses("1")
    await asyncio.gather(card.reaches("ask_card"), pin.reaches("ask_pin"), request.reaches("fetch"))
    await day.site.ask("agent.ready", agent="1002")
    rung = await li.rings()
    await ringing.sees(OfferMade)
    greeting = await day.caller()
    await greeting.reaches("greeting")
    return Crowd(
        greeting=greeting,
        menu=menu,
        card=card,
        pin=pin,
        request=request,
        talking=talking,
        ringing=ringing,
        waiting=waiting,
        talk=talk,
        rung=rung,
    )


async def goes_on_at(caller: Caller, node: str, prompt: str, keys: str) -> None:
    """Resumed at the node: asked for a moment's patience, then told again what was being said, to the end."""
    resumed = await caller.sees(FlowResumed)
    assert (resumed.node, resumed.version) == (node, resumed.previous)
    await caller.phone.quiet()
    await caller.presses(keys)
    await caller.sees(PromptsPlayed, lambda each: each.prompts == ("one_moment", prompt) and not each.interrupted)


async def test_ten_callers_in_ten_states_survive_the_loss_of_their_engine(own_day: Day) -> None:
    site = own_day.site
    ask_for_long(site)
    crowd = await gather(own_day)
    places = [each.call for each in (crowd.ringing, *crowd.waiting)]
    site.stop_engine(signal.SIGKILL)
    site.host.fault = Fault.NONE
    crowd.rung.reply(200)
    await crowd.rung.answered()
    site.start_engine()

    # who talks, talks; the one who was being rung for has been joined without an engine, and the next one knows it
    await own_day.comes_to(_1001="ready talking", _1002="ready talking")
    assert (crowd.talking.phone.over, crowd.talk.over) == (False, False)
    assert (await crowd.ringing.sees(OfferEnded)).outcome == "answered"

    # who waits, waits at the old place, and has not been queued again
    await asyncio.gather(*(each.sees(CallResumed) for each in crowd.waiting))
    assert [len(each.kinds(CallQueued)) for each in (crowd.ringing, *crowd.waiting)] == [1, 1, 1, 1]

    # who was in the flow goes on in it; entry of secrets begins again
    await asyncio.gather(
        goes_on_at(crowd.menu, "main_menu", "main_menu", "*"),
        goes_on_at(crowd.card, "ask_card", "enter_card", "1#"),
        goes_on_at(crowd.pin, "ask_card", "enter_card", "1#"),
        goes_on_at(crowd.request, "ask_card", "enter_card", f"{CARD}#"),
    )
    await crowd.greeting.sees(CallResumed)
    await crowd.request.reaches("ask_pin")
    await crowd.request.presses(PIN)
    await crowd.request.reaches("say_balance")

    # the agents hang up: survey for the ones, the next in line for the agents, in the order in which they came
    await crowd.talk.hang_up()
    await crowd.talking.reaches("survey")
    await crowd.rung.hang_up()
    await crowd.ringing.reaches("survey")
    offers = [await caller.sees(OfferMade) for caller in crowd.waiting[:2]]
    assert [offer.agent for offer in offers] == ["1001", "1002"]
    await crowd.waiting[0].talks()
    assert crowd.waiting[2].kinds(OfferMade) == []
    assert places[0] == crowd.ringing.call

    last = crowd.waiting.pop()
    await last.hangs_up()
    assert ending(await last.record()) == "abandoned_queue, ended by caller"
    in_flow = [crowd.menu, crowd.card, crowd.pin]
    everybody = [crowd.greeting, crowd.request, crowd.talking, crowd.ringing, *in_flow, *crowd.waiting]
    await asyncio.gather(*(each.hangs_up() for each in everybody))
    records = {each.call: await each.record() for each in everybody}
    assert len(own_day.records()) == len(everybody) + 1
    assert [ending(records[each.call]) for each in in_flow] == ["abandoned_ivr, ended by caller"] * 3
    assert legs(records[crowd.talking.call])[1:3] == ("waiting: answered, 1 offered", "agent 1001: ended by agent")
    assert legs(records[crowd.ringing.call])[1:3] == ("waiting: answered, 1 offered", "agent 1002: ended by agent")
    assert [records[each.call].resumed for each in everybody] == [1] * len(everybody)
    one_record(own_day, crowd.menu)


async def test_a_caller_in_the_survey_answers_it_after_the_loss_and_is_not_asked_twice(own_day: Day) -> None:
    site = own_day.site
    ask_for_long(site)
    have_patience(site)
    wang = await own_day.agent("1001")
    caller = await own_day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    await talk.hang_up()
    await caller.reaches("survey")
    asked = len([each for each in caller.kinds(NodeEntered) if each.node == "survey"])
    site.stop_engine(signal.SIGKILL)
    site.start_engine()
    await caller.sees(FlowResumed)
    await caller.phone.quiet()
    await caller.presses("1")
    await caller.is_let_go()
    record = await caller.record()
    assert dict(record.answers)["satisfaction"] == "very_satisfied"
    assert len([each for each in caller.kinds(NodeEntered) if each.node == "survey"]) == asked
    await own_day.comes_to(_1001="ready idle")
