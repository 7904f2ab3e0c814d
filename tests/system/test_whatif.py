"""A day of real calls, replayed under the rules of that day: the engine's own journal gives the engine's own decisions."""

from __future__ import annotations

import json

import pytest

from ivr_engine.adapters.softphone.lines import Answering
from ivr_engine.core.outcomes import OfferOutcome
from tests.system.day import Day

pytestmark = pytest.mark.system


async def test_a_real_day_replayed_gives_the_offers_that_were_made(own_day: Day) -> None:
    day = own_day
    await day.agent("1001", Answering.decline())
    await day.agent("1002")
    first = await day.caller()
    await first.asks_for_an_agent()
    await first.talks()  # the first agent declined
    second, third = await day.caller(), await day.caller()
    await second.asks_for_an_agent()
    await third.asks_for_an_agent()
    await third.hangs_up()  # gave up while the one agent talked
    await third.record()
    await first.hangs_up()
    await second.talks()  # after the wrap-up
    await second.hangs_up()
    await second.record()
    await day.comes_to(_1001=f"paused idle {OfferOutcome.DECLINED}", _1002="ready idle")

    printed = day.site.command("whatif", "bank", "--journal", str(day.site.settings.database), "--json")
    assert printed.returncode == 0, printed.stderr
    objects = [json.loads(line) for line in printed.stdout.splitlines()]
    (decisions,) = [each for each in objects if each["type"] == "decisions"]
    assert decisions["first_difference"] is None, day.story()
    assert decisions["alike"] == decisions["recorded"] >= 6  # three offers, three ends, and who could have nobody
    whole = [each for each in objects if each["type"] == "queue"][-1]
    assert whole["recorded"] == whole["what_if"]
    assert (whole["recorded"]["answered"], whole["recorded"]["abandoned"]) == (2, 1)
