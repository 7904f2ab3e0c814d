"""Callers who hang up, at every place of a call: the record says where, and no agent is left waiting for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.core.events import NobodyOffered, OfferEnded, OfferMade
from ivr_engine.core.outcomes import OfferOutcome
from tests.system.day import Agent, Caller, Day, ending, legs

pytestmark = pytest.mark.system

CARD = "6299990000300037"


async def in_the_greeting(caller: Caller) -> None:
    await caller.reaches("greeting")


async def in_the_menu(caller: Caller) -> None:
    await caller.reaches("language")
    await caller.presses("2")
    await caller.reaches("main_menu")


async def entering_the_pin(caller: Caller) -> None:
    await caller.reaches("main_menu")
    await caller.presses("1")
    await caller.reaches("ask_card")
    await caller.presses(f"{CARD}#")
    await caller.reaches("ask_pin")
    await caller.presses("13")


async def in_the_queue(caller: Caller) -> None:
    await caller.asks_for_an_agent()
    await caller.sees(NobodyOffered)


@dataclass(frozen=True, kw_only=True)
class Left:
    where: Callable[[Caller], Awaitable[None]]
    ending: str
    legs: tuple[str, ...]
    node: str


CASES: Mapping[str, Left] = {
    "greeting": Left(where=in_the_greeting, ending="abandoned_ivr, ended by caller", legs=("ivr",), node="greeting"),
    "menu": Left(where=in_the_menu, ending="abandoned_ivr, ended by caller", legs=("ivr",), node="main_menu"),
    "pin": Left(where=entering_the_pin, ending="abandoned_ivr, ended by caller", legs=("ivr",), node="ask_pin"),
    "queue": Left(
        where=in_the_queue,
        ending="abandoned_queue, ended by caller",
        legs=("ivr", "waiting: abandoned, 0 offered"),
        node="to_agent",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_caller_who_hangs_up(day: Day, case: Left) -> None:
    caller = await day.caller()
    await case.where(caller)
    await caller.hangs_up()
    record = await caller.record()
    assert (ending(record), legs(record), record.last_node) == (case.ending, case.legs, case.node)
    assert (record.agent, record.answers, record.talked, record.faults) == (None, (), 0, ())


async def test_a_caller_who_hangs_up_while_an_agents_telephone_rings(day: Day) -> None:
    wang = await day.agent("1001", Answering.ring())
    caller = await day.caller()
    await caller.asks_for_an_agent()
    ringing = await wang.rings()
    await caller.hangs_up()
    assert not (await ringing.ended()).near
    record = await caller.record()
    assert ending(record) == "abandoned_ringing, ended by caller"
    assert legs(record) == ("ivr", "waiting: abandoned, 1 offered")
    assert [each.outcome for each in caller.kinds(OfferEnded)] == [OfferOutcome.CALLER_GONE]
    assert (record.agent, record.talked) == (None, 0)
    await day.comes_to(_1001="ready idle")


async def talking(day: Day) -> tuple[Agent, Caller]:
    wang = await day.agent("1001")
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await wang.answers()
    await caller.talks()
    return wang, caller


async def test_a_caller_who_hangs_up_while_talking(day: Day) -> None:
    _, caller = await talking(day)
    await day.comes_to(_1001="ready talking")
    await caller.hangs_up()
    record = await caller.record()
    assert ending(record) == "answered_agent, ended by caller"
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")
    assert (record.agent, record.last_node, record.answers) == ("1001", "to_agent", ())
    assert record.talked > 0
    await day.comes_to(_1001="ready idle")


async def test_a_caller_who_hangs_up_in_the_survey(day: Day) -> None:
    wang = await day.agent("1001", Answering.answer(talk=300))
    caller = await day.caller()
    await caller.asks_for_an_agent()
    await wang.answers()
    await caller.reaches("survey")
    await caller.hangs_up()
    record = await caller.record()
    assert ending(record) == "answered_agent, ended by caller"
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by agent", "survey")
    assert (record.last_node, record.answers) == ("survey", ())
    assert 250 < record.talked < record.lasted
    await day.comes_to(_1001="ready idle")


async def test_a_caller_who_left_the_queue_is_offered_to_nobody(day: Day) -> None:
    caller = await day.caller()
    await in_the_queue(caller)
    await caller.hangs_up()
    await caller.record()
    await day.agent("1001")
    await day.comes_to(_1001="ready idle")
    assert caller.kinds(OfferMade) == []
