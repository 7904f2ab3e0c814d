"""Scenarios of the sample bank on a real PBX: a loss report while the host is down, a balance by name, a call back, and a
merchant's order that is paid once."""

from __future__ import annotations

import pytest

from ivr_engine.core.events import CallbackBooked, CallQueued, IdentityConfirmed, KeysReceived, NodeEntered
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.testing.host_service import Fault
from tests.system.day import Caller, Day, ending, legs

pytestmark = pytest.mark.system

LOSS_LINE, OVERSEAS_LINE = "80001", "80020"
CARD, PIN = "6299990000200021", "246810"
PAYER, PAYER_PIN, PAYMENT_PIN, ORDER = "6299990000100015", "123456", "654321", "20260001"


async def answers(caller: Caller, steps: dict[str, str]) -> None:
    """The caller comes by these nodes, hears each out and presses its keys."""
    for node, keys in steps.items():
        await caller.hears_out(node)
        await caller.presses(keys)


async def test_a_loss_is_reported_while_the_host_is_down(day: Day) -> None:
    host = day.site.host
    host.faults = {"freeze": Fault.ERROR}
    wang = await day.agent("1001")
    caller = await day.caller(number=LOSS_LINE)
    await answers(caller, {"which": "1", "ask_card": f"{CARD}#", "confirm": "1"})
    await caller.reaches("order_kept")
    talk = await wang.answers()
    await caller.talks()
    await talk.hang_up()
    await caller.hears_out("survey")
    await caller.presses("1")
    await caller.is_let_go()
    record = await caller.record()
    assert (host.desk.ordered, host.desk.frozen) == ([CARD], set())
    assert [each.outcome for each in caller.requests()] == [RequestOutcome.UNAVAILABLE, RequestOutcome.OK]
    assert [(each.queue, each.priority) for each in caller.kinds(CallQueued)] == [("loss", 90)]
    assert (ending(record), record.queue) == ("answered_agent, ended by engine", "loss")
    assert (record.answers, record.faults) == ((("satisfaction", "very_satisfied"),), ())
    assert [path for path, stored in day.site.written().items() if CARD.encode() in stored] == []


async def test_a_caller_who_is_identified_hears_the_balance(day: Day) -> None:
    caller = await day.caller()
    await answers(caller, {"language": "2", "main_menu": "2", "by_what": "1", "by_card": f"{CARD}#"})
    await caller.sees(KeysReceived, lambda each: each.node == "by_card")
    await caller.presses(PIN)
    await answers(caller, {"services": "1", "then_what": "#"})
    await caller.reaches("services")
    await caller.hangs_up()
    record = await caller.record()
    assert [each.level for each in caller.kinds(IdentityConfirmed)] == [2]
    assert {each.outcome for each in caller.requests()} == {RequestOutcome.OK}
    assert (record.language, legs(record), record.faults) == ("en", ("ivr",), ())
    secret = [path for path, stored in day.site.written().items() if CARD.encode() in stored or PIN.encode() in stored]
    assert secret == []


async def test_nobody_is_there_and_a_call_back_is_booked(day: Day) -> None:
    caller = await day.caller(number=OVERSEAS_LINE)
    await answers(caller, {"language": "2", "wishes": "3", "where": "1"})
    await answers(caller, {"offer": "1", "confirm_number": "1", "choose_window": "2"})
    await caller.is_let_go()
    record = await caller.record()
    (booked,) = caller.kinds(CallbackBooked)
    assert (booked.queue, booked.number, booked.priority, booked.window) == ("overseas", caller.telephone, 60, "morning")
    assert ending(record) == "callback_booked, ended by engine"
    assert (record.queue, record.last_node, record.faults) == ("loss", "end", ())


async def test_a_merchants_order_is_paid_once_and_told_so_when_it_is_asked_for_again(day: Day) -> None:
    caller = await day.caller()
    await answers(caller, {"language": "1", "main_menu": "2", "by_what": "1", "by_card": f"{PAYER}#"})
    await caller.sees(KeysReceived, lambda each: each.node == "by_card")
    await caller.presses(PAYER_PIN)
    await answers(
        caller, {"services": "3", "which": "4", "ask_order": f"{ORDER}#", "ask_pin": PAYMENT_PIN, "read_back": "1"}
    )
    await caller.reaches("posted")
    await answers(caller, {"services": "3", "which": "4", "ask_order": f"{ORDER}#"})
    await caller.reaches("paid_already")
    await caller.hangs_up()
    record = await caller.record()
    orders = day.site.host.bank.orders
    assert (orders.paid, len(orders.posted), day.site.host.desk.sent) == ({ORDER}, 1, ["order_posted"])
    asked = [each.operation for each in caller.requests()]
    assert asked[:2] == ["verify", "profile"]
    assert asked[2:] == ["merchant_order", "check_pin", "prepare", "post", "notify", "merchant_order"]
    assert (legs(record), record.faults) == (("ivr",), ())
    secret = [
        path for path, stored in day.site.written().items() if any(each.encode() in stored for each in (PAYER, PAYMENT_PIN))
    ]
    assert secret == []


async def test_a_caller_who_prefers_english_is_not_asked_for_a_language(day: Day) -> None:
    caller = await day.joined(("13900000002", await day.phones.call("80000", caller="13900000002")))
    await answers(caller, {"main_menu": "3"})
    await caller.reaches("which")
    await caller.hangs_up()
    record = await caller.record()
    assert (record.language, record.last_node) == ("en", "which")
    assert [each.node for each in caller.kinds(NodeEntered) if each.flow == "main"] == [
        "greeting",
        "look_up",
        "main_menu",
        "loan",
    ]
