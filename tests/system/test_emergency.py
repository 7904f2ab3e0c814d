"""The emergency switch on real calls: set by command, met by the next caller, kept by a killed engine, turned off again."""

from __future__ import annotations

import signal

import pytest

from ivr_engine.core.events import BroadcastPlayed
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
