"""Scenarios of the sample bank on a real PBX: a loss report while the host is down, a balance by name, a call back."""

from __future__ import annotations

import pytest

from ivr_engine.core.events import CallbackBooked, CallQueued, IdentityConfirmed, KeysReceived, RequestAnswered
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.testing.host_service import Fault
from tests.system.day import Caller, Day, ending, legs

pytestmark = pytest.mark.system

LOSS_LINE, OVERSEAS_LINE = "80001", "80020"
CARD, PIN = "6299990000200021", "246810"


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
    assert [each.outcome for each in caller.kinds(RequestAnswered)] == [RequestOutcome.UNAVAILABLE, RequestOutcome.OK]
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
    assert {each.outcome for each in caller.kinds(RequestAnswered)} == {RequestOutcome.OK}
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
