"""The bank's host system fails in every way it can: the caller is told, an agent helps, and the record says so."""

from __future__ import annotations

import pytest

from ivr_engine.core.events import CallEnded, NodeEntered, RequestAnswered
from ivr_engine.core.outcomes import RequestOutcome
from ivr_engine.testing.host_service import Fault
from tests.system.day import Day, ending, legs

pytestmark = pytest.mark.system

CARD, PIN = "6299990000300037", "135790"


async def test_when_the_host_service_is_down_an_agent_helps(own_day: Day) -> None:
    own_day.site.host_up.close()
    await own_day.agent("1001")
    caller = await own_day.caller()
    await caller.gives_card_and_pin(CARD, PIN)
    await caller.reaches("host_down")
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert [each.outcome for each in caller.requests()] == [RequestOutcome.UNAVAILABLE]
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.DROP, RequestOutcome.UNAVAILABLE),
        (Fault.ERROR, RequestOutcome.UNAVAILABLE),
        (Fault.SLOW, RequestOutcome.TIMEOUT),
        (Fault.BAD_JSON, RequestOutcome.INVALID),
        (Fault.NOT_AN_OBJECT, RequestOutcome.INVALID),
    ],
)
async def test_when_the_host_service_fails_an_agent_helps(day: Day, fault: Fault, outcome: RequestOutcome) -> None:
    await day.agent("1001")
    day.site.host.fault = fault
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, PIN)
    await caller.reaches("host_down")
    await caller.talks()
    await caller.hangs_up()
    record = await caller.record()
    assert [each.outcome for each in caller.requests()] == [outcome]
    assert legs(record) == ("ivr", "waiting: answered, 1 offered", "agent 1001: ended by caller")
    assert ending(record) == "answered_agent, ended by caller"
    assert "say_balance" not in [each.node for each in caller.kinds(NodeEntered)]


async def test_a_slow_host_service_is_waited_for_as_long_as_the_flow_says(day: Day) -> None:
    day.site.host.fault = Fault.SLOW
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, PIN)
    answered = await caller.sees(RequestAnswered, lambda each: each.operation == "balance")
    await caller.hangs_up()
    record = await caller.record()
    assert (answered.outcome, answered.took >= 1_000) == (RequestOutcome.TIMEOUT, True)
    assert record.ended_by == "caller"


async def test_a_caller_who_hangs_up_while_the_host_service_is_asked_is_gone_before_it_answers(day: Day) -> None:
    day.site.host.fault = Fault.HANG
    caller = await day.caller()
    await caller.gives_card_and_pin(CARD, PIN)
    await caller.reaches("fetch")
    await caller.hangs_up()
    record = await caller.record()
    assert (ending(record), legs(record)) == ("abandoned_ivr, ended by caller", ("ivr",))
    ended, _ = await day.recorded(CallEnded, lambda each: each.call == caller.call)
    answered, _ = await day.recorded(RequestAnswered, lambda each: each.call == caller.call and each.operation == "balance")
    assert ended < answered
