"""The emergency switch on real calls: set by command, met by the next caller, kept by a killed engine, turned off again."""

from __future__ import annotations

import signal

import pytest

from ivr_engine.core.events import BroadcastPlayed, CallRerouted
from tests.system.day import Day, ending

pytestmark = pytest.mark.system


async def test_the_next_caller_hears_it_also_after_a_crash_and_nobody_once_it_is_off(own_day: Day) -> None:
    site = own_day.site
    words = ("broadcast", "on", "Maintenance", "--language", "en", "--number", "80000")
    on = site.command(*words, "--until", "1h", "--reason", "outage", "--by", "li.na")
    assert (on.returncode, on.stderr) == (0, "")
    first = await own_day.caller()
    await first.sees(BroadcastPlayed)
    await first.reaches("language")
    await first.hangs_up()
    assert ending(await first.record()) == "abandoned_ivr, ended by caller"
    site.stop_engine(signal.SIGKILL)
    site.start_engine()
    second = await own_day.caller()
    await second.sees(BroadcastPlayed)
    await second.hangs_up()
    await second.record()
    off = site.command("broadcast", "off", "--reason", "all works again", "--by", "li.na")
    assert (off.returncode, off.stderr) == (0, "")
    third = await own_day.caller()
    await third.reaches("language")
    await third.hangs_up()
    await third.record()
    assert third.kinds(BroadcastPlayed) == []


async def test_on_a_bad_day_the_number_takes_loss_reports_and_then_all_again(day: Day) -> None:
    site = day.site
    on = site.command("reroute", "on", "80000", "emergency", "--until", "1h", "--reason", "host down", "--by", "li.na")
    assert (on.returncode, on.stderr) == (0, "")
    first = await day.caller()
    await first.hears_out("language")
    await first.presses("2")
    await first.reaches("which")
    await first.hangs_up()
    record = await first.record()
    off = site.command("reroute", "off", "80000", "--reason", "host is back", "--by", "li.na")
    assert (off.returncode, off.stderr) == (0, "")
    assert (record.language, record.last_node) == ("en", "which")
    (rerouted,) = first.kinds(CallRerouted)
    assert (rerouted.flow, rerouted.instead_of) == ("emergency", "main")
    assert first.requests() == []
    second = await day.caller()
    await second.reaches("look_up")
    await second.hangs_up()
    await second.record()
    assert second.kinds(CallRerouted) == []
