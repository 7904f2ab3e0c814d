"""Queues open and close at the minute that their calendar names, whether anybody calls or not."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from ivr_engine.acd.stimuli import CallEntered
from ivr_engine.core.events import CallLeftQueue
from ivr_engine.core.ids import CallId, Instant, Language, Millis, QueueName
from ivr_engine.core.outcomes import QueueOutcome
from ivr_engine.flows.calendars import Calendar, Span
from ivr_engine.flows.definition import QueueDefinition
from ivr_engine.testing.builders import centre
from ivr_engine.testing.clock import START, ManualClock
from tests.unit.services.office import Office, settle

MINUTE, HOUR = 60_000, 3_600_000
WEEK = ((Span(9 * 60, 17 * 60),),) * 7
DESK, LOSS, PATIENT = QueueName("desk"), QueueName("loss"), QueueName("patient")
CLOSES = Instant(START + 7 * HOUR)  # 17:00 in Beijing
OPENS = Instant(CLOSES + 16 * HOUR)


def office_at(now: Instant, zone: str = "Asia/Shanghai", **calendar: object) -> Office:
    desk = Calendar(name="desk", week=WEEK, zone=ZoneInfo(zone), **calendar)  # type: ignore[arg-type] # fields of Calendar
    queues = (
        QueueDefinition(name=DESK, calendar="desk", leave_closed=True),
        QueueDefinition(name=PATIENT, calendar="desk"),
        QueueDefinition(name=LOSS),
    )
    definition = centre({"end": {"hangup": {}}}, calendars={"desk": desk}, queues={queue.name: queue for queue in queues})
    return Office(definition=definition, clock=ManualClock(now))


def enters(office: Office, call: str, queue: QueueName) -> None:
    office.centre.handle(CallEntered(call=CallId(call), queue=queue, needs=(), priority=0, language=Language("zh")))


def left(office: Office) -> list[tuple[str, QueueOutcome, int]]:
    """Who left as what, and how long they had waited."""
    return [(str(e.call), e.outcome, e.waited) for e in office.facts(CallLeftQueue) if isinstance(e, CallLeftQueue)]


async def pass_time(office: Office, until: int) -> None:
    """Every alarm on the way is handled when it is due."""
    while (alarm := min(until, office.clock.now() + MINUTE)) > office.clock.now():
        office.clock.advance(Millis(alarm - office.clock.now()))
        await settle()


async def test_who_waits_when_the_queue_closes_leaves_at_that_minute_where_the_queue_says_so() -> None:
    office = office_at(Instant(CLOSES - 90_500))
    async with office.open():
        await settle()
        enters(office, "d1", DESK)
        enters(office, "p1", PATIENT)
        enters(office, "l1", LOSS)
        await pass_time(office, CLOSES - 500)
        office.clock.advance(Millis(499))
        await settle()
        assert left(office) == []
        office.clock.advance(Millis(1))
        await settle()
        assert left(office) == [("d1", QueueOutcome.CLOSED, 90_500)]


async def test_a_queue_opens_again_though_nobody_called_in_the_night() -> None:
    office = office_at(Instant(CLOSES - MINUTE))
    async with office.open():
        await settle()
        await pass_time(office, OPENS - 1)
        enters(office, "early", PATIENT)
        office.clock.advance(Millis(1))
        await settle()
        enters(office, "late", PATIENT)
        assert left(office) == [("early", QueueOutcome.CLOSED, 0)]


@pytest.mark.parametrize("holidays", [frozenset(), frozenset({date(2026, 3, 2)})])
def test_the_first_caller_after_a_start_meets_the_hours_of_then(holidays: frozenset[date]) -> None:
    office = office_at(START, holidays=holidays)
    enters(office, "first", DESK)
    assert [outcome for _, outcome, _ in left(office)] == [QueueOutcome.CLOSED] * len(holidays)


async def test_hours_that_the_clock_leaves_out_begin_right_after_them() -> None:
    forward = Instant(1_774_746_000_000)  # 2026-03-29T01:00:00Z: in Berlin 02:00 is followed by 03:00
    office = office_at(Instant(forward - 1), zone="Europe/Berlin", workdays={date(2026, 3, 29): (Span(150, 300),)})
    async with office.open():
        await settle()
        enters(office, "before", PATIENT)
        office.clock.advance(Millis(1))
        await settle()
        enters(office, "after", PATIENT)
        assert [call for call, _, _ in left(office)] == ["before"]
