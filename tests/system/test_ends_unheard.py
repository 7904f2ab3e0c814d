"""Calls end while the engine is there and hears nothing: frozen, or killed a moment later. The PBX itself writes it down."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from ivr_engine.adapters.asterisk.queue_log import QueueLog
from ivr_engine.core.outcomes import EndedBy
from tests.system.day import Day, ending, legs, ready, until

pytestmark = pytest.mark.system


def frozen(day: Day) -> subprocess.Popen[bytes]:
    engine = day.site.engine
    assert engine is not None
    engine.send_signal(signal.SIGSTOP)
    return engine


async def who_came_and_went(day: Day) -> str:
    """Somebody dials while the engine is frozen, hears it ring, and gives up; their telephone number."""
    telephone = next(day.site.numbers)
    call = await day.phones.dial("80000", caller=telephone)
    await until(lambda: ready(len(day.site.legs()) > 0), lambda: "the call never reached the PBX")
    await call.hang_up()
    return telephone


async def no_line_is_up(day: Day) -> None:
    await until(lambda: ready(not day.site.legs()), lambda: f"still up: {day.site.legs()}")


async def test_who_leaves_and_who_comes_and_goes_in_a_freeze_that_ends_in_a_kill_have_their_true_records(
    own_day: Day,
) -> None:
    caller = await own_day.caller()
    await caller.reaches("language")
    frozen(own_day)
    began = time.time()
    await caller.hangs_up()
    await no_line_is_up(own_day)
    telephone = await who_came_and_went(own_day)
    await no_line_is_up(own_day)
    left = time.time()
    own_day.site.stop_engine(signal.SIGKILL)
    own_day.site.start_engine()
    record = await caller.record()
    assert ending(record) == "abandoned_ivr, ended by caller"
    assert began <= record.ended / 1000 <= left
    unheard = await own_day.record(await own_day.arrival(telephone))
    assert (ending(unheard), unheard.number) == ("abandoned_ivr, ended by caller", "80000")
    assert began - 1 <= unheard.arrived / 1000 <= unheard.ended / 1000 <= left
    assert [each.call for each in own_day.records()] == [unheard.call, record.call]


async def test_who_comes_and_goes_in_a_freeze_that_ends_by_itself_has_one_record(own_day: Day) -> None:
    engine = frozen(own_day)
    telephone = await who_came_and_went(own_day)
    await no_line_is_up(own_day)
    engine.send_signal(signal.SIGCONT)
    record = await own_day.record(await own_day.arrival(telephone))
    assert ending(record) == "abandoned_ivr, ended by caller"
    assert [each.caller for each in own_day.records()] == [telephone]


async def test_who_talks_in_a_freeze_and_leaves_has_the_talk_until_then(own_day: Day) -> None:
    wang = await own_day.agent("1001")
    caller = await own_day.caller()
    await caller.asks_for_an_agent()
    talk = await wang.answers()
    await caller.talks()
    frozen(own_day)
    await caller.hangs_up()
    await talk.ended()
    left = time.time()
    own_day.site.stop_engine(signal.SIGKILL)
    await no_line_is_up(own_day)
    own_day.site.start_engine()
    record = await caller.record()
    assert (ending(record), legs(record)[-1]) == ("answered_agent, ended by caller", "agent 1001: ended by caller")
    assert record.ended / 1000 <= left
    await own_day.comes_to(_1001="ready idle")


async def test_the_pbx_notes_of_each_call_when_it_ended_and_who_ended_it(day: Day) -> None:
    notes = QueueLog(day.site.settings.pbx_dir / "log" / "queue_log")
    began = time.time()
    caller = await day.caller()
    await caller.reaches("language")
    await caller.hangs_up()
    refused = await day.caller(number="95599")
    await refused.is_let_go()
    for call, ended_by in ((caller.call, EndedBy.CALLER), (refused.call, EndedBy.ENGINE)):
        record = await day.record(call)
        noted = notes.of(call)
        assert noted is not None
        assert noted.ended is not None
        assert (noted.number, noted.caller, noted.ended_by) == (record.number, record.caller, ended_by)
        assert began <= noted.ended / 1000 <= time.time()
