"""The wall clock jumps while calls are up, and between two runs of the engine: no timer moves, no place is lost, no span is
negative, and a record adds up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from ivr_engine.adapters.clock import SystemClock
from ivr_engine.core.events import CallQueued, EngineStarted
from ivr_engine.core.ids import CallId, Instant, Millis, between, later
from ivr_engine.core.outcomes import EndedBy, OfferOutcome
from ivr_engine.testing.clock import ManualClock
from ivr_engine.testing.line import Act, AgentDoes, HangUpNow, Listen, Press, ScriptedLine
from tests.nemesis.history import History
from tests.unit.services.office import Office, settle
from tests.unit.services.test_recovery import RANG_OUT, TO_AGENT, Hanging, come_back, serving

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
JUMPS = {
    "an hour on": HOUR_MS,
    "an hour back": -HOUR_MS,
    "a day on": DAY_MS,
    "a day back": -DAY_MS,
    "a second back": -1_000,
    "half an hour on": HOUR_MS // 2,
    "a second on": 1_000,
    "a minute back": -60_000,
}
# Where the zone's own clock jumps, at night; the engine counts milliseconds of UTC and must not notice.
SUMMER_BEGINS, SUMMER_ENDS = (
    Instant(1_774_746_000_000),
    Instant(1_792_890_000_000),
)  # Europe/London, 2026-03-29 and 2026-10-25, 01:00Z
MAX_WAIT_MS = 600_000
STATES: dict[str, tuple[Act, ...]] = {
    "menu": (Listen(), Press("2")),
    "queue": TO_AGENT,
    "ringing": TO_AGENT,
    "talking": (*TO_AGENT, AgentDoes(OfferOutcome.ANSWERED)),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("jump", JUMPS)
async def test_an_engine_started_after_a_jump_goes_on_with_every_call(jump: str, state: str) -> None:
    """A new engine reads the wall once; what the old one wrote may lie hours ahead of it.

    Across a start there is no clock but the wall: who seems to have waited longer than the queue allows is given up by it.
    """
    first = Office()
    if state in ("ringing", "talking"):
        first.staff("1001")
    async with serving(first, _1=Hanging(*STATES[state]), _2=Hanging(*TO_AGENT)) as engine:
        left = await engine.kill()
    second = Office(left, clock=ManualClock(later(first.clock.now(), Millis(JUMPS[jump]))), offers="second")
    second.recorder.record(EngineStarted(centre="bank", version="1", engine="the next"))
    async with second.open(), asyncio.TaskGroup() as group:
        rang = RANG_OUT if state == "ringing" else None
        tasks = [
            group.create_task(come_back(second, ScriptedLine(HangUpNow()), call="1", rang=rang)),
            group.create_task(come_back(second, Hanging(), call="2")),
        ]
        await settle()
        assert [status.call for status in second.centre.centre.calls()] == ([] if JUMPS[jump] > MAX_WAIT_MS else ["2"])
        second.clock.advance(Millis(1_000))
        await settle()
        tasks[1].cancel()
    await settle()
    journal, records = list(left.read()), list(left.find())
    found = History(journal=journal, records=records).breaches()
    assert [breach for breach in found if " 2:" not in breach] == [], "call 2 is still up"
    assert all(leg.lasted >= 0 and leg.talked >= 0 for record in records for leg in record.legs)
    assert len([each for each in journal if isinstance(each.event, CallQueued)]) <= 2


@pytest.mark.parametrize("jump", [*JUMPS.values()][:4])
async def test_a_jump_moves_neither_the_engines_clock_nor_its_timers(monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    clock = SystemClock()
    wall: Callable[[], float] = time.time
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: wall() + jump / 1000)
    async with asyncio.timeout(10):
        await clock.sleep_until(later(before, Millis(20)))
    assert before + 20 <= clock.now() < before + 10_000


@pytest.mark.parametrize("night", [SUMMER_BEGINS, SUMMER_ENDS], ids=["summer begins", "summer ends"])
@pytest.mark.parametrize("waited", [10_000, 30 * 60_000])
async def test_a_call_over_a_change_of_summer_time_lasts_as_long_as_it_lasted(night: Instant, waited: int) -> None:
    office = Office(clock=ManualClock(later(night, Millis(-5_000))))
    async with office.open(), asyncio.TaskGroup() as group:
        served = group.create_task(office.serve(Hanging(Listen(), Press("2")), call="1"))
        await settle()
        office.clock.advance(Millis(waited))
        office.calls.call_over(CallId("1"), ended_by=EndedBy.CALLER, talked=None, cause="16", certain=True)
        open_for = office.recorder.peek(CallId("1"))
        served.cancel()
    assert open_for is not None
    assert between(open_for.arrived, office.clock.now()) == waited
