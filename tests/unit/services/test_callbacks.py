"""Callbacks in a whole engine without a switch: the place is kept, customer and agent are joined, everything is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from ivr_engine.core.events import (
    CallbackAttempted,
    CallbackBooked,
    CallbackEnded,
    CallbackPlaced,
    CallQueued,
    OfferMade,
)
from ivr_engine.core.ids import CallId, Language, Millis, NodeName, QueueName
from ivr_engine.core.outcomes import CallbackEnd, Disposition, OfferOutcome, QueueOutcome
from ivr_engine.errors import CommandRefused
from ivr_engine.ports.switch import CallControl, OutgoingCall, Unreached
from ivr_engine.testing.line import AgentDoes, HangUpNow, Listen, Press, ScriptedLine
from ivr_engine.testing.memory import MemoryStore
from tests.unit.services.office import Office, settle

TALK = AgentDoes(OfferOutcome.ANSWERED, talked=Millis(5000))
TO_AGENT = (Listen(), Press("2"), Press("0"))
OUT_AND_BOOKED = (Press("1"), Press("1"), Press("1"), Press("1"), Listen(), Listen())
HOUR = Millis(3_600_000)


@dataclass
class Telephones:
    """Customers: each call reaches the next of `lines`, or nobody."""

    lines: list[ScriptedLine | Unreached] = field(default_factory=list)
    orders: list[OutgoingCall] = field(default_factory=list)
    can_dial: bool = True

    @asynccontextmanager
    async def outgoing(self, order: OutgoingCall) -> AsyncIterator[CallControl | Unreached]:
        self.orders.append(order)
        yield self.lines.pop(0)


def new_office(store: MemoryStore | None = None) -> Office:
    return Office(store)


@asynccontextmanager
async def at_work(office: Office, telephones: Telephones) -> AsyncIterator[None]:
    async with office.open(), asyncio.TaskGroup() as tasks:
        calling = tasks.create_task(office.callbacks.keep_calling(telephones))
        await settle()
        yield
        calling.cancel()


async def pass_time(office: Office, span: Millis) -> None:
    office.clock.advance(span)
    await settle()


def booked(number: str = "13800138000", queue: str = "service", window: str = "") -> CallbackBooked:
    return CallbackBooked(
        call=CallId("1.1"), node=NodeName("book"), queue=QueueName(queue), number=number, needs=(), priority=7,
        language=Language("en"), window=window, dialled="80000",
    )  # fmt: skip


def outcomes(office: Office) -> list[str]:
    return [str(each.outcome) for each in office.facts(CallbackAttempted) if isinstance(each, CallbackAttempted)]


def ends(office: Office) -> list[CallbackEnd]:
    return [each.outcome for each in office.facts(CallbackEnded) if isinstance(each, CallbackEnded)]


async def test_a_caller_who_chooses_it_hangs_up_keeps_the_place_and_is_called() -> None:
    office, customer = new_office(), ScriptedLine(Listen(), TALK)
    telephones = Telephones([customer])
    async with at_work(office, telephones):
        await office.serve(ScriptedLine(*TO_AGENT, *OUT_AND_BOOKED))
        await settle()
        entered = [each for each in office.facts(CallQueued) if isinstance(each, CallQueued)]
        assert office.record().disposition is Disposition.CALLBACK_BOOKED
        assert telephones.orders == []
        office.staff("1001")
        await settle()
    (order,) = telephones.orders
    assert (order.number, order.shown, order.reason) == ("13800138000", "80000", "callback")
    assert customer.rung == ["1001"]
    assert customer.heard == ["en:callback_greeting"]
    assert (outcomes(office), ends(office)) == (["answered"], [CallbackEnd.TALKED])
    assert entered[1].arrived is None or entered[1].arrived <= office.store.get(CallId("1.1")).arrived  # type: ignore[union-attr]
    record = office.record(order.call)
    assert (record.disposition, record.agent, record.caller) == (Disposition.ANSWERED_AGENT, "1001", "13800138000")
    assert dict(record.answers) == {"callback_of": "1.1", "callback_attempt": "1"}


async def test_an_agent_who_does_not_answer_is_followed_by_the_next_with_the_customer_on_the_line() -> None:
    office = new_office()
    office.staff("1001", "1002")
    customer = ScriptedLine(Listen(), AgentDoes(OfferOutcome.NO_ANSWER), TALK)
    async with at_work(office, Telephones([customer])):
        office.recorder.record(booked())
        await settle()
    assert customer.rung == ["1001", "1002"]
    assert ends(office) == [CallbackEnd.TALKED]


@pytest.mark.parametrize("outcome", [OfferOutcome.BUSY, OfferOutcome.NO_ANSWER, OfferOutcome.FAILED])
async def test_a_customer_who_cannot_be_reached_costs_the_agent_nothing_and_is_called_again(outcome: OfferOutcome) -> None:
    office = new_office()
    office.staff("1001")
    nobody = Unreached(outcome=outcome, cause="17")
    telephones = Telephones([nobody, nobody, nobody])
    async with at_work(office, telephones):
        office.recorder.record(booked())
        await settle()
        assert office.centre.centre.agents()[0].presence == "ready"
        for _ in range(2):
            await pass_time(office, Millis(600_000))
            await pass_time(office, Millis(60_000))
    assert outcomes(office) == [str(outcome)] * 3
    assert ends(office) == [CallbackEnd.UNREACHED]
    assert [office.record(order.call).disposition for order in telephones.orders] == [Disposition.CALLBACK_MISSED] * 3


async def test_a_customer_who_hangs_up_before_an_agent_answers_is_called_again_later() -> None:
    office = new_office()
    office.staff("1001")
    async with at_work(office, Telephones([ScriptedLine(HangUpNow())])):
        office.recorder.record(booked())
        await settle()
    assert (outcomes(office), ends(office)) == (["caller_gone"], [])


async def test_a_number_that_is_not_listed_is_never_called() -> None:
    office, telephones = new_office(), Telephones()
    office.staff("1001")
    async with at_work(office, telephones):
        office.recorder.record(booked(number="9001234"))
        await settle()
    assert (telephones.orders, ends(office)) == ([], [CallbackEnd.FORBIDDEN])
    assert office.facts(OfferMade) == []


async def test_nobody_is_called_outside_the_hours_the_customer_chose() -> None:
    office, telephones = new_office(), Telephones([ScriptedLine(Listen(), TALK)])
    office.staff("1001")
    async with at_work(office, telephones):
        office.recorder.record(booked(window="afternoon"))
        await settle()
        before = len(telephones.orders)
        for _ in range(24):
            await pass_time(office, HOUR)
    hour = office.definition.calendars["afternoon"].state
    (placed,) = [each for each in office.store.read() if isinstance(each.event, CallbackPlaced)]
    assert before == 0
    assert hour(placed.at) == "open"


async def test_after_a_restart_the_booking_stands_with_its_place() -> None:
    store = MemoryStore()
    first = new_office(store)
    async with at_work(first, Telephones()):
        first.recorder.record(booked())
        await settle()
        (before,) = first.callbacks.live()
        first.centre.let_calls_go_on()
    second = new_office(store)
    second.staff("1001")
    telephones = Telephones([ScriptedLine(Listen(), TALK)])
    (after,) = second.callbacks.live()
    assert (after.id, after.since, after.number) == (before.id, before.since, before.number)
    async with at_work(second, telephones):
        await settle()
    assert [order.call for order in telephones.orders] == [f"{before.id}-1"]
    assert ends(second) == [CallbackEnd.TALKED]


async def test_a_booking_can_be_cancelled_and_is_then_out_of_the_line() -> None:
    office, telephones = new_office(), Telephones()
    async with at_work(office, telephones):
        office.recorder.record(booked())
        await settle()
        assert [each.phase for each in office.centre.centre.calls()] == ["waiting"]
        (booking,) = office.callbacks.live()
        office.callbacks.cancel(booking.id, "wang")
        await settle()
        assert office.centre.centre.calls() == ()
        office.staff("1001")
        await settle()
    assert telephones.orders == []
    assert ends(office) == [CallbackEnd.CANCELLED]
    with pytest.raises(CommandRefused, match="callback list"):
        office.callbacks.cancel(booking.id, "wang")


async def test_who_came_before_the_booking_is_served_before_it_and_who_came_after_is_not() -> None:
    office = new_office()
    earlier, later = ScriptedLine(*TO_AGENT, TALK), ScriptedLine(*TO_AGENT, TALK)
    customer = ScriptedLine(Listen(), TALK)
    served: list[str] = []
    async with at_work(office, Telephones([customer])), asyncio.TaskGroup() as tasks:
        tasks.create_task(office.serve(earlier, call="1.1"))
        await pass_time(office, Millis(1_000))
        office.recorder.record(replace(booked(), call=CallId("1.2"), priority=0))
        await pass_time(office, Millis(1_000))
        tasks.create_task(office.serve(later, call="1.3"))
        await pass_time(office, Millis(1_000))
        office.staff("1001")
        await settle()
        for _ in range(3):
            await pass_time(office, Millis(11_000))
    served = [each.call for each in office.facts(OfferMade) if isinstance(each, OfferMade)]
    assert [call.partition("-")[0][:2] for call in served] == ["1.", "cb", "1."]
    assert served[0] == "1.1"


async def test_a_key_leads_out_of_the_queue_and_one_that_leads_nowhere_does_nothing() -> None:
    office = new_office()
    line = ScriptedLine(*TO_AGENT, Press("7"), Press("2"), HangUpNow())
    async with office.open():
        await office.serve(line)
    left = [leg.outcome for leg in office.record().legs if leg.kind == "waiting"]
    assert left == [QueueOutcome.FLOWOUT]
