"""Callers who get what they called for: whole calls from the service number to the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_engine.core.events import KeysReceived, PromptsPlayed
from ivr_engine.core.outcomes import RequestOutcome
from tests.system import sipp
from tests.system.day import Caller, Day, ending, legs

pytestmark = pytest.mark.system

CARD, PIN = "6299990000300037", "135790"
WRONG_PIN = "654321"


def results(caller: Caller) -> list[str]:
    """What the host service said, request by request."""
    return [each.result or str(each.outcome) for each in caller.requests()]


@pytest.mark.parametrize(("key", "language"), [("1", "zh-CN"), ("2", "en")])
async def test_balance_by_card_and_pin_then_an_agent_then_a_survey_key(day: Day, key: str, language: str) -> None:
    wang = await day.agent("1001")
    caller = await day.caller()
    steps = {"language": key, "main_menu": "1", "ask_card": f"{CARD}#", "ask_pin": PIN, "after_balance": "0"}
    for node, keys in steps.items():
        await caller.hears_out(node)
        await caller.presses(keys)
    talk = await wang.answers()
    await caller.talks()
    assert talk.number == caller.telephone
    await talk.hang_up()
    await caller.hears_out("survey")
    await caller.presses("2")
    await caller.is_let_go()
    record = await caller.record()
    assert ending(record) == "answered_agent, ended by engine"
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by agent", "survey")
    assert (record.number, record.caller, record.language) == ("80000", caller.telephone, language)
    assert (record.agent, record.queue, record.last_node) == ("1001", "service", "end")
    assert record.answers == (("satisfaction", "satisfied"),)
    assert (record.faults, record.resumed, record.refused) == ((), 0, "")
    assert results(caller) == [RequestOutcome.OK]
    assert caller.phone.heard.sound > 3_000
    await day.comes_to(_1001="ready idle")


async def test_the_balance_alone_is_self_service(day: Day) -> None:
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, PIN)
    await caller.reaches("after_balance")
    await caller.presses("#")
    await caller.is_let_go()
    record = await caller.record()
    assert (ending(record), legs(record)) == ("self_served, ended by engine", ("ivr",))
    assert (record.last_node, record.answers, record.waited, record.talked) == ("end", (), 0, 0)


async def test_a_wrong_pin_may_be_given_right_the_second_time(day: Day) -> None:
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, WRONG_PIN)
    await caller.reaches("not_recognised")
    await caller.reaches("ask_card")
    await caller.presses(f"{CARD}#")
    await caller.reaches("ask_pin")
    await caller.presses(PIN)
    await caller.is_let_go()
    record = await caller.record()
    assert results(caller) == ["wrong_pin", RequestOutcome.OK]
    assert (ending(record), legs(record)) == ("self_served, ended by engine", ("ivr",))


async def test_an_unknown_card_sounds_like_a_wrong_pin(day: Day) -> None:
    caller = await day.caller()
    await caller.gives_card_and_pin("6299990000900000", PIN)
    await caller.reaches("not_recognised")
    await caller.hangs_up()
    record = await caller.record()
    assert results(caller) == ["not_found"]
    assert (ending(record), legs(record)) == ("abandoned_ivr, ended by caller", ("ivr",))


async def test_three_wrong_pins_lock_the_card_and_lead_to_an_agent(day: Day) -> None:
    await day.agent("1001")
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, WRONG_PIN)
    for _ in range(2):
        await caller.reaches("ask_card")
        await caller.presses(f"{CARD}#")
        await caller.reaches("ask_pin")
        await caller.presses(WRONG_PIN)
    await caller.reaches("card_locked")
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert results(caller) == ["wrong_pin", "wrong_pin", "locked"]
    assert ending(record) == "answered_agent, ended by caller"
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")


async def test_a_number_that_is_no_card_is_asked_for_again_then_an_agent_helps(day: Day) -> None:
    await day.agent("1001")
    caller = await day.caller()
    await caller.reaches("main_menu")
    await caller.presses("1")
    await caller.reaches("ask_card")
    await caller.presses("6299990000300036#")
    await caller.sees(KeysReceived, lambda each: each.node == "ask_card")
    await caller.presses("1#")
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert results(caller) == []
    assert [(each.keys, each.count, each.secret) for each in caller.kinds(KeysReceived) if each.node == "ask_card"] == [
        ("", 16, True),
        ("", 1, True),
    ]
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")


async def test_a_caller_who_presses_nothing_is_not_left_alone_with_the_menu(day: Day) -> None:
    await day.agent("1001")
    caller = await day.caller()
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert [each.node for each in caller.kinds(KeysReceived)] == ["language"] * 2 + ["main_menu"] * 3
    assert {each.keys for each in caller.kinds(KeysReceived)} == {""}
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")
    assert record.language == "zh-CN"


async def test_keys_that_are_no_choice_lead_to_an_agent(day: Day) -> None:
    await day.agent("1001")
    caller = await day.caller()
    await caller.reaches("language")
    await caller.presses("2")
    await caller.reaches("main_menu")
    for key in "787":
        await caller.presses(key)
        await caller.sees(KeysReceived, lambda each, key=key: each.keys == key)  # type: ignore[misc]
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert [each.keys for each in caller.kinds(KeysReceived)] == ["2", "7", "8", "7"]
    assert ending(record) == "answered_agent, ended by caller"


async def test_a_key_cuts_the_prompt_short(day: Day) -> None:
    caller = await day.caller()
    await caller.reaches("language")
    await caller.presses("2")
    await caller.reaches("main_menu")
    await caller.presses("*")
    await caller.sees(PromptsPlayed, lambda each: each.node == "main_menu" and not each.interrupted)
    await caller.hangs_up()
    await caller.record()
    played = [each for each in caller.kinds(PromptsPlayed) if each.node == "main_menu"]
    assert [(each.prompts, each.interrupted) for each in played[:2]] == [(("main_menu",), True), (("main_menu",), False)]


async def test_keys_typed_ahead_in_the_greeting_reach_an_agent_at_once(day: Day, tmp_path: Path) -> None:
    await day.agent("1001")
    telephone = next(day.site.numbers)
    steps = (sipp.press("20"), sipp.hear(1_500), sipp.hang_up())
    run = await sipp.call(to="80000", pbx=day.site.address, folder=tmp_path, steps=steps, number=telephone)
    record = await day.record(await day.arrival(telephone))
    assert run.succeeded == 1, run
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")
    assert record.language == "en"


async def test_a_sipp_caller_hears_her_balance_and_is_let_go(day: Day, tmp_path: Path) -> None:
    telephone = next(day.site.numbers)
    steps = (sipp.press("21"), sipp.press(f"{CARD}#"), sipp.press(PIN, last=True), sipp.far_hang_up())
    run = await sipp.call(to="80000", pbx=day.site.address, folder=tmp_path, steps=steps, number=telephone)
    record = await day.record(await day.arrival(telephone))
    assert run.succeeded == 1, run
    assert (ending(record), record.last_node) == ("self_served, ended by engine", "end")


async def test_an_unknown_number_is_told_so_and_recorded(day: Day) -> None:
    caller = await day.caller(number="95599")
    await caller.is_let_go()
    record = await caller.record()
    assert ending(record) == "rejected_policy, ended by engine"
    assert (record.number, record.refused, record.flow, legs(record)) == ("95599", "unknown_number", None, ("ivr",))
    assert caller.phone.heard.sound > 300
