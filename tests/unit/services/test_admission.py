"""Too many callers: who is let in, who is declined, and that nobody on the line ever is."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_engine.core.events import CallRefused
from ivr_engine.core.ids import CallId, Millis
from ivr_engine.core.outcomes import Disposition
from ivr_engine.ports.inbound import Arrival
from ivr_engine.services.admission import LOOK_EVERY, LOOKS, Admission, Limits
from ivr_engine.testing.clock import ManualClock
from ivr_engine.testing.line import HangUpNow, ScriptedLine
from tests.unit.services.office import LogBook, Office, settle

FEW = Limits(calls=2, calls_per_s=3, lag=Millis(250))


class Door:
    """An admission by its own clock."""

    def __init__(self, limits: Limits = FEW) -> None:
        self.clock, self.log, self.room = ManualClock(), LogBook(), True
        self.admission = Admission(limits=limits, room=lambda: self.room, clock=self.clock, log=self.log)
        self.calls = 0

    def knock(self, *, serving: int = 0) -> str:
        """What a new call is told: what there is too much of, or that it may come in."""
        self.calls += 1
        refused = self.admission.refusal(CallId(f"c.{self.calls}"), serving=serving)
        return "come in" if refused is None else refused.detail

    async def lag(self, span: int) -> None:
        """Once, the loop is late by so much."""
        self.clock.advance(Millis(LOOK_EVERY + span))
        await settle()


def test_as_many_at_once_as_allowed_and_not_one_more() -> None:
    door = Door()
    assert [door.knock(serving=serving) for serving in (0, 1, 2)] == ["come in", "come in", "calls"]


def test_a_burst_of_one_second_is_let_in_and_then_the_rate_holds() -> None:
    door = Door()
    assert [door.knock() for _ in range(4)] == ["come in", "come in", "come in", "rate"]
    door.clock.advance(Millis(400))
    assert [door.knock() for _ in range(2)] == ["come in", "rate"]


@given(gaps=st.lists(st.integers(0, 2_000), min_size=1, max_size=60))
def test_in_no_second_more_than_twice_the_rate_is_let_in_and_in_the_long_run_the_rate(gaps: list[int]) -> None:
    door, admitted = Door(), []
    for gap in gaps:
        door.clock.advance(Millis(gap))
        if door.knock() == "come in":
            admitted.append(int(door.clock.now()))
    for began in admitted:
        assert sum(began <= at < began + 1000 for at in admitted) <= 2 * FEW.calls_per_s
    span = admitted[-1] - admitted[0]
    assert len(admitted) <= FEW.calls_per_s + span * FEW.calls_per_s / 1000 + 1


def test_without_room_in_the_journal_nobody_new_comes_in() -> None:
    door = Door()
    door.room = False
    assert door.knock() == "store"


async def test_a_loop_that_lags_lets_nobody_in_until_it_has_been_well_for_a_second() -> None:
    door = Door()
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(door.admission.keep_watch())
        await settle()
        await door.lag(249)
        assert door.knock() == "come in"
        await door.lag(250)
        assert (door.knock(), door.admission.lag) == ("lag", 250)
        for _ in range(LOOKS - 1):
            await door.lag(0)
        assert door.knock() == "lag"
        await door.lag(0)
        assert door.knock() == "come in"
        watch.cancel()


async def test_the_operator_is_told_how_many_were_turned_away_and_why_once_in_ten_seconds() -> None:
    door = Door()
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(door.admission.keep_watch())
        await settle()
        for _ in range(5):
            door.knock()
        door.knock(serving=9)
        for _ in range(99):
            await door.lag(0)
        assert "calls_turned_away" not in door.log.lines
        await door.lag(0)
        assert door.log.whole == [("calls_turned_away", {"calls": 3, "why": {"rate": 2, "calls": 1}, "lag_ms": 0})]
        watch.cancel()


async def test_a_declined_call_has_its_record_and_its_caller_hears_nothing() -> None:
    office = Office(limits=Limits(calls=0, calls_per_s=1, lag=Millis(250)))
    line = ScriptedLine(clock=office.clock)
    await office.serve(line)
    assert line.heard == []
    assert office.record().disposition is Disposition.REJECTED_OVERLOAD
    assert office.facts(CallRefused) == [CallRefused(call=CallId("1.1"), reason="overload", detail="calls")]


async def test_a_call_in_progress_that_comes_back_is_never_declined() -> None:
    office = Office(limits=Limits(calls=1, calls_per_s=1, lag=Millis(250)))
    arrival = Arrival(call=CallId("1.1"), number="80000", caller="13800138000")
    assert not office.calls.declines(arrival)
    office.calls._record_arrival(arrival)
    office.admission.draining = True
    assert not office.calls.declines(arrival)


@pytest.mark.parametrize("ends", ["the last call is over", "the limit has passed", "nobody is there"])
async def test_a_drain_lets_nobody_in_and_is_over_when(ends: str) -> None:
    office = Office()
    async with office.open(), asyncio.TaskGroup() as tasks:
        line = ScriptedLine(clock=office.clock)
        served = None if ends == "nobody is there" else tasks.create_task(office.serve(line))
        await settle()
        office.drain.begin(Millis(60_000))
        over = tasks.create_task(office.drain.over())
        await settle()
        assert office.calls.declines(Arrival(call=CallId("1.2"), number="80000", caller=""))
        if ends == "the last call is over":
            office.clock.advance(Millis(1_000))
            await settle()
            assert not over.done()
            line.caller_hangs_up()
            await settle()
        office.clock.advance(Millis(60_000 if ends == "the limit has passed" else 1_000))
        await settle()
        assert over.done()
        if served is not None:
            served.cancel()


async def test_a_drain_that_is_called_off_lets_callers_in_again() -> None:
    office = Office()
    office.drain.begin(Millis(60_000))
    assert office.drain.status() == {"draining": True, "calls": 0, "left_s": 60}
    office.drain.call_off()
    await office.serve(ScriptedLine(HangUpNow(), clock=office.clock))
    assert office.record().disposition is Disposition.ABANDONED_IVR
    assert office.drain.status() == {"draining": False, "calls": 0, "left_s": None}
