"""Callers whom agents pass on to a number outside, or ask there about: the carrier is SIPp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr_engine.adapters.asterisk.pbx_install import Installation
from ivr_engine.core.events import CallQueued, ColleagueReached, OutsideParted
from ivr_engine.core.outcomes import OfferOutcome
from ivr_engine.errors import CommandRefused
from tests.ports import free_port
from tests.system import sipp
from tests.system.day import day_at, legs
from tests.system.site import Site, site_at

pytestmark = pytest.mark.system

NAME, OUTSIDE = "second_site", "02155550000"  # of the sample bank's `transfers`


@pytest.fixture(scope="module")
def carrier_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def bank_with_carrier(
    tmp_path_factory: pytest.TempPathFactory, pbx_installation: Installation, carrier_port: int
) -> Iterator[Site]:
    assert pbx_installation
    carrier = f"127.0.0.1:{carrier_port}"
    with site_at(tmp_path_factory.mktemp("outside"), carrier=carrier) as at_work:
        yield at_work


async def test_a_caller_is_passed_on_to_a_number_and_the_record_says_to_which(
    bank_with_carrier: Site, carrier_port: int, tmp_path: Path
) -> None:
    async with (
        day_at(bank_with_carrier, tmp_path) as day,
        sipp.agent("carrier", "", pbx="", folder=tmp_path, behaviour=sipp.answer(talk=1_000), port=carrier_port),
    ):
        wang = await day.agent("1001")
        caller = await day.caller()
        await caller.asks_for_an_agent()
        talk = await wang.answers()
        await caller.talks()
        with pytest.raises(CommandRefused, match="no agent, queue or entry"):
            await day.site.ask("agent.transfer", agent="1001", to="0900123")
        await day.site.ask("agent.transfer", agent="1001", to=NAME)
        await talk.ended()
        parted = await caller.sees(OutsideParted)
        await caller.reaches("survey")
        await caller.hangs_up()
        record = await caller.record()
    assert (parted.to, parted.outcome) == (NAME, OfferOutcome.ANSWERED)
    assert legs(record)[2:] == ("agent 1001: ended by transfer", "outside", "survey")
    assert record.legs[3].to == NAME


async def test_a_number_that_does_not_take_the_call_gives_the_caller_back_to_the_line(
    bank_with_carrier: Site, carrier_port: int, tmp_path: Path
) -> None:
    async with (
        day_at(bank_with_carrier, tmp_path) as day,
        sipp.agent("carrier", "", pbx="", folder=tmp_path, behaviour=sipp.refuse(486), port=carrier_port),
    ):
        wang = await day.agent("1001")
        caller = await day.caller()
        await caller.asks_for_an_agent()
        talk = await wang.answers()
        await caller.talks()
        await day.site.ask("agent.transfer", agent="1001", to=OUTSIDE)
        await talk.ended()
        assert (await caller.sees(OutsideParted)).outcome is OfferOutcome.BUSY
        await wang.answers()
        await caller.hangs_up()
        await caller.record()
        first, again = caller.kinds(CallQueued)
    assert again.queue == first.queue
    assert again.arrived is not None, "the wait counts from the first arrival"


async def test_an_agent_asks_a_number_and_leaves_the_caller_to_it(
    bank_with_carrier: Site, carrier_port: int, tmp_path: Path
) -> None:
    async with (
        day_at(bank_with_carrier, tmp_path) as day,
        sipp.agent("carrier", "", pbx="", folder=tmp_path, behaviour=sipp.answer(), port=carrier_port),
    ):
        wang = await day.agent("1001")
        caller = await day.caller()
        await caller.asks_for_an_agent()
        talk = await wang.answers()
        await caller.talks()
        await day.site.ask("agent.consult", agent="1001", to=NAME)
        assert (await caller.sees(ColleagueReached)).outside == NAME
        await day.site.ask("agent.complete", agent="1001")
        await talk.ended()
        await day.comes_to(_1001="ready idle")
        await caller.hangs_up()
        record = await caller.record()
    assert legs(record)[2:] == ("agent 1001: ended by transfer", "outside")
